/** Calibrated probabilities as bars, the threshold drawn through all of them. */

import { html } from "./element.js";
import { local, number, percent, t } from "./language.js";

/**
 * @param {object} answer with probabilities.
 * @param {number} threshold
 * @param {{id: string, display_name: object}[]} classes in the bundle's order.
 */
export function probabilityBars(answer, threshold, classes) {
  const bars = classes.map(({ id, display_name: name }) => {
    const share = answer.probabilities[id];
    const fill = html("i");
    fill.style.width = `${100 * share}%`;
    const mark = html("s");
    mark.style.left = `${100 * threshold}%`;
    return html("li", { class: id === answer.predicted_class ? "best" : "", data: { class: id } },
      html("span", { class: "bar-name" }, local(name)),
      html("span", { class: "bar", "aria-hidden": "true" }, fill, mark),
      html("span", { class: "bar-value" }, percent(share)));
  });
  return html("figure", { class: "bars" },
    html("ul", { "aria-label": t("bars.label") }, bars),
    html("figcaption", { class: "soft" }, html("s", { "aria-hidden": "true" }), t("bars.threshold", { threshold: number(threshold, 2) })));
}
