/** Which items of the batch are shown, and in which order. */

import { right, verdict } from "./verdict.js";

const RANK = { failed: 0, rejected: 1, abstained: 2, answered: 3, waiting: 4 };

/** What each column is sorted by: text or number; null comes last, whatever the direction. */
const KEYS = {
  name: (item) => item.path,
  status: (item, threshold) => RANK[verdict(item, threshold).status],
  class: (item) => item.answer?.predicted_class ?? null,
  confidence: (item) => item.answer?.confidence ?? null,
  truth: (item) => item.truth?.id ?? null,
};

export const COLUMNS = Object.keys(KEYS);

/** What each filter lets through. */
const FILTERS = {
  all: () => true,
  answered: (item, threshold) => verdict(item, threshold).status === "answered",
  abstained: (item, threshold) => verdict(item, threshold).status === "abstained",
  rejected: (item, threshold) => verdict(item, threshold).status === "rejected",
  failed: (item, threshold) => verdict(item, threshold).status === "failed",
  wrong: (item, threshold) => right(item, threshold) === false,
};

export const FILTER_NAMES = Object.keys(FILTERS);

/**
 * Items that a filter and a search let through, sorted.
 * @param {Item[]} items
 * @param {{threshold: number, filter: string, search: string, column: string|null, descending: boolean}} view
 *   without a column: in the order in which they came.
 */
export function shown(items, { threshold, filter, search, column, descending }) {
  const wanted = search.trim().toLowerCase();
  const kept = items.filter((item) => FILTERS[filter](item, threshold)
    && (!wanted || item.path.toLowerCase().includes(wanted)));
  if (!column) return kept;
  const key = (item) => KEYS[column](item, threshold);
  const sign = descending ? -1 : 1;
  return kept.sort((a, b) => compare(key(a), key(b), sign) || a.id - b.id);
}

function compare(a, b, sign) {
  if (a === null || b === null) return (a === null) - (b === null);
  if (typeof a === "string") return sign * a.localeCompare(b, undefined, { numeric: true });
  return sign * (a - b);
}
