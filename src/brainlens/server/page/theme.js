/** Light or dark: as the system is, or as the person chose. */

export const THEMES = ["auto", "light", "dark"];

/** Show the page in a theme; anything unknown follows the system. */
export function show(theme) {
  const known = THEMES.includes(theme) ? theme : "auto";
  if (known === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = known;
  return known;
}
