/** The batch on one sheet of paper. */

import { countWords } from "./batch_view.js";
import { html } from "./element.js";
import { dateTime, local, number, percent, t } from "./language.js";
import { measuredError } from "./measured_error.js";
import { reasonWords, verdictWords } from "./sentences.js";
import { measuredOn } from "./threshold_view.js";
import { tally, verdict } from "./verdict.js";

/** More rows would not fit beside the rest. */
const ROWS = 20;

/**
 * Fill the sheet.
 * @param {HTMLElement} place
 * @param {Session} session
 * @param {HTMLCanvasElement|null} picture what the viewer shows.
 */
export function fillSheet(place, session, picture) {
  const items = session.get("batch");
  const threshold = session.get("threshold");
  const description = session.get("descriptions").get(session.get("subject"));
  const selected = session.get("selected");
  place.replaceChildren(
    html("h1", {}, t("print.title")),
    html("p", {}, `${dateTime(new Date())} · ${t("print.threshold", { threshold: number(threshold, 2) })}`),
    description ? html("p", {}, `${description.name} ${description.version} · ${description.decision_sha256}`) : "",
    html("p", {}, countWords(tally(items, threshold), items.length)),
    measuredLine(description, threshold),
    html("p", { class: "print-said" }, `${t("said.aid")} ${t("said.device")}`),
    selected && picture ? figure(selected, picture, threshold, session) : "",
    html("table", {}, html("thead", {}, html("tr", {}, ["name", "status", "class", "confidence", "truth"].map((key) => html("th", { scope: "col" }, t(`batch.${key}`))))),
      html("tbody", {}, items.slice(0, ROWS).map((item) => line(item, threshold, session)))),
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
  const told = item.answer ? verdictWords(item.answer, found, threshold, session.get("classesOf")(item.model).length) : reasonWords(item);
  const copy = html("canvas", { width: picture.width, height: picture.height });
  const context = copy.getContext("2d");
  context.fillRect(0, 0, copy.width, copy.height);
  context.drawImage(picture, 0, 0);
  return html("figure", {}, copy, html("figcaption", {}, html("strong", {}, item.path), ` ${told}`));
}

function line(item, threshold, session) {
  const found = verdict(item, threshold);
  const named = found.status === "answered" || found.status === "abstained";
  const why = item.failure ? reasonWords(item) : "";
  return html("tr", {}, [
    item.path, why ? `${t(`status.${found.status}`)}: ${why}` : t(`status.${found.status}`),
    named ? local(item.answer.display_name) : "", named ? percent(item.answer.confidence) : "",
    item.truth ? session.get("displayName")(item.truth.id) : "",
  ].map((text) => html("td", {}, text)));
}
