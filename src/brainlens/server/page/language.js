/** The language of the page: strings, numbers and dates. */

export const LANGUAGES = ["en", "fr"];

const loaded = new Map();
let current = "en";
/** Nearer to certainty no probability is told. */
const LEAST = 1e-9;

/** The language in use. */
export const language = () => current;

/** The first of the wanted languages that the page has; English if it has none of them. */
export function choose(wanted) {
  const short = wanted.map((tag) => String(tag).toLowerCase().split("-")[0]);
  return short.find((tag) => LANGUAGES.includes(tag)) ?? "en";
}

/** Use a language: load its strings, and spell everything under `root` in it. */
export async function use(chosen, root) {
  if (!loaded.has(chosen)) loaded.set(chosen, (await import(`./strings.${chosen}.js`)).default);
  current = chosen;
  if (root) translate(root);
}

/**
 * The string of a key, with its {places} filled.
 * A value `count` chooses between `key.one` and `key.other` by the language's own rule.
 */
export function t(key, values = {}) {
  const strings = loaded.get(current) ?? {};
  const plural = "count" in values && !(key in strings)
    ? `${key}.${new Intl.PluralRules(current).select(values.count) === "one" ? "one" : "other"}`
    : key;
  const text = strings[plural] ?? key;
  return text.replace(/\{(\w+)\}/g, (place, name) => {
    const value = values[name];
    return typeof value === "number" ? number(value) : (value ?? place);
  });
}

/** Whether the language has a string for a key. */
export const has = (key) => key in (loaded.get(current) ?? {});

/** A string of the bundle or the service given by language. */
export const local = (byLanguage) => byLanguage?.[current] ?? byLanguage?.en ?? Object.values(byLanguage ?? {})[0] ?? "";

export const number = (value, digits = 0) =>
  new Intl.NumberFormat(current, { maximumFractionDigits: digits, minimumFractionDigits: digits }).format(value);

/**
 * A share in [0, 1] as a percentage that never rounds to a certainty which is none.
 * @param {{over: string, under: string}} [signs] what stands before the last one that is not rounded.
 */
export function percent(share, digits = 1, signs = { over: ">", under: "<" }) {
  const step = 10 ** -(digits + 2);
  const format = (value) => new Intl.NumberFormat(current, {
    style: "percent", maximumFractionDigits: digits, minimumFractionDigits: digits,
  }).format(value);
  if (share < 1 && share > 1 - step / 2) return `${signs.over} ${format(1 - step)}`;
  if (share > 0 && share < step / 2) return `${signs.under} ${format(step)}`;
  return format(share);
}

/** A probability as a percentage: no model is certain, though a float may say 1. */
export const probability = (share, digits = 1, signs = undefined) => percent(Math.min(Math.max(share, LEAST), 1 - LEAST), digits, signs);

/** The same inside a sentence. */
export const probabilityWords = (share) => probability(share, 1, { over: t("share.over"), under: t("share.under") });

export const dateTime = (date) =>
  new Intl.DateTimeFormat(current, { dateStyle: "medium", timeStyle: "short" }).format(date);

/** Spell everything under `root` that names a string: text, labels, titles, placeholders. */
export function translate(root) {
  document.documentElement.lang = current;
  for (const element of root.querySelectorAll("[data-t]")) element.textContent = t(element.dataset.t);
  for (const element of root.querySelectorAll("[data-t-label]")) element.setAttribute("aria-label", t(element.dataset.tLabel));
  for (const element of root.querySelectorAll("[data-t-title]")) element.title = t(element.dataset.tTitle);
  for (const element of root.querySelectorAll("[data-t-placeholder]")) element.placeholder = t(element.dataset.tPlaceholder);
}
