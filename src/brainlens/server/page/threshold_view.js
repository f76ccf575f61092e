/** The threshold as a slider, and what was measured at it. */

import { html } from "./element.js";
import { has, number, percent, t } from "./language.js";
import { measuredError } from "./measured_error.js";
import { countWords } from "./sentences.js";
import { tally } from "./verdict.js";

const MOST = 0.99;

/** The words of a protocol, for instance `official, without images seen in training`. */
export function protocolWords(protocol) {
  return protocol.split(", ").map((name) => (has(`protocol.${name}`) ? t(`protocol.${name}`) : name)).join(", ");
}

/** Which slices figures were measured on. */
export function measuredSlices({ split, protocol, n_slices: slices, n_patients: patients, data }) {
  return t(patients === null || patients === undefined ? "measured.slices" : "measured.slices.patients", {
    slices: number(slices), patients: number(patients ?? 0), split: t(`split.${split}`),
    protocol: protocolWords(protocol), data: data || t("measured.data.unknown"),
  });
}

/** One sentence on what figures were measured on. */
export const measuredOn = (figures) => t("measured.on", { what: measuredSlices(figures) });

/**
 * @param {Session} session
 * @param {function(number)} choose
 */
export function thresholdView(session, choose) {
  const slider = html("input", { type: "range", id: "threshold", step: "0.01", max: MOST, "aria-describedby": "measured" });
  slider.addEventListener("input", () => choose(Number(slider.value)));
  const value = html("output", { for: "threshold", class: "threshold-value" });
  const model = html("p", { class: "soft threshold-model" });
  const figure = html("p", { class: "measured-figure" });
  const told = html("p", { class: "soft measured-on" });
  const least = html("span");
  const does = html("p", { class: "threshold-batch", id: "threshold-batch" });
  const view = html("section", { class: "card threshold", id: "threshold-card" },
    html("div", { class: "threshold-head" }, html("label", { for: "threshold", t: "threshold.title" }), model, value),
    slider,
    html("div", { class: "threshold-ends soft", "aria-hidden": "true" }, least, html("span", { t: "threshold.most" })),
    does,
    html("div", { id: "measured", class: "measured" }, figure, told));

  return {
    view,
    render() {
      const own = session.get("ownThreshold");
      const threshold = session.get("threshold");
      slider.min = Math.min(own, MOST);
      slider.disabled = own >= MOST;
      slider.value = threshold;
      slider.setAttribute("aria-valuetext", number(threshold, 2));
      least.textContent = t("threshold.least", { threshold: number(own, 2) });
      does.textContent = t("threshold.batch", { parts: countWords(tally(session.get("batch"), threshold)) });
      value.textContent = number(threshold, 2);
      const description = session.get("descriptions").get(session.get("subject"));
      const measured = measuredError(description, threshold);
      model.textContent = description ? t("threshold.of", { name: description.name, version: description.version }) : "";
      view.dataset.measured = String(Boolean(measured && measured.error !== null));
      figure.replaceChildren(...figureWords(measured, description));
      told.textContent = measured ? measuredOn(measured) : t("measured.none.why");
    },
  };
}

function figureWords(measured, description) {
  if (!description) return [t("measured.loading")];
  if (!measured) return [t("measured.none")];
  if (measured.error === null) return [t("measured.nothing.answered")];
  const interval = measured.interval
    ? t("measured.interval", { low: percent(measured.interval[0]), high: percent(measured.interval[1]) })
    : t("measured.interval.none");
  return [
    html("strong", {}, percent(measured.error)), ` ${t("measured.wrong")} `,
    html("span", { class: "interval" }, interval),
    measured.answerRate === null ? "" : ` ${t("measured.rate", { rate: percent(measured.answerRate, 0) })}`,
  ];
}
