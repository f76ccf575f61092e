/** Where images come in: dropped, chosen, or out of the examples. */

import { chosenFiles, droppedFiles } from "./dropped_files.js";
import { html, icon } from "./element.js";
import { EXAMPLES } from "./examples.js";
import { ICONS } from "./icons.js";
import { t } from "./language.js";

/**
 * @param {Session} session
 * @param {{add: function({file: File, path: string}[]), addExample: function(object)}} actions
 */
export function intakeView(session, actions) {
  const chooser = (id, attributes) => {
    const input = html("input", { type: "file", multiple: true, id, class: "visually-hidden", tabindex: "-1", "aria-hidden": "true", ...attributes });
    input.addEventListener("change", () => {
      actions.add(chosenFiles(input.files));
      input.value = "";
    });
    return input;
  };
  const files = chooser("files", {});
  const folder = chooser("folder", { webkitdirectory: true });
  const button = (kind, input, path) => html("button", { class: kind, on: { click: () => input.click() } }, icon(path), html("span", { t: `intake.${input.id}` }));

  const examples = html("div", { class: "examples" });
  const exampleButtons = EXAMPLES.map((example) => {
    const picture = html("img", { src: example.small, alt: "", width: 144, height: 144 });
    return html("button", { class: "example", data: { number: example.number }, on: { click: () => actions.addExample(example) } }, picture);
  });
  examples.append(
    html("h2", { t: "examples.title" }),
    html("p", { class: "soft", t: "examples.what" }),
    html("div", { class: "example-row" }, exampleButtons),
  );

  const view = html("div", { class: "intake" },
    html("header", { class: "intro" }, html("h1", { t: "intro.title" }), html("p", { t: "intro.what" })),
    html("div", { class: "drop", id: "drop" },
      html("div", { class: "drop-words" }, icon(ICONS.drop), html("h2", { t: "intake.drop" }), html("p", { class: "soft", t: "intake.formats" })),
      html("div", { class: "drop-buttons" }, button("primary", files, ICONS.files), button("plain", folder, ICONS.folder), files, folder),
      html("p", { class: "soft privacy", t: "intake.privacy" })),
    examples,
    html("p", { class: "intended soft" }, html("strong", { t: "intended.title" }), " ", html("span", { t: "intended.input" })));

  attachDrop(actions);

  return {
    view,
    render() {
      view.classList.toggle("slim", session.get("batch").length > 0);
      examples.hidden = !session.get("about")?.models.some((one) => one.synthetic);
      exampleButtons.forEach((one, i) => one.setAttribute("aria-label", t("examples.add", { count: i + 1 })));
    },
  };
}

/** The whole window takes drops: nobody has to aim. */
function attachDrop(actions) {
  const body = document.body;
  const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");
  let depth = 0;
  const show = (change) => {
    depth = Math.max(0, depth + change);
    body.classList.toggle("dragging", depth > 0);
  };
  window.addEventListener("dragenter", (event) => { if (carriesFiles(event)) show(1); });
  window.addEventListener("dragleave", (event) => { if (carriesFiles(event)) show(-1); });
  window.addEventListener("dragover", (event) => { if (carriesFiles(event)) event.preventDefault(); });
  window.addEventListener("drop", async (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    depth = 0;
    show(0);
    actions.add(await droppedFiles(event.dataTransfer));
  });
}
