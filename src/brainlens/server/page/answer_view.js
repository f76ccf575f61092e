/** The answer about the selected image. */

import { html, icon } from "./element.js";
import { ICONS } from "./icons.js";
import { number, probability, t } from "./language.js";
import { probabilityBars } from "./probability_bars.js";
import { reasonWords, verdictWords } from "./sentences.js";
import { right, verdict } from "./verdict.js";

export function answerView(session) {
  const view = html("section", { class: "card answer", id: "answer", tabindex: "-1", "aria-labelledby": "answer-title" });
  return {
    view,
    render() {
      const item = session.get("selected");
      view.hidden = !item;
      if (!item) return;
      const threshold = session.get("threshold");
      const found = verdict(item, threshold);
      view.dataset.status = found.status;
      view.replaceChildren(...parts(item, found, threshold, session));
    },
  };
}

function parts(item, found, threshold, session) {
  const head = html("div", { class: `verdict ${found.status}` },
    html("h2", { id: "answer-title", class: `status ${found.status}` }, icon(ICONS[found.status]), t(`status.${found.status}`)),
    html("p", { class: "file-name", title: item.path }, item.name));
  if (found.status === "waiting") return [head, html("p", {}, t(session.get("halted") ? `halted.${session.get("halted")}` : "status.waiting.long"))];
  if (found.status === "failed") {
    return [head, html("p", { class: "sentence" }, reasonWords(item)), details([["detail.name", item.path], ["detail.service", item.failure.detail]])];
  }
  const { answer } = item;
  const classes = session.get("classesOf")(item.model);
  return [
    head,
    item.synthetic || session.get("isSynthetic")(item.model) ? html("p", { class: "caution" }, t("caution.synthetic")) : "",
    html("p", { class: "sentence" }, verdictWords(answer, found, threshold, classes.length)),
    found.status === "rejected" ? "" : probabilityBars(answer, threshold, classes, isCalibrated(item, session)),
    truthWords(item, threshold, session),
    answer.seen_in_training ? html("p", { class: "caution" }, t("caution.seen")) : "",
    setWords(answer, found, session),
    ...warnings(answer),
    aboutAnswer(item, answer),
  ];
}

/** Whether an answer's probabilities are calibrated; undefined until the model is described. */
function isCalibrated(item, session) {
  const description = session.get("descriptions").get(item.model);
  return description && description.calibration !== null;
}

function truthWords(item, threshold, session) {
  if (!item.truth) return "";
  const hit = right(item, threshold);
  const key = hit === null ? "truth.is" : hit ? "truth.is.right" : "truth.is.wrong";
  return html("p", { class: `truth ${hit === false ? "miss" : ""}` }, t(key, { name: session.get("displayName")(item.truth.id) }));
}

function setWords(answer, found, session) {
  if (!answer.prediction_set || found.status === "rejected") return "";
  const names = answer.prediction_set.map(session.get("displayName"));
  return html("p", { class: "soft" }, names.length ? t("set.some", { names: names.join(", "), count: names.length }) : t("set.none"));
}

/** The service's own sentences; they are English. What the page says itself is left out. */
function warnings(answer) {
  return answer.warnings.filter((text) => !text.startsWith("SYNTHETIC"))
    .map((text) => html("p", { class: "caution", lang: "en" }, text));
}

function details(rows) {
  return html("details", { class: "more" }, html("summary", {}, t("detail.title")),
    html("dl", {}, rows.filter(([, value]) => value).flatMap(([key, value]) => [html("dt", {}, t(key)), html("dd", {}, value)])));
}

function aboutAnswer(item, answer) {
  return details([
    ["detail.name", item.path],
    ["detail.input", `${answer.input.format.toUpperCase()}, ${number(answer.input.width)} × ${number(answer.input.height)}`],
    ["detail.model", `${answer.model.name} ${answer.model.version}`],
    ["detail.decision", answer.model.decision_sha256],
    ["detail.id", answer.prediction_id],
    ["detail.time", t("detail.ms", { ms: number(answer.timings_ms.total, 1) })],
    ["detail.confidence", answer.confidence === null ? "" : probability(answer.confidence, 2)],
  ]);
}
