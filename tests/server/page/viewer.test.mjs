import assert from "node:assert/strict";
import test from "node:test";
import zlib from "node:zlib";
import { page } from "./page.mjs";

const { ViewBox } = await page("viewer/view_box.js");
const { greys } = await page("viewer/grey.js");
const { COLOURS, colour } = await page("viewer/heat.js");
const { Picture, decode } = await page("viewer/picture.js");

const near = (a, b) => a.forEach((value, i) => assert.ok(Math.abs(value - b[i]) < 1e-9, `${a} is not ${b}`));

test("a whole image is centred, and what is under the pointer stays there while zooming", () => {
  const box = new ViewBox();
  box.setFrame(400, 200);
  box.setImage(100, 100);
  assert.deepEqual([box.scale, box.x, box.y, box.zoom], [2, 100, 0, 1]);
  const before = box.toImage(180, 60);
  box.zoomAt(8, 180, 60);
  near(box.toImage(180, 60), before);
  near(box.toFrame(...before), [180, 60]);
});

test("the image cannot be lost: no gap when panned, no smaller than whole", () => {
  const box = new ViewBox();
  box.setFrame(200, 200);
  box.setImage(100, 100);
  box.zoomAt(4, 100, 100);
  box.panBy(1e6, -1e6);
  assert.deepEqual([box.x, box.y], [0, 200 - 800]);
  box.zoomAt(1e-6, 10, 10);
  assert.deepEqual([box.zoom, box.x, box.y], [1, 0, 0]);
  box.zoomAt(1e9, 10, 10);
  assert.equal(box.zoom, 32);
});

test("a whole image stays whole when the frame changes, a zoomed one its size", () => {
  const box = new ViewBox();
  box.setFrame(100, 100);
  box.setImage(50, 50);
  box.setFrame(300, 200);
  assert.equal(box.scale, 4);
  box.zoomAt(2, 0, 0);
  box.setFrame(400, 400);
  assert.equal(box.scale, 8);
});

test("the window maps its ends to black and white", () => {
  const table = greys({ width: 100, level: 150 }, 256);
  assert.deepEqual([table[0], table[100], table[150], table[200], table[255]], [0, 0, 128, 255, 255]);
});

test("a picture's own window leaves out the extremes", () => {
  const levels = new Uint8Array(1000).map((_, i) => (i < 2 ? 0 : i > 997 ? 255 : 50 + (i % 100)));
  const { width, level } = new Picture(100, 10, levels).ownWindow;
  assert.ok(level - width / 2 >= 50 && level + width / 2 <= 150);
  assert.deepEqual(new Picture(2, 1, new Uint8Array([7, 7])).ownWindow, { width: 255, level: 127.5 });
});

test("hotter is lighter", () => {
  const lightness = ([r, g, b]) => 0.2126 * r + 0.7152 * g + 0.0722 * b;
  const all = Array.from({ length: 256 }, (_, level) => lightness(colour(level)));
  assert.ok(all.every((value, i) => i === 0 || value >= all[i - 1] - 1));
  assert.deepEqual(colour(0), COLOURS[0]);
  assert.deepEqual(colour(255), COLOURS.at(-1));
});

/** A PNG of 16-bit grey, each row filtered in another way. */
function deepPng(width, rows, types) {
  const bytes = rows.map((row) => Uint8Array.from(row.flatMap((value) => [value >> 8, value & 255])));
  const filtered = bytes.map((line, y) => {
    const above = bytes[y - 1] ?? new Uint8Array(line.length);
    const at = (from, i) => (i < 2 ? 0 : from[i - 2]);
    const paeth = (a, b, c) => {
      const p = a + b - c;
      const [pa, pb, pc] = [Math.abs(p - a), Math.abs(p - b), Math.abs(p - c)];
      return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
    };
    const guess = [() => 0, (i) => at(line, i), (i) => above[i], (i) => (at(line, i) + above[i]) >> 1, (i) => paeth(at(line, i), above[i], at(above, i))][types[y]];
    return [types[y], ...line.map((value, i) => value - guess(i))];
  });
  const chunk = (kind, data) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(data.length);
    return Buffer.concat([length, Buffer.from(kind), data, Buffer.alloc(4)]);
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(rows.length, 4);
  head.set([16, 0, 0, 0, 0], 8);
  const packed = zlib.deflateSync(Buffer.from(filtered.flat()));
  const cut = Math.floor(packed.length / 2);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), chunk("IHDR", head),
    chunk("IDAT", packed.subarray(0, cut)), chunk("IDAT", packed.subarray(cut)), chunk("IEND", Buffer.alloc(0)),
  ]);
}

test("16-bit PNG keeps every level, whatever the filters", async () => {
  const rows = Array.from({ length: 10 }, (_, y) => Array.from({ length: 7 }, (_, x) => (x * 9377 + y * y * 811) % 65536));
  const file = deepPng(7, rows, [0, 1, 2, 3, 4, 4, 3, 2, 1, 0]);
  const picture = await decode(new Blob([file]));
  assert.deepEqual([picture.width, picture.height, picture.depth], [7, 10, 65536]);
  assert.deepEqual([...picture.levels], rows.flat());
});

test("a 16-bit PNG cut short is said to be so", async () => {
  const file = deepPng(64, Array.from({ length: 64 }, (_, y) => Array.from({ length: 64 }, (_, x) => (x * y * 7919) % 65536)), new Array(64).fill(0));
  await assert.rejects(decode(new Blob([file.subarray(0, file.length - 400)])), { message: /cut short|unexpected end|Error/ });
});
