/** A slice as grey levels, whatever file it came in; the viewer knows nothing else of an image. */

import { isDeepPng, readDeepPng } from "./deep_png.js";

/** Larger images are drawn smaller: no screen shows more. */
const LONGEST_SIDE = 2048;
/** Rec. 601 luma, as the service makes grey of colour. */
const [RED, GREEN, BLUE] = [0.299, 0.587, 0.114];
const WINDOW = [0.005, 0.995];

/** The browser cannot decode the file. */
export class Undecodable extends Error {}

export class Picture {
  /**
   * @param {number} width
   * @param {number} height
   * @param {Uint8Array|Uint16Array} levels row by row.
   */
  constructor(width, height, levels) {
    this.width = width;
    this.height = height;
    this.levels = levels;
    /** Number of levels that there can be. */
    this.depth = levels instanceof Uint16Array ? 65536 : 256;
  }

  /** The window that shows all but the darkest and brightest half percent. */
  get ownWindow() {
    const counts = new Uint32Array(this.depth);
    for (const level of this.levels) counts[level] += 1;
    const at = (share) => {
      let left = share * this.levels.length;
      return counts.findIndex((count) => (left -= count) <= 0);
    };
    const [low, high] = WINDOW.map(at);
    return high > low ? { width: high - low, level: (low + high) / 2 } : { width: this.depth - 1, level: (this.depth - 1) / 2 };
  }
}

/**
 * Decode a file.
 * @param {Blob} blob
 * @returns {Promise<Picture>}
 * @throws {Undecodable} where the browser knows no such format, or the file is damaged.
 */
export async function decode(blob) {
  if (await isDeepPng(blob)) return readDeepPng(blob);
  return fromBitmap(await bitmapOf(blob));
}

/** Decode a file that the browser knows. */
export async function bitmapOf(blob) {
  try {
    return await createImageBitmap(blob);
  } catch (error) {
    throw new Undecodable(String(error));
  }
}

/** The levels of a bitmap; colour becomes luma, transparency is laid over black. */
export function fromBitmap(bitmap) {
  const shrink = Math.min(1, LONGEST_SIDE / Math.max(bitmap.width, bitmap.height));
  const width = Math.max(1, Math.round(bitmap.width * shrink));
  const height = Math.max(1, Math.round(bitmap.height * shrink));
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.fillRect(0, 0, width, height);
  context.drawImage(bitmap, 0, 0, width, height);
  bitmap.close();
  const { data } = context.getImageData(0, 0, width, height);
  const levels = new Uint8Array(width * height);
  for (let i = 0; i < levels.length; i += 1) {
    levels[i] = RED * data[4 * i] + GREEN * data[4 * i + 1] + BLUE * data[4 * i + 2] + 0.5;
  }
  return new Picture(width, height, levels);
}
