/** The viewer with its tools, for the selected image. */

import { html, icon } from "./element.js";
import { LESION, mapsOf, pngBlob } from "./explanations.js";
import { ICONS } from "./icons.js";
import { local, number, percent, t } from "./language.js";
import { verdict } from "./verdict.js";
import { bitmapOf, decode, Picture, Undecodable } from "./viewer/picture.js";
import { Viewer } from "./viewer/viewer.js";

const OFF = "off";
/** The map of whichever class is predicted. */
const PREDICTED = "predicted";

export class ViewerPanel {
  #session;
  #explanations;
  #viewer;
  #item = null;
  #answer = null;
  #drawnByService = false;
  #heat = PREDICTED;
  #shownMap = null;
  #choices = "";

  /**
   * @param {Session} session
   * @param {import("./explanations.js").Explanations} explanations
   */
  constructor(session, explanations) {
    this.#session = session;
    this.#explanations = explanations;
    const canvas = html("canvas", { "aria-hidden": "true" });
    this.frame = html("div", { class: "frame", id: "frame", tabindex: "0", role: "application", "aria-describedby": "viewer-help" }, canvas);
    this.#viewer = new Viewer(this.frame, canvas);
    this.#viewer.addEventListener("change", () => this.#readout());
    this.#build();
  }

