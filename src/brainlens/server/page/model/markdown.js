/** The Markdown that model cards are written in, as elements; nothing of it can become code. */

import { html } from "../element.js";

const INLINE = /`([^`]+)`|\*\*([^*]+)\*\*|\[([^\]]+)\]\((https?:\/\/[^)\s]+)\)/g;

/** Headings here start below those of the page. */
const DEEPER = 2;

/** @returns {Element[]} */
export function markdown(text) {
  const body = text.replace(/^---\n[\s\S]*?\n---\n/, "");
  return body.trim().split(/\n{2,}/).flatMap(block);
}

function block(text) {
  const lines = text.split("\n");
  const heading = /^(#+)\s+(.*)$/.exec(lines[0]);
  if (heading) {
    const element = html(`h${Math.min(heading[1].length + DEEPER, 6)}`, {}, ...inline(heading[2]));
    return lines.length > 1 ? [element, ...block(lines.slice(1).join("\n"))] : [element];
  }
  if (lines.every((line) => line.startsWith("|"))) return [table(lines)];
  if (lines.every((line) => /^([-*]|\d+\.)\s|^\s/.test(line))) return [list(lines)];
  return [html("p", {}, ...inline(lines.join(" ")))];
}

function list(lines) {
  const items = [];
  for (const line of lines) {
    const item = /^(?:[-*]|\d+\.)\s+(.*)$/.exec(line);
    if (item) items.push(item[1]);
    else items[items.length - 1] += ` ${line.trim()}`;
  }
  return html("ul", {}, items.map((item) => html("li", {}, ...inline(item))));
}

function table(lines) {
  const [head, , ...rows] = lines.map((line) => line.replace(/^\||\|$/g, "").split("|").map((cell) => cell.trim()));
  const row = (name, cells) => html("tr", {}, cells.map((cell) => html(name, name === "th" ? { scope: "col" } : {}, ...inline(cell))));
  return html("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": head.join(", ") },
    html("table", {}, html("thead", {}, row("th", head)), html("tbody", {}, rows.map((cells) => row("td", cells)))));
}

function inline(text) {
  const parts = [];
  let at = 0;
  for (const match of text.matchAll(INLINE)) {
    parts.push(text.slice(at, match.index));
    const [whole, code, strong, words, address] = match;
    if (code) parts.push(html("code", {}, code));
    else if (strong) parts.push(html("strong", {}, strong));
    else parts.push(html("a", { href: address, rel: "noreferrer" }, words));
    at = match.index + whole.length;
  }
  return [...parts, text.slice(at)];
}
