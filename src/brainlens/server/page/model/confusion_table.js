/** Which class was taken for which. */

import { html } from "../element.js";
import { local, number, percent, t } from "../language.js";
import { measuredOn } from "../threshold_view.js";

/**
 * @param {object} curves with `confusion`.
 * @param {object[]} classes in the bundle's order.
 */
export function confusionTable(curves, classes) {
  const names = classes.map((one) => local(one.display_name));
  const anyRejected = curves.confusion.some((row) => row[classes.length]);
  const columns = anyRejected ? [...names, t("status.rejected")] : names;
  const rows = curves.confusion.map((row, i) => {
    const sum = row.reduce((a, b) => a + b, 0);
    return html("tr", {}, html("th", { scope: "row" }, names[i]), columns.map((_, j) => {
      const share = sum ? row[j] / sum : 0;
      const cell = html("td", { class: i === j ? "right" : "wrong", title: percent(share) }, number(row[j]));
      cell.style.setProperty("--share", `${Math.round(100 * share)}%`);
      return cell;
    }));
  });
  return html("figure", { class: "card chart", id: "confusion" }, html("h3", {}, t("confusion.title")),
    html("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": t("confusion.title") },
      html("table", { class: "confusion" },
        html("thead", {}, html("tr", {}, html("td", { class: "corner" }, t("confusion.corner")), columns.map((name) => html("th", { scope: "col" }, name)))),
        html("tbody", {}, rows))),
    html("figcaption", { class: "soft" }, t("confusion.how"), " ", measuredOn(curves)));
}