  #build() {
    const slider = (id, values, changed) => {
      const input = html("input", { type: "range", id, ...values });
      input.addEventListener("input", () => changed(Number(input.value)));
      return input;
    };
    const button = (name, path, run) => html("button", { class: "round dark", tLabel: `viewer.${name}`, tTitle: `viewer.${name}`, on: { click: run } }, icon(path));
    this.classes = html("fieldset", { class: "heat-classes", id: "heat" }, html("legend", { class: "visually-hidden", t: "heat.title" }));
    this.classes.addEventListener("change", (event) => { this.#heat = event.target.value; this.#lay(); });
    this.opacity = slider("opacity", { min: 0, max: 1, step: 0.05, value: 0.6 }, (value) => { this.#viewer.opacity = value; });
    this.windowWidth = slider("window-width", { min: 1 }, (width) => { this.#viewer.window = { ...this.#viewer.window, width }; });
    this.windowLevel = slider("window-level", { min: 0 }, (level) => { this.#viewer.window = { ...this.#viewer.window, level }; });
    this.readout = html("p", { class: "readout", "aria-hidden": "true" });
    this.caption = html("p", { class: "heat-caption", id: "heat-caption" });
    this.legend = html("p", { class: "legend" }, html("span", { t: "heat.cold" }), html("i"), html("span", { t: "heat.hot" }));
    const labelled = (key, input) => html("label", { class: "tool" }, html("span", { t: key }), input);
    this.tools = html("div", { class: "tools" },
      labelled("heat.opacity", this.opacity), labelled("viewer.width", this.windowWidth), labelled("viewer.level", this.windowLevel));
    this.view = html("section", { class: "card viewer", id: "viewer", tLabel: "viewer.title" },
      html("div", { class: "viewer-bar" }, html("span", { class: "viewer-bar-title", "aria-hidden": "true", t: "heat.title" }), this.classes),
      html("div", { class: "stage" }, this.frame, this.readout,
        html("div", { class: "zoom" }, button("zoom.in", ICONS.plus, () => this.#viewer.zoomBy(1.25)),
          button("zoom.out", ICONS.minus, () => this.#viewer.zoomBy(0.8)), button("reset", ICONS.reset, () => this.#viewer.reset()))),
      html("div", { class: "viewer-foot" }, this.legend, this.caption, this.tools,
        html("details", { class: "more" }, html("summary", { t: "viewer.keys" }), html("p", { id: "viewer-help", class: "soft", t: "viewer.help" }))));
  }

  /** A copy of what the viewer shows, for print; null where it shows nothing. */
  picture() {
    return this.#unseen ? null : this.#viewer.seen();
  }

  /** Whether neither browser nor service can show the file. */
  get #unseen() {
    return this.#item !== null && this.#drawnByService && !this.#item.explanation;
  }

  render() {
    const item = this.#session.get("selected");
    this.view.hidden = !item;
    if (!item) {
      this.#item = null;
      return;
    }
    this.frame.setAttribute("aria-label", t("viewer.of", { name: item.name }));
    this.#viewer.stamp = item.synthetic || this.#session.get("isSynthetic")(item.model) ? t("stamp.synthetic") : "";
    if (item !== this.#item) this.#open(item);
    if (item.answer !== this.#answer) {
      this.#answer = item.answer;
      this.#shownMap = null;
    }
    if (this.#session.get("service") === "ready") this.#explain(item);
    this.#listClasses(item);
    this.#lay();
  }

  async #open(item) {
    this.#item = item;
    this.#shownMap = null;
    this.#answer = null;
    this.#drawnByService = false;
    if (this.#heat !== OFF) this.#heat = PREDICTED;
    this.#viewer.show(null);
    try {
      const picture = await decode(item.file);
      if (this.#item !== item) return;
      this.#viewer.show(picture, item.answer?.input ?? picture);
    } catch (error) {
      if (!(error instanceof Undecodable || error instanceof DOMException)) throw error;
      if (this.#item !== item) return;
      this.#drawnByService = true;
    }
    this.#shownMap = null;
    this.#lay();
  }

  async #explain(item) {
    if (await this.#explanations.fetch(item)) this.#session.touch();
  }

  /** One radio button a map; made anew only where there are others. */
  #listClasses(item) {
    const maps = item.explanation ? mapsOf(item.explanation) : new Map();
    const classes = this.#session.get("classesOf")(item.model);
    const names = [...maps].map(([id, map]) => ({
      id,
      name: id === LESION ? t("heat.lesion") : local(classes.find((one) => one.id === id)?.display_name) || id,
      strength: map.strength,
    })).sort((a, b) => classes.findIndex((one) => one.id === a.id) - classes.findIndex((one) => one.id === b.id));
    const wanted = JSON.stringify([item.id, document.documentElement.lang, names]);
    if (wanted === this.#choices) return;
    this.#choices = wanted;
    const radio = (value, label, title) => html("label", { title }, html("input", { type: "radio", name: "heat", value }), html("span", {}, label));
    this.classes.replaceChildren(this.classes.querySelector("legend"),
      ...(names.length ? [radio(OFF, t("heat.off"), ""), ...names.map(({ id, name, strength }) => radio(id, name, t("heat.strength", { share: percent(strength, 0) })))] : []));
    this.classes.hidden = !names.length;
  }

  async #lay() {
    const item = this.#item;
    if (!item) return;
    const found = verdict(item, this.#session.get("threshold"));
    const maps = item.explanation && found.status !== "rejected" ? mapsOf(item.explanation) : new Map();
    const chosen = this.#heat === PREDICTED ? item.answer?.predicted_class : this.#heat;
    for (const input of this.classes.querySelectorAll("input")) input.checked = input.value === (maps.has(chosen) ? chosen : OFF);
    const map = maps.get(chosen) ?? null;
    this.#tell(item, map);
    if (this.#drawnByService) return this.#showDrawing(item, map);
    if (map === this.#shownMap) return;
    this.#shownMap = map;
    const layer = map && await this.#explanations.layer(map);
    if (this.#shownMap === map) this.#viewer.lay(layer, map?.peak ?? null);
  }

  /** Where the browser cannot decode a file, the service's own drawing is shown as it is. */
  async #showDrawing(item, map) {
    const drawing = map ?? item.explanation;
    if (!drawing || drawing === this.#shownMap) return;
    this.#shownMap = drawing;
    const bitmap = await bitmapOf(pngBlob(drawing.overlay_png));
    if (this.#item !== item) return;
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    canvas.getContext("2d").drawImage(bitmap, 0, 0);
    this.#viewer.show(new Picture(1, 1, new Uint8Array(1)), item.answer.input);
    this.#viewer.opacity = 1;
    this.#viewer.lay(canvas, drawing.peak);
  }

  #tell(item, map) {
    this.frame.dataset.peak = map?.peak?.join(",") ?? "";
    this.legend.hidden = !map;
    this.opacity.disabled = !map || this.#drawnByService;
    this.windowWidth.disabled = this.#drawnByService;
    this.windowLevel.disabled = this.#drawnByService;
    if (!this.#drawnByService) this.#viewer.opacity = Number(this.opacity.value);
    const told = map ? [local(item.explanation.meaning), map.peak ? t("heat.peak", { x: number(map.peak[0]), y: number(map.peak[1]) }) : t("heat.cold.all")] : [];
    if (this.#drawnByService) told.unshift(t(item.explanation ? "viewer.drawn" : "viewer.undecodable"));
    this.caption.textContent = told.join(" ");
    this.view.classList.toggle("unseen", this.#unseen);
  }

  #readout() {
    const { picture, window, zoom } = this.#viewer;
    if (!picture) {
      this.readout.textContent = "";
      return;
    }
    this.windowWidth.max = 2 * (picture.depth - 1);
    this.windowLevel.max = picture.depth - 1;
    this.windowWidth.value = window.width;
    this.windowLevel.value = window.level;
    this.frame.dataset.window = `${Math.round(window.width)}/${Math.round(window.level)}`;
    this.frame.dataset.zoom = zoom.toFixed(2);
    this.readout.textContent = t("viewer.readout", { width: number(window.width), level: number(window.level), zoom: percent(zoom, 0) });
    const marked = this.#shownMap?.peak;
    if (marked) this.frame.dataset.peakAt = this.#viewer.place(...marked).map((value) => value.toFixed(1)).join(",");
    else delete this.frame.dataset.peakAt;
  }
}
