/** What is said of an item, in whole sentences. */

import { LOW_CONFIDENCE } from "./verdict.js";
import { has, local, number, probabilityWords, t } from "./language.js";

/** Why an item was not answered: of a failure, of an abstention, of a rejection. */
export function reasonWords({ failure, reasons = [], answer }) {
  if (failure) {
    const key = `failure.${failure.code}`;
    return has(key) ? t(key) : [failure.detail, failure.hint].filter(Boolean).join(" ") || t("failure.internal");
  }
  const all = reasons.length ? reasons : (answer?.reasons ?? []);
  return all.map((code) => (has(`reason.${code}`) ? t(`reason.${code}`) : code)).join(" ");
}

/** The sentence of an answer at a threshold; it never names a class of a rejected image. */
export function verdictWords(answer, { status, reasons }, threshold, classes) {
  if (status === "rejected") return `${t("verdict.rejected")} ${reasonWords({ reasons })}`.trim();
  const values = {
    name: local(answer.display_name), confidence: probabilityWords(answer.confidence), threshold: number(threshold, 2),
    n: numeral(classes),
  };
  if (status === "answered") return t("verdict.answered", values);
  const others = reasonWords({ reasons: reasons.filter((code) => code !== LOW_CONFIDENCE) });
  const why = [t(reasons.includes(LOW_CONFIDENCE) ? "verdict.abstained.low" : "verdict.abstained", values), others].filter(Boolean).join(" ");
  return `${why} ${t("verdict.highest", values)}`;
}

/** A small number as a word, where the language's strings have it. */
function numeral(count) {
  return has(`numeral.${count}`) ? t(`numeral.${count}`) : number(count);
}

/** How many images there are of each status. */
export function countWords(sums) {
  return ["answered", "abstained", "rejected", "failed", "waiting"]
    .filter((name) => sums[name] || name === "answered" || name === "abstained")
    .map((name) => t(`count.${name}`, { count: sums[name] })).join(", ");
}

/** How many images there are, and how many of each status. */
export const allWords = (sums, all) => t("count.all", { images: t("count.images", { count: all }), parts: countWords(sums) });
