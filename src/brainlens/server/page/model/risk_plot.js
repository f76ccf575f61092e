/** The error among the answered against the share answered, one point a threshold. */

import { html } from "../element.js";
import { number, percent, t } from "../language.js";
import { measuredOn } from "../threshold_view.js";
import { Plot } from "./plot.js";

/** Rows of the same answer rate say the same; the last has the highest threshold. */
function rowsOf(curves) {
  return curves.risk.filter((row) => row.error !== null)
    .map((row) => ({ ...row, interval: row.error_interval ?? null }));
}

/**
 * @param {object} curves with `risk`, by threshold.
 * @param {number} threshold the one in use, marked.
 */
export function riskPlot(curves, threshold) {
  const rows = rowsOf(curves);
  const highest = Math.max(0.05, ...rows.map((row) => row.interval?.[1] ?? row.error));
  const most = Math.min(1, Math.ceil(highest * 20) / 20);
  const least = Math.floor(Math.min(...rows.map((row) => row.answer_rate)) * 10) / 10;
  const plot = new Plot({
    x: [Math.min(least, 0.9), 1], y: [0, most], xTitle: t("plot.answer.rate"), yTitle: t("plot.error"), title: t("plot.risk.title"),
  });
  const withBand = rows.filter((row) => row.interval);
  if (withBand.length > 1) plot.band(withBand.map((row) => [row.answer_rate, row.interval[0], row.interval[1]]), "band");
  plot.line(rows.map((row) => [row.answer_rate, row.error]), "curve");
  const marked = rows.filter((row) => row.threshold <= threshold + 1e-9).at(-1);
  if (marked) {
    plot.dot(marked.answer_rate, marked.error, 6, "marked", t("plot.risk.at", {
      threshold: number(marked.threshold, 2), error: percent(marked.error), rate: percent(marked.answer_rate, 0),
    }));
  }
  return html("figure", { class: "card chart", id: "risk-plot" }, html("h3", {}, t("plot.risk.title")), plot.element,
    html("figcaption", { class: "soft" }, marked ? `${t("plot.risk.at", { threshold: number(marked.threshold, 2), error: percent(marked.error), rate: percent(marked.answer_rate, 0) })} ` : "", measuredOn(curves)));
}
