/** What an answer says at a threshold. */

export const LOW_CONFIDENCE = "low_confidence";

/**
 * The status of an item at a threshold.
 *
 * A threshold can only turn answers into abstentions: what a gate held back or rejected stays so.
 * @param {{answer: object|null, failure: object|null}} item
 * @param {number} threshold in [0, 1]; below the answer's own it changes nothing.
 * @returns {{status: "waiting"|"failed"|"answered"|"abstained"|"rejected", reasons: string[]}}
 */
export function verdict(item, threshold) {
  if (item.failure) return { status: "failed", reasons: [] };
  if (!item.answer) return { status: "waiting", reasons: [] };
  const { status, reasons, confidence } = item.answer;
  if (status === "rejected" || confidence >= threshold || reasons.includes(LOW_CONFIDENCE)) return { status, reasons };
  return { status: "abstained", reasons: [...reasons, LOW_CONFIDENCE] };
}

/** Whether an answered item is right; null where it is not answered or the truth is not known. */
export function right(item, threshold) {
  if (!item.truth || verdict(item, threshold).status !== "answered") return null;
  return item.answer.predicted_class === item.truth.id;
}

/** How many items there are of each status, and how many of the answered are right. */
export function tally(items, threshold) {
  const counts = { waiting: 0, failed: 0, answered: 0, abstained: 0, rejected: 0, known: 0, right: 0 };
  for (const item of items) {
    counts[verdict(item, threshold).status] += 1;
    const hit = right(item, threshold);
    if (hit !== null) counts.known += 1;
    if (hit) counts.right += 1;
  }
  return counts;
}
