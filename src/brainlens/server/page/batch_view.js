/** The batch as a table: counts, filters, search, order, one row an image. */

import { COLUMNS, FILTER_NAMES, shown } from "./batch_order.js";
import { html, icon } from "./element.js";
import { ICONS } from "./icons.js";
import { local, number, percent, probability, t } from "./language.js";
import { allWords, reasonWords } from "./sentences.js";
import { right, tally, verdict } from "./verdict.js";

/**
 * @param {Session} session
 * @param {{select: function(Item, boolean), clear: function(), saveCsv: function(), saveJson: function(),
 *   print: function()}} actions
 */
export function batchView(session, actions) {
  const order = { filter: "all", search: "", column: null, descending: false };
  const rows = new Map();
  const counts = html("p", { class: "counts", id: "counts" });
  const notes = html("div", { class: "notes" });
  const progress = html("progress", { id: "progress", tLabel: "batch.progress" });
  const search = html("input", { type: "search", id: "search", tPlaceholder: "batch.search", tLabel: "batch.search" });
  const change = (values) => { Object.assign(order, values); session.touch(); };
  search.addEventListener("input", () => change({ search: search.value }));
  const filters = FILTER_NAMES.map((name) => html("button", { class: "chip", data: { filter: name }, on: { click: () => change({ filter: name }) } }));
  const heads = COLUMNS.map((column) => html("th", { scope: "col", class: `col-${column}`, data: { column } },
    html("button", { on: { click: () => change(turned(order, column)) } }, html("span", { t: `batch.${column}` }), html("span", { class: "arrow", "aria-hidden": "true" }))));
  const body = html("tbody");
  const action = (name, path, run) => html("button", { class: "plain small", id: `batch-${name}`, on: { click: run } }, icon(path), html("span", { t: `batch.${name}` }));
  const table = html("table", { class: "batch" }, html("caption", { class: "visually-hidden", t: "batch.caption" }), html("thead", {}, html("tr", {}, heads)), body);
  const view = html("section", { class: "card batch-card", id: "batch", "aria-labelledby": "batch-title" },
    html("div", { class: "card-head" }, html("h2", { id: "batch-title", t: "batch.title" }), progress),
    counts, notes,
    html("div", { class: "batch-tools" }, search, html("div", { class: "chips", role: "group", tLabel: "batch.filter" }, filters)),
    html("div", { class: "scroll", role: "region", tabindex: "0", tLabel: "batch.caption" }, table),
    html("div", { class: "card-foot" },
      action("csv", ICONS.download, actions.saveCsv), action("json", ICONS.download, actions.saveJson),
      action("print", ICONS.print, actions.print), action("clear", ICONS.clear, actions.clear)));
  body.addEventListener("keydown", (event) => moveByKey(event, body));

  function rowOf(item) {
    if (!rows.has(item.id)) rows.set(item.id, makeRow(item, actions));
    return rows.get(item.id);
  }

  return {
    view,
    render() {
      const items = session.get("batch");
      const threshold = session.get("threshold");
      view.hidden = !items.length;
      const sums = tally(items, threshold);
      const withTruth = items.some((item) => item.truth);
      table.classList.toggle("no-truth", !withTruth);
      progress.max = items.length;
      progress.value = items.length - sums.waiting;
      progress.hidden = sums.waiting === 0;
      counts.textContent = allWords(sums, items.length);
      notes.replaceChildren(...noteWords(items, sums, session));
      renderFilters(filters, order, sums, withTruth);
      for (const head of heads) head.setAttribute("aria-sort", sortOf(order, head.dataset.column));
      for (const id of [...rows.keys()]) if (!items.some((item) => item.id === id)) rows.delete(id);
      const visible = shown(items, { ...order, threshold });
      const selected = session.get("selected");
      const current = visible.includes(selected) ? selected : visible[0];
      const wanted = visible.map((item) => {
        const row = rowOf(item);
        row.update(threshold, item === selected, item === current, session);
        return row.element;
      });
      if (wanted.length !== body.children.length || wanted.some((row, i) => body.children[i] !== row)) replaceRows(body, wanted);
    },
  };
}

