/** Measured figures with their intervals, overall and by class. */

import { html } from "../element.js";
import { has, local, number, percent, t } from "../language.js";
import { measuredSlices } from "../threshold_view.js";

/** Figures that are no shares, or say the same as another one. */
const LEFT_OUT = new Set(["support", "loss"]);
const OF_CLASSES = ["precision", "sensitivity", "specificity", "f1", "auroc", "auprc"];

const groupOf = (metric) => [metric.split, metric.protocol, metric.level, metric.subgroup ?? "", metric.decision_sha256 ?? ""].join("|");

/**
 * Groups of figures that were measured on the same slices, those of test slices first.
 * @param {object} description what `/models/{name}` says.
 */
export function groupsOf(description) {
  const groups = new Map();
  for (const metric of description.metrics) {
    const key = groupOf(metric);
    if (!groups.has(key)) groups.set(key, { key, metrics: [], first: metric });
    groups.get(key).metrics.push(metric);
  }
  const rank = ({ first }) => [first.split !== "test", first.subgroup !== null, first.protocol.includes(","), first.level !== "slice"];
  return [...groups.values()].sort((a, b) => rank(a).findIndex(Boolean) === rank(b).findIndex(Boolean) ? 0
    : String(rank(a).map(Number)).localeCompare(String(rank(b).map(Number))));
}

/** What a group was measured on, in words. */
export function groupWords({ first }, description) {
  const parts = [measuredSlices({ ...first, data: description.training.data_title })];
  if (first.level === "patient") parts.push(t("figures.by.patient"));
  if (first.subgroup) parts.push(first.subgroup);
  if (first.decision_sha256 !== description.decision_sha256) parts.push(t("figures.foreign"));
  return parts.join(" · ");
}

/** A figure as a number, its interval as a bar from 0 to 1. */
function figureCells(metric) {
  if (!metric || metric.value === null) return [html("td", { class: "number" }, "–"), html("td", {})];
  const [low, high] = metric.interval ?? [metric.value, metric.value];
  const range = html("i");
  range.style.left = `${100 * low}%`;
  range.style.width = `${Math.max(100 * (high - low), 0.5)}%`;
  const dot = html("b");
  dot.style.left = `${100 * metric.value}%`;
  const words = metric.interval ? t("figures.interval", { low: percent(low), high: percent(high) }) : "";
  return [
    html("td", { class: "number" }, percent(metric.value), html("span", { class: "soft" }, words)),
    html("td", { class: "range-cell" }, html("span", { class: "range", "aria-hidden": "true" }, range, dot)),
  ];
}

const nameOf = (name) => (has(`metric.${name}`) ? t(`metric.${name}`) : name.replaceAll("_", " "));

function scrolling(label, table) {
  return html("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": label }, table);
}

/** The tables of one group. */
export function figureTables(group, description) {
  const overall = group.metrics.filter((metric) => metric.class_id === null && !LEFT_OUT.has(metric.name));
  const find = (name, id) => group.metrics.find((metric) => metric.name === name && metric.class_id === id);
  const names = OF_CLASSES.filter((name) => description.classes.some((one) => find(name, one.id)));
  const whole = html("table", { class: "figures" }, html("caption", {}, t("figures.overall")),
    html("tbody", {}, overall.map((metric) => html("tr", {}, html("th", { scope: "row", title: has(`metric.${metric.name}.what`) ? t(`metric.${metric.name}.what`) : "" }, nameOf(metric.name)), figureCells(metric)))));
  if (!names.length) return [scrolling(t("figures.overall"), whole)];
  const byClass = html("table", { class: "figures" }, html("caption", {}, t("figures.classes")),
    description.classes.map((one) => html("tbody", {},
      html("tr", { class: "group" }, html("th", { scope: "rowgroup", colspan: "3" }, local(one.display_name), supportWords(find("support", one.id)))),
      names.map((name) => html("tr", {}, html("th", { scope: "row" }, nameOf(name)), figureCells(find(name, one.id)))))));
  return [scrolling(t("figures.overall"), whole), scrolling(t("figures.classes"), byClass)];
}

function supportWords(support) {
  if (!support || support.value === null) return "";
  return html("span", { class: "soft" }, ` ${t("figures.support", { n: number(support.value) })}`);
}
