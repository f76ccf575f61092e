/** The tab on the model: what it is for, how good it is, where it comes from. */

import { html } from "../element.js";
import { has, language, local, number, percent, t } from "../language.js";
import { ownCurves } from "../measured_error.js";
import { protocolWords } from "../threshold_view.js";
import { confusionTable } from "./confusion_table.js";
import { figureTables, groupsOf, groupWords } from "./figures.js";
import { markdown } from "./markdown.js";
import { reliabilityPlot } from "./reliability_plot.js";
import { riskPlot } from "./risk_plot.js";

/**
 * @param {HTMLElement} place
 * @param {Session} session
 * @returns {Promise<function()>} renders the view, where anything in it changed.
 */
export async function modelView(place, session) {
  await styled();
  let shown = "";
  let group = null;
  return function render() {
    const description = session.get("descriptions").get(session.get("model"));
    const threshold = session.get("threshold");
    const wanted = JSON.stringify([description?.name, description?.description, language(), threshold, group]);
    if (wanted === shown) return;
    shown = wanted;
    const open = place.querySelector("details.card-text")?.open ?? false;
    const focused = document.activeElement?.id;
    place.replaceChildren(...(description ? sections(description, threshold, group, (key) => { group = key; render(); }) : [html("p", { class: "card" }, t("measured.loading"))]));
    if (place.querySelector("details.card-text")) place.querySelector("details.card-text").open = open;
    if (focused === "group") document.getElementById("group")?.focus();
  };
}

function styled() {
  const href = new URL("../style/model.css", import.meta.url).href;
  return new Promise((done) => {
    document.head.append(html("link", { rel: "stylesheet", href, on: { load: done, error: done } }));
  });
}

function sections(description, threshold, group, choose) {
  return [
    head(description),
    html("div", { class: "model-grid" },
      html("div", { class: "model-column" }, use(description), training(description)),
      html("div", { class: "model-column wide" }, figures(description, group, choose))),
    charts(description, threshold),
    html("details", { class: "card more card-text", id: "card" }, html("summary", {}, t("model.card")),
      html("div", { class: "markdown", lang: "en" }, markdown(description.card)),
      html("pre", { lang: "en", tabindex: "0" }, description.notice)),
  ];
}

function head(description) {
  return html("header", { class: "model-head" },
    html("h1", {}, t("model.title", { name: description.name, version: description.version })),
    html("p", { class: "hash soft" }, `${t("detail.decision")} `, html("code", {}, description.decision_sha256)),
    description.cautions.map((text) => html("p", { class: "caution", lang: text.startsWith("SYNTHETIC") ? language() : "en" }, text.startsWith("SYNTHETIC") ? t("caution.synthetic") : text)));
}

function use(description) {
  return html("section", { class: "card", id: "use" },
    html("h2", {}, t("model.use")), html("p", {}, t("intended.input")),
    html("ul", { class: "classes" }, description.classes.map((one) => html("li", {}, local(one.display_name), (one.aliases ?? []).length ? html("span", { class: "soft" }, ` ${one.id}, ${one.aliases.join(", ")}`) : ""))),
    html("h2", { class: "not" }, t("model.not")),
    html("ul", { class: "not" }, ["diagnosis", "lesion", "unknown", "inputs", "elsewhere"].map((name) => html("li", {}, t(`model.not.${name}`)))));
}

function training(description) {
  const { training: made, calibration } = description;
  const rows = [
    ["training.data", made.data_title], ["training.licence", made.data_licence], ["training.attribution", made.data_attribution],
    ["training.slices", made.n_slices === null ? t("training.elsewhere") : made.n_patients === null ? number(made.n_slices) : t("training.slices.patients", { slices: number(made.n_slices), patients: number(made.n_patients) })],
    ["training.split", has(`check.${made.split_check}`) ? t(`check.${made.split_check}`) : made.split_check],
    ["training.protocol", made.n_slices === null ? "" : protocolWords(made.protocol)],
    ["training.network", made.epochs === null ? "" : `${description.network.name}, ${made.preset}, ${t("training.epochs", { count: made.epochs })}`],
    ["training.threshold", number(description.threshold, 2)],
    ["training.calibrated", calibration ? t("training.calibrated.yes", { before: percent(calibration.before.ece), after: percent(calibration.after.ece) }) : t("training.calibrated.no")],
    ["training.target", targetWords(description.thresholds.target_error)],
  ];
  return html("section", { class: "card", id: "training" }, html("h2", {}, t("training.title")),
    html("dl", {}, rows.filter(([, value]) => value).flatMap(([key, value]) => [html("dt", {}, t(key)), html("dd", {}, value)])));
}

function targetWords(target) {
  if (!target) return "";
  const values = { error: percent(target.error), level: percent(target.level, 0), threshold: target.threshold === null ? "" : number(target.threshold, 2) };
  return t(target.threshold === null ? "training.target.no" : "training.target.yes", values);
}

function figures(description, wanted, choose) {
  const groups = groupsOf(description);
  if (!groups.length) return html("section", { class: "card", id: "figures" }, html("h2", {}, t("figures.title")), html("p", {}, t("measured.none")));
  const group = groups.find((one) => one.key === wanted) ?? groups[0];
  const select = html("select", { id: "group", on: { change: () => choose(select.value) } },
    groups.map((one) => html("option", { value: one.key, selected: one === group }, groupWords(one, description))));
  return html("section", { class: "card", id: "figures" }, html("h2", {}, t("figures.title")),
    groups.length > 1 ? html("label", { class: "group-choice" }, html("span", {}, t("figures.on")), select, html("span", { class: "group-whole", "aria-hidden": "true" }, groupWords(group, description))) : html("p", { class: "soft" }, groupWords(group, description)),
    figureTables(group, description),
    html("p", { class: "soft" }, t("figures.how")));
}

function charts(description, threshold) {
  const risk = ownCurves(description, (one) => one.risk.length) ?? riskOfCalibration(description);
  const reliability = ownCurves(description, (one) => one.reliability.length);
  const confusion = ownCurves(description, (one) => one.confusion.length);
  const found = [
    risk && riskPlot(risk, threshold),
    reliability && reliabilityPlot(reliability),
    confusion && confusionTable(confusion, description.classes),
  ].filter(Boolean);
  const missing = [[risk, "plot.risk.title"], [reliability, "plot.reliability.title"], [confusion, "confusion.title"]]
    .filter(([there]) => !there).map(([, key]) => t(key));
  return html("section", { class: "charts", "aria-label": t("model.charts") }, found,
    missing.length ? html("p", { class: "card soft not-measured" }, t("model.not.measured", { names: missing.join(", ") })) : "");
}

/** The table made at calibration, in the shape of measured curves. */
function riskOfCalibration({ risk_coverage: table, calibration, training: made }) {
  if (!table.length || !calibration) return null;
  const { split, protocol, n_slices, n_patients } = calibration;
  const rows = table.map((row) => ({ ...row, error: row.error_among_answered ?? null }));
  return { split, protocol, n_slices, n_patients, data: made.data_title, risk: rows };
}
