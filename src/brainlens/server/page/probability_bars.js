/** Calibrated probabilities as bars, the threshold drawn through all of them. */

import { html } from "./element.js";
import { local, number, probability, t } from "./language.js";

/**
 * @param {object} answer with probabilities.
 * @param {number} threshold
 * @param {{id: string, display_name: object}[]} classes in the bundle's order.
 * @param {boolean|undefined} calibrated undefined where it is not known yet.
 */
export function probabilityBars(answer, threshold, classes, calibrated) {
  const bars = classes.map(({ id, display_name: name }) => {
    const share = answer.probabilities[id];
    const fill = html("i");
    fill.style.width = `${100 * share}%`;
    const mark = html("s");
    mark.style.left = `${100 * threshold}%`;
    return html("li", { class: id === answer.predicted_class ? "best" : "", data: { class: id } },
      html("span", { class: "bar-name" }, local(name)),
      html("span", { class: "bar", "aria-hidden": "true" }, fill, mark),
      html("span", { class: "bar-value" }, probability(share)));
  });
  return html("figure", { class: "bars" },
    html("figcaption", { class: "soft" },
      html("span", {}, calibrated === undefined ? "" : t(calibrated ? "bars.calibrated" : "bars.uncalibrated")),
      html("span", { class: "bar-threshold" }, html("s", { "aria-hidden": "true" }), t("bars.threshold", { threshold: number(threshold, 2) }))),
    html("ul", {}, bars));
}
