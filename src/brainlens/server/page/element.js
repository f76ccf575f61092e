/** Elements made in code: text is text, never HTML. */

import { t } from "./language.js";

const SVG = "http://www.w3.org/2000/svg";

/** What an attribute name does, other than being set. */
const SETTERS = {
  on: (element, handlers) => {
    for (const [event, handler] of Object.entries(handlers)) element.addEventListener(event, handler);
  },
  data: (element, entries) => Object.assign(element.dataset, entries),
  t: (element, key) => { element.dataset.t = key; element.textContent = t(key); },
  tLabel: (element, key) => { element.dataset.tLabel = key; element.setAttribute("aria-label", t(key)); },
  tTitle: (element, key) => { element.dataset.tTitle = key; element.title = t(key); },
  tPlaceholder: (element, key) => { element.dataset.tPlaceholder = key; element.placeholder = t(key); },
};

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (name in SETTERS) SETTERS[name](element, value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child != null && child !== false));
  return element;
}

/**
 * Make an HTML element.
 * @param {string} name
 * @param {object} [attributes] attributes; also `on` (handlers by event), `data` (dataset), and `t`,
 *   `tLabel`, `tTitle`, `tPlaceholder`: keys of strings that follow the language.
 * @param {...(Node|string|null|false)} children
 */
export function html(name, attributes, ...children) {
  return filled(document.createElement(name), attributes, children);
}

/** Make an SVG element; arguments as for `html`. */
export function svg(name, attributes, ...children) {
  return filled(document.createElementNS(SVG, name), attributes, children);
}

/** An icon of the page: the path of a 24 by 24 drawing, stroked in the colour of the text. */
export function icon(path) {
  return svg("svg", { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true" }, svg("path", { d: path }));
}
