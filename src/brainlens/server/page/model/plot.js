/** Axes of a plot of shares. */

import { svg } from "../element.js";
import { percent } from "../language.js";

const WIDTH = 420;
const HEIGHT = 320;
const MARGIN = { left: 62, right: 26, top: 12, bottom: 46 };
const TICKS = 5;

export class Plot {
  /**
   * @param {{x: number[], y: number[], xTitle: string, yTitle: string, title: string}} axes
   *   `x` and `y`: first and last share.
   */
  constructor({ x, y, xTitle, yTitle, title }) {
    this.x = (value) => MARGIN.left + ((value - x[0]) / (x[1] - x[0])) * (WIDTH - MARGIN.left - MARGIN.right);
    this.y = (value) => HEIGHT - MARGIN.bottom - ((value - y[0]) / (y[1] - y[0])) * (HEIGHT - MARGIN.top - MARGIN.bottom);
    this.element = svg("svg", { class: "plot", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": title });
    this.#axes(x, y, xTitle, yTitle);
  }

  #axes(x, y, xTitle, yTitle) {
    const digits = (range) => (range[1] - range[0] < 0.1 ? 1 : 0);
    for (let i = 0; i <= TICKS; i += 1) {
      const [atX, atY] = [x, y].map((range) => range[0] + ((range[1] - range[0]) * i) / TICKS);
      this.element.append(
        svg("line", { class: "grid", x1: this.x(x[0]), x2: this.x(x[1]), y1: this.y(atY), y2: this.y(atY) }),
        svg("text", { x: this.x(x[0]) - 8, y: this.y(atY) + 4, "text-anchor": "end" }, percent(atY, digits(y))),
        svg("text", { x: this.x(atX), y: this.y(y[0]) + 18, "text-anchor": "middle" }, percent(atX, digits(x))));
    }
    this.element.append(
      svg("text", { class: "axis", x: (this.x(x[0]) + this.x(x[1])) / 2, y: HEIGHT - 8, "text-anchor": "middle" }, xTitle),
      svg("text", { class: "axis", transform: `translate(13 ${(this.y(y[0]) + this.y(y[1])) / 2}) rotate(-90)`, "text-anchor": "middle" }, yTitle));
  }

  /** A line through points [x, y]. */
  line(points, name) {
    this.element.append(svg("polyline", { class: name, points: points.map(([x, y]) => `${this.x(x)},${this.y(y)}`).join(" ") }));
  }

  /** The area between two lines over the same x: points [x, low, high]. */
  band(points, name) {
    const there = points.map(([x, , high]) => `${this.x(x)},${this.y(high)}`);
    const back = points.map(([x, low]) => `${this.x(x)},${this.y(low)}`).reverse();
    this.element.append(svg("polygon", { class: name, points: [...there, ...back].join(" ") }));
  }

  dot(x, y, radius, name, title) {
    this.element.append(svg("circle", { class: name, cx: this.x(x), cy: this.y(y), r: radius }, svg("title", {}, title)));
  }
}
