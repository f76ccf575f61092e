/** Grey PNG of 16 bits, whose lower eight a browser would throw away before any window is set. */

import { Picture, Undecodable } from "./picture.js";

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const BYTES = 2;
/** More pixels than this are left to the browser's own decoder. */
const MOST_PIXELS = 2048 * 2048;

/** Whether a file is a PNG of 16-bit grey, not interlaced, of a size to be read here. */
export async function isDeepPng(blob) {
  const head = new DataView(await blob.slice(0, 33).arrayBuffer());
  if (head.byteLength < 33 || SIGNATURE.some((byte, i) => head.getUint8(i) !== byte)) return false;
  const small = head.getUint32(16) * head.getUint32(20) <= MOST_PIXELS;
  return small && head.getUint8(24) === 16 && head.getUint8(25) === 0 && head.getUint8(28) === 0;
}

/** Read such a file; PNG specification (third edition, 2025), sections 5 and 9. */
export async function readDeepPng(blob) {
  const view = new DataView(await blob.arrayBuffer());
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  const rows = await inflate(imageData(view), height * (1 + BYTES * width));
  const levels = new Uint16Array(width * height);
  const stride = BYTES * width;
  let above = new Uint8Array(stride);
  for (let y = 0; y < height; y += 1) {
    const start = y * (stride + 1);
    const line = rows.subarray(start + 1, start + 1 + stride);
    unfilter(rows[start], line, above);
    for (let x = 0; x < width; x += 1) levels[y * width + x] = (line[2 * x] << 8) | line[2 * x + 1];
    above = line;
  }
  return new Picture(width, height, levels);
}

/** The parts of the compressed image. */
function imageData(view) {
  const parts = [];
  let at = SIGNATURE.length;
  while (at + 12 <= view.byteLength) {
    const length = view.getUint32(at);
    const kind = String.fromCharCode(...new Uint8Array(view.buffer, at + 4, 4));
    if (at + 12 + length > view.byteLength) throw new Undecodable("the file is cut short");
    if (kind === "IDAT") parts.push(new Uint8Array(view.buffer, at + 8, length));
    if (kind === "IEND") break;
    at += 12 + length;
  }
  return parts;
}

async function inflate(parts, size) {
  const rows = new Uint8Array(size);
  let filled = 0;
  const reader = new Blob(parts).stream().pipeThrough(new DecompressionStream("deflate")).getReader();
  try {
    for (let part = await reader.read(); !part.done && filled < size; part = await reader.read()) {
      const fitting = part.value.subarray(0, size - filled);
      rows.set(fitting, filled);
      filled += fitting.length;
    }
  } catch (error) {
    throw new Undecodable(String(error));
  }
  if (filled < size) throw new Undecodable("the file is cut short");
  return rows;
}

function paeth(left, above, corner) {
  const guess = left + above - corner;
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - above), Math.abs(guess - corner)];
  if (a <= b && a <= c) return left;
  return b <= c ? above : corner;
}

/** What each filter type adds to a byte. */
const ADDED = [
  () => 0,
  (left) => left,
  (left, above) => above,
  (left, above) => (left + above) >> 1,
  paeth,
];

function unfilter(type, line, above) {
  const added = ADDED[type];
  if (!added) throw new Undecodable("the file is damaged");
  for (let i = 0; i < line.length; i += 1) {
    const left = i < BYTES ? 0 : line[i - BYTES];
    line[i] += added(left, above[i], i < BYTES ? 0 : above[i - BYTES]);
  }
}
