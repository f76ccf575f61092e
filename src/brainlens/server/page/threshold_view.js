/** The threshold as a slider, and what was measured at it. */

import { html } from "./element.js";
import { has, number, percent, t } from "./language.js";
import { measuredError } from "./measured_error.js";

const MOST = 0.99;

/** The words of a protocol, for instance `official`. */
export function protocolWords(protocol) {
  const [name, ...rest] = protocol.split(", ");
  const words = has(`protocol.${name}`) ? t(`protocol.${name}`) : name;
  return [words, ...rest].join(", ");
}

/** One sentence on what figures were measured on. */
export function measuredOn({ split, protocol, n_slices: slices, n_patients: patients, data }) {
  return t(patients === null || patients === undefined ? "measured.on" : "measured.on.patients", {
    slices: number(slices), patients: number(patients ?? 0), split: t(`split.${split}`),
    protocol: protocolWords(protocol), data: data || t("measured.data.unknown"),
  });
}

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
  const view = html("section", { class: "card threshold", id: "threshold-card" },
    html("div", { class: "threshold-head" }, html("label", { for: "threshold", t: "threshold.title" }), value),
    model, slider,
    html("div", { class: "threshold-ends soft", "aria-hidden": "true" }, html("span", { t: "threshold.least" }), html("span", { t: "threshold.most" })),
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
      slider.style.setProperty("--at", `${100 * (threshold - slider.min) / Math.max(MOST - slider.min, 0.01)}%`);
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
