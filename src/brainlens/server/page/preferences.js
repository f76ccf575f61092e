/** All that the browser keeps: language, theme and threshold. */

const PREFIX = "brainlens.";
const NAMES = ["language", "theme", "threshold"];

/** The stored value of a preference, or null. */
export function recall(name) {
  try {
    return localStorage.getItem(PREFIX + check(name));
  } catch (error) {
    if (error instanceof DOMException) return null; // Storage is switched off: nothing is kept.
    throw error;
  }
}

/** Store a preference; null forgets it. */
export function remember(name, value) {
  try {
    if (value === null) localStorage.removeItem(PREFIX + check(name));
    else localStorage.setItem(PREFIX + check(name), String(value));
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
  }
}

function check(name) {
  if (!NAMES.includes(name)) throw new Error(`${name} is no preference`);
  return name;
}
