/** How often answers of a confidence are right. */

import { html } from "../element.js";
import { number, percent, t } from "../language.js";
import { measuredOn } from "../threshold_view.js";
import { Plot } from "./plot.js";

/** @param {object} curves with `reliability`, by confidence. */
export function reliabilityPlot(curves) {
  const rows = curves.reliability;
  const least = Math.floor(10 * Math.min(...rows.map((row) => Math.min(row.confidence, row.accuracy)))) / 10;
  const range = [Math.min(least, 0.8), 1];
  const plot = new Plot({ x: range, y: range, xTitle: t("plot.confidence"), yTitle: t("plot.right"), title: t("plot.reliability.title") });
  plot.line([[range[0], range[0]], [1, 1]], "ideal");
  plot.line(rows.map((row) => [row.confidence, row.accuracy]), "curve");
  for (const row of rows) {
    plot.dot(row.confidence, row.accuracy, 4.5, "point", t("plot.reliability.at", {
      confidence: percent(row.confidence), accuracy: percent(row.accuracy), n: number(Math.round(row.n)),
    }));
  }
  return html("figure", { class: "card chart", id: "reliability-plot" }, html("h3", {}, t("plot.reliability.title")), plot.element,
    html("figcaption", { class: "soft" }, t("plot.reliability.how"), " ", measuredOn(curves)));
}
