/** Heat maps in colour; where a map is cold the slice shows through. */

/** From cold to hot, as in the pictures that the service draws; lightness only ever rises. */
export const COLOURS = [[60, 0, 110], [170, 20, 100], [235, 85, 40], [255, 175, 30], [255, 245, 140]];

/** The colour of a level in [0, 255]. */
export function colour(level) {
  const place = (level / 255) * (COLOURS.length - 1);
  const below = Math.min(Math.floor(place), COLOURS.length - 2);
  const part = place - below;
  return COLOURS[below].map((channel, i) => Math.round(channel + part * (COLOURS[below + 1][i] - channel)));
}

/**
 * Colour a map.
 * @param {import("./picture.js").Picture} map 0 cold, 255 hot.
 * @returns {OffscreenCanvas} as opaque as it is hot.
 */
export function coloured(map) {
  const canvas = new OffscreenCanvas(map.width, map.height);
  const context = canvas.getContext("2d");
  const image = context.createImageData(map.width, map.height);
  const table = Array.from({ length: 256 }, (_, level) => [...colour(level), level]);
  map.levels.forEach((level, i) => image.data.set(table[level], 4 * i));
  context.putImageData(image, 0, 0);
  return canvas;
}
