/** The batch as a file: CSV with the columns of every outcomes table, or JSON. */

import { right, verdict } from "./verdict.js";

/** A cell that a spreadsheet takes for a formula gets a quote in front. */
const FORMULA = /^[=+\-@\t\r]/;

function cell(value) {
  if (value === null || value === undefined) return "";
  const text = typeof value === "string" && FORMULA.test(value) ? `'${value}` : String(value);
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function row(item, threshold, classIds) {
  const { status, reasons } = verdict(item, threshold);
  const answer = item.answer;
  return {
    path: item.path,
    label: item.truth?.id ?? "",
    status: status === "failed" || status === "waiting" ? "" : status,
    reasons: reasons.join(";"),
    predicted_class: answer?.predicted_class ?? "",
    confidence: answer?.confidence ?? "",
    seen_in_training: answer ? String(answer.seen_in_training) : "",
    error: item.failure ? [item.failure.code, item.failure.detail].filter(Boolean).join(": ") : "",
    threshold,
    model: item.model,
    decision_sha256: answer?.model.decision_sha256 ?? "",
    ...Object.fromEntries(classIds.map((id) => [`p:${id}`, answer?.probabilities?.[id] ?? ""])),
  };
}

/** The batch as CSV (RFC 4180), statuses at a threshold. */
export function csv(items, threshold) {
  const classIds = [...new Set(items.flatMap((item) => Object.keys(item.answer?.probabilities ?? {})))];
  const rows = items.map((item) => row(item, threshold, classIds));
  const columns = Object.keys(rows[0] ?? row({ path: "", failure: null, answer: null }, threshold, []));
  return [columns, ...rows.map((one) => columns.map((column) => one[column]))]
    .map((cells) => cells.map(cell).join(",")).join("\r\n") + "\r\n";
}

/** The batch as JSON: the answers as they came, without pictures, and what the page made of them. */
export function json(items, threshold, disclaimer) {
  const rows = items.map((item) => ({
    path: item.path, model: item.model, label: item.truth?.id ?? null,
    at_threshold: verdict(item, threshold), right: right(item, threshold),
    answer: item.answer && { ...item.answer, explanation: null }, failure: item.failure,
  }));
  return JSON.stringify({ threshold, disclaimer, images: rows }, null, 2) + "\n";
}

/** Let the browser save text under a name. */
export function save(text, name, type) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  // The browser has to open the address first.
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
