/** The viewer: one picture, a layer of heat over it, a marked place. Knows nothing of answers. */

import { attachGestures } from "./gestures.js";
import { paint } from "./grey.js";
import { ViewBox } from "./view_box.js";

/** Magnified beyond this, pixels are shown as the squares that they are. */
const SHARP = 8;
const MARK = { radius: 9, gap: 4, arm: 8 };

export class Viewer extends EventTarget {
  #canvas;
  #frame;
  #box = new ViewBox();
  #grey = new OffscreenCanvas(1, 1);
  #picture = null;
  #window = { width: 1, level: 0 };
  #layer = null;
  #opacity = 0.6;
  #marked = null;
  #stamp = "";
  #size = { width: 1, height: 1 };
  #due = false;

  /**
   * @param {HTMLElement} frame takes mouse, touch and keys.
   * @param {HTMLCanvasElement} canvas fills the frame.
   */
  constructor(frame, canvas) {
    super();
    this.#frame = frame;
    this.#canvas = canvas;
    attachGestures(frame, this);
    new ResizeObserver(() => this.#resize()).observe(frame);
  }

  get window() {
    return this.#window;
  }

  get picture() {
    return this.#picture;
  }

  get zoom() {
    return this.#box.zoom;
  }

  /** What the frame shows in its own pixels, for a place of the original image. */
  place(x, y) {
    return this.#box.toFrame(x + 0.5, y + 0.5);
  }

  /**
   * Show a picture whole, through its own window.
   * @param {import("./picture.js").Picture|null} picture
   * @param {{width: number, height: number}} [size] of the original, where the picture is smaller.
   */
  show(picture, size = picture) {
    this.#picture = picture;
    this.#layer = null;
    this.#marked = null;
    if (picture) {
      this.#size = { width: size.width, height: size.height };
      this.#box.setImage(size.width, size.height);
      this.#setWindow(picture.ownWindow);
    }
    this.#changed();
  }

  /** Lay a coloured map over the picture and mark a place [x, y] of the original; null for none. */
  lay(layer, marked = null) {
    this.#layer = layer;
    this.#marked = marked;
    this.#changed();
  }

  /** What is seen of the picture now, without the frame's margins; null without a picture. */
  seen() {
    if (!this.#picture) return null;
    const { x, y, scale } = this.#box;
    const [left, top] = [Math.max(x, 0), Math.max(y, 0)];
    const width = Math.min(x + this.#size.width * scale, this.#frame.clientWidth) - left;
    const height = Math.min(y + this.#size.height * scale, this.#frame.clientHeight) - top;
    const [from, size] = [[left, top], [width, height]].map((pair) => pair.map((value) => Math.round(value * devicePixelRatio)));
    const copy = Object.assign(document.createElement("canvas"), { width: size[0], height: size[1] });
    copy.getContext("2d").drawImage(this.#canvas, ...from, ...size, 0, 0, ...size);
    return copy;
  }

  set opacity(value) {
    this.#opacity = value;
    this.#changed();
  }

  /** Words across the picture. */
  set stamp(words) {
    this.#stamp = words;
    this.#changed();
  }

  set window(window) {
    this.#setWindow(window);
    this.#changed();
  }

  /** Change window and level by shares of the range that the picture uses. */
  adjust(width, level) {
    if (!this.#picture) return;
    const range = Math.min(this.#picture.depth, 2 * this.#picture.ownWindow.width);
    this.window = { width: this.#window.width + width * range, level: this.#window.level + level * range };
  }

  zoomBy(factor, x = this.#frame.clientWidth / 2, y = this.#frame.clientHeight / 2) {
    this.#box.zoomAt(factor, x, y);
    this.#changed();
  }

  panBy(dx, dy) {
    this.#box.panBy(dx, dy);
    this.#changed();
  }

  /** The whole picture, through its own window. */
  reset() {
    if (!this.#picture) return;
    this.#box.fit();
    this.window = this.#picture.ownWindow;
  }

  #setWindow({ width, level }) {
    const most = this.#picture.depth - 1;
    this.#window = {
      width: Math.min(Math.max(width, 1), 2 * most),
      level: Math.min(Math.max(level, 0), most),
    };
    paint(this.#picture, this.#window, this.#grey);
  }

  #resize() {
    const { clientWidth: width, clientHeight: height } = this.#frame;
    if (!width || !height) return;
    this.#canvas.width = Math.round(width * devicePixelRatio);
    this.#canvas.height = Math.round(height * devicePixelRatio);
    this.#box.setFrame(width, height);
    this.#draw();
  }

  #changed() {
    if (this.#due) return;
    this.#due = true;
    requestAnimationFrame(() => {
      this.#due = false;
      this.#draw();
      this.dispatchEvent(new Event("change"));
    });
  }

  #draw() {
    const context = this.#canvas.getContext("2d");
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.#canvas.width, this.#canvas.height);
    if (!this.#picture) return;
    context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    const { x, y, scale } = this.#box;
    const area = [x, y, this.#size.width * scale, this.#size.height * scale];
    context.imageSmoothingEnabled = scale < SHARP;
    context.imageSmoothingQuality = "high";
    context.drawImage(this.#grey, ...area);
    if (this.#layer) {
      context.imageSmoothingEnabled = true;
      context.globalAlpha = this.#opacity;
      context.drawImage(this.#layer, ...area);
      context.globalAlpha = 1;
    }
    if (this.#marked) this.#drawMark(context, this.place(...this.#marked));
    if (this.#stamp) this.#drawStamp(context);
  }

  /** A ring with four arms: what is under it stays in sight. */
  #drawMark(context, [x, y]) {
    const { radius, gap, arm } = MARK;
    const path = new Path2D();
    path.arc(x, y, radius, 0, 2 * Math.PI);
    for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
      path.moveTo(x + dx * (radius - gap), y + dy * (radius - gap));
      path.lineTo(x + dx * (radius + arm), y + dy * (radius + arm));
    }
    for (const [style, width] of [["#000c", 4], ["#fff", 1.6]]) {
      context.strokeStyle = style;
      context.lineWidth = width;
      context.stroke(path);
    }
  }

  #drawStamp(context) {
    const { clientWidth: width, clientHeight: height } = this.#frame;
    context.save();
    context.translate(width / 2, height / 2);
    context.rotate(-Math.atan2(height, width));
    context.font = `700 ${Math.round(Math.min(width, height) / 8)}px system-ui, sans-serif`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillStyle = "#ffffff30";
    context.strokeStyle = "#00000030";
    context.strokeText(this.#stamp, 0, 0);
    context.fillText(this.#stamp, 0, 0);
    context.restore();
  }
}
