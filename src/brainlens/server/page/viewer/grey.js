/** Grey levels through a window, as medical viewers show them. */

/** The grey, 0 to 255, of each level of a picture. */
export function greys({ width, level }, depth) {
  const table = new Uint8ClampedArray(depth);
  const low = level - width / 2;
  for (let i = 0; i < depth; i += 1) table[i] = ((i - low) / width) * 255;
  return table;
}

/** Paint a picture through a window onto a canvas of its own size. */
export function paint(picture, window, canvas) {
  canvas.width = picture.width;
  canvas.height = picture.height;
  const context = canvas.getContext("2d");
  const image = context.createImageData(picture.width, picture.height);
  const pixels = new Uint32Array(image.data.buffer);
  const table = greys(window, picture.depth);
  const { levels } = picture;
  for (let i = 0; i < pixels.length; i += 1) pixels[i] = 0xff000000 | (table[levels[i]] * 0x010101);
  context.putImageData(image, 0, 0);
}
