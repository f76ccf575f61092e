/** The batch on one sheet of paper. */

import { html } from "./element.js";
import { dateTime, local, number, percent, probability, t } from "./language.js";
import { measuredError } from "./measured_error.js";
import { allWords, reasonWords, verdictWords } from "./sentences.js";
import { measuredOn } from "./threshold_view.js";
import { tally, verdict } from "./verdict.js";

/** More rows would not fit beside the rest. */
const ROWS = 14;

/**
 * Fill the sheet.
 * @param {HTMLElement} place
 * @param {Session} session
 * @param {HTMLCanvasElement|null} picture of the selected image, to keep.
 */
export function fillSheet(place, session, picture) {
  const items = session.get("batch");
  const threshold = session.get("threshold");
  const description = session.get("descriptions").get(session.get("subject"));
  const selected = session.get("selected");
  const columns = ["name", "status", "class", "confidence", ...(items.some((item) => item.truth) ? ["truth"] : [])];
  place.replaceChildren(
    html("h1", {}, t("print.title")),
    html("p", {}, `${dateTime(new Date())} · ${t("print.threshold", { threshold: number(threshold, 2) })}`),
    description ? html("p", {}, `${description.name} ${description.version} · ${description.decision_sha256}`) : "",
    html("p", {}, allWords(tally(items, threshold), items.length)),
    measuredLine(description, threshold),
    html("p", { class: "print-said" }, `${t("said.aid")} ${t("said.device")}`),
    items.some((item) => isSynthetic(item, session)) ? html("p", { class: "print-said" }, t("print.synthetic")) : "",
    selected ? figure(selected, picture, threshold, session) : "",
    html("table", {}, html("thead", {}, html("tr", {}, columns.map((key) => html("th", { scope: "col", class: `print-${key}` }, t(`batch.${key}`))))),
      html("tbody", {}, items.slice(0, ROWS).map((item) => line(item, threshold, session, columns)))),
    items.length > ROWS ? html("p", {}, t("print.more", { count: items.length - ROWS })) : "");
}

function measuredLine(description, threshold) {
  const measured = measuredError(description, threshold);
  if (!measured || measured.error === null) return html("p", {}, t("measured.none"));
  const interval = measured.interval
    ? t("measured.interval", { low: percent(measured.interval[0]), high: percent(measured.interval[1]) })
    : t("measured.interval.none");
  return html("p", {}, `${percent(measured.error)} ${t("measured.wrong")} ${interval} ${measuredOn(measured)}`);
}

function figure(item, picture, threshold, session) {
  const found = verdict(item, threshold);
  const told = item.answer ? verdictWords(item.answer, found, threshold, session.get("classesOf")(item.model).length)
    : item.failure ? reasonWords(item) : t("status.waiting");
  const classes = isNamed(found) ? session.get("classesOf")(item.model) : [];
  return html("figure", {}, picture, html("figcaption", {}, html("p", {}, html("strong", {}, item.path)), html("p", {}, told),
    html("ul", {}, classes.map((one) => html("li", {}, `${local(one.display_name)} ${probability(item.answer.probabilities[one.id])}`)))));
}

const isSynthetic = (item, session) => item.synthetic || session.get("isSynthetic")(item.model);

/** A rejected image has no class, through every door. */
const isNamed = ({ status }) => status === "answered" || status === "abstained";

function line(item, threshold, session, columns) {
  const found = verdict(item, threshold);
  const why = found.status === "answered" ? "" : reasonWords({ ...item, reasons: found.reasons });
  const cells = {
    // In front, for a long name is cut.
    name: `${isSynthetic(item, session) ? `${t("stamp.synthetic")} · ` : ""}${item.path}`,
    status: [t(`status.${found.status}`), why].filter(Boolean).join(" – "),
    class: isNamed(found) ? local(item.answer.display_name) : "",
    confidence: isNamed(found) ? probability(item.answer.confidence) : "",
    truth: item.truth ? session.get("displayName")(item.truth.id) : "",
  };
  return html("tr", {}, columns.map((key) => html("td", { class: `print-${key}` }, cells[key])));
}