/** Put rows in place; the one that has the focus keeps it. */
function replaceRows(body, wanted) {
  const focused = body.contains(document.activeElement) ? document.activeElement : null;
  body.replaceChildren(...wanted);
  if (focused?.isConnected) focused.focus();
}

function turned(order, column) {
  if (order.column !== column) return { column, descending: false };
  return order.descending ? { column: null, descending: false } : { descending: true };
}

function sortOf(order, column) {
  if (order.column !== column) return "none";
  return order.descending ? "descending" : "ascending";
}

function renderFilters(filters, order, sums, withTruth) {
  const all = sums.waiting + sums.failed + sums.answered + sums.abstained + sums.rejected;
  const number_of = { all, wrong: sums.known - sums.right, ...sums };
  for (const button of filters) {
    const name = button.dataset.filter;
    button.textContent = `${t(`filter.${name}`)} ${number(name === "all" ? all : number_of[name])}`;
    button.setAttribute("aria-pressed", String(order.filter === name));
    button.hidden = name === "wrong" && !withTruth;
  }
}

function noteWords(items, sums, session) {
  const notes = [];
  if (sums.known) {
    notes.push(t("truth.right", { right: number(sums.right), known: number(sums.known), share: percent(sums.right / sums.known) }));
  }
  const aliases = new Map(items.filter((item) => item.truth?.alias).map((item) => [item.truth.alias, item.truth.id]));
  for (const [alias, id] of aliases) notes.push(t("truth.alias", { alias, name: session.get("displayName")(id) }));
  return notes.map((note) => html("p", { class: "soft" }, note));
}

/** Arrow keys, Home and End go from row to row; Enter opens the answer. */
function moveByKey(event, body) {
  const rows = [...body.children];
  const at = rows.indexOf(event.target.closest("tr"));
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 }[event.key];
  if (at < 0 || to === undefined || !rows[to]) return;
  event.preventDefault();
  const button = rows[to].querySelector("button");
  button.focus();
  button.click();
}

function makeRow(item, actions) {
  const cells = Object.fromEntries(COLUMNS.map((column) => [column, html("td", { class: `col-${column}` })]));
  const open = html("button", { class: "open", title: item.path, on: { click: () => actions.select(item, false) } }, item.name);
  open.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    actions.select(item, true);
  });
  cells.name.append(open, item.synthetic ? html("span", { class: "tag", t: "examples.tag" }) : "");
  const element = html("tr", { data: { id: item.id } }, COLUMNS.map((column) => cells[column]));
  element.addEventListener("click", (event) => { if (event.target !== open) actions.select(item, false); });

  return {
    element,
    update(threshold, selected, current, session) {
      const { status, reasons } = verdict(item, threshold);
      const hit = right(item, threshold);
      element.classList.toggle("selected", selected);
      open.setAttribute("aria-current", String(selected));
      open.tabIndex = current ? 0 : -1;
      element.dataset.status = status;
      // A rejected image has no class, through every door.
      const named = status === "answered" || status === "abstained";
      const why = item.failure ? reasonWords(item) : reasons.length ? reasonWords({ ...item, reasons }) : "";
      const word = item.sending ? t("status.sending") : t(`status.${status}`);
      cells.status.replaceChildren(
        html("span", { class: `status ${status}` }, icon(ICONS[status]), word),
        html("span", { class: "class-below" }, named ? local(item.answer.display_name) : ""),
        why ? html("span", { class: "why soft" }, why) : "");
      cells.class.replaceChildren(named ? local(item.answer.display_name) : "");
      cells.confidence.replaceChildren(named ? probability(item.answer.confidence) : "");
      cells.truth.replaceChildren(item.truth ? session.get("displayName")(item.truth.id) : "",
        hit === null ? "" : html("span", { class: hit ? "hit" : "miss", role: "img", "aria-label": t(hit ? "truth.hit" : "truth.miss") }, icon(ICONS[hit ? "answered" : "wrong"])));
    },
  };
}
