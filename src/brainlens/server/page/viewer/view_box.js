/** Where an image lies in its frame: one scale, one offset; both in CSS pixels. */

const LARGEST = 32;

export class ViewBox {
  scale = 1;
  x = 0;
  y = 0;
  #image = { width: 1, height: 1 };
  #frame = { width: 1, height: 1 };
  #fitted = true;

  /** Scale at which the whole image is seen. */
  get smallest() {
    return Math.min(this.#frame.width / this.#image.width, this.#frame.height / this.#image.height);
  }

  /** How far the image is magnified beyond being seen whole, 1 or more. */
  get zoom() {
    return this.scale / this.smallest;
  }

  /** Show another image, whole. */
  setImage(width, height) {
    this.#image = { width, height };
    this.fit();
  }

  /** The frame has another size; a whole image stays whole. */
  setFrame(width, height) {
    this.#frame = { width, height };
    if (this.#fitted) this.fit();
    else this.#keepInside();
  }

  fit() {
    this.scale = this.smallest;
    this.#fitted = true;
    this.#keepInside();
  }

  /** Magnify by a factor; what lies at (x, y) of the frame stays there. */
  zoomAt(factor, x, y) {
    const [imageX, imageY] = this.toImage(x, y);
    this.scale = Math.min(Math.max(this.scale * factor, this.smallest), this.smallest * LARGEST);
    this.x = x - imageX * this.scale;
    this.y = y - imageY * this.scale;
    this.#fitted = this.zoom <= 1 + 1e-9;
    this.#keepInside();
  }

  panBy(dx, dy) {
    this.x += dx;
    this.y += dy;
    this.#keepInside();
  }

  toImage(x, y) {
    return [(x - this.x) / this.scale, (y - this.y) / this.scale];
  }

  toFrame(x, y) {
    return [x * this.scale + this.x, y * this.scale + this.y];
  }

  /** Centre what is smaller than the frame; leave no gap beside what is larger. */
  #keepInside() {
    const place = (offset, image, frame) => {
      const size = image * this.scale;
      if (size <= frame) return (frame - size) / 2;
      return Math.min(0, Math.max(frame - size, offset));
    };
    this.x = place(this.x, this.#image.width, this.#frame.width);
    this.y = place(this.y, this.#image.height, this.#frame.height);
  }
}
