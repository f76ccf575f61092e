/** The maps of the selected image: asked for when it is looked at, decoded once. */

import { bitmapOf, fromBitmap } from "./viewer/picture.js";
import { coloured } from "./viewer/heat.js";
import { Busy, KeyWanted, Refused, Unreachable } from "./service.js";

/** Which map of an explanation is the lesion map, beside the ids of classes. */
export const LESION = "lesion map";

/** The maps that an explanation holds, by class id; the lesion map, where there is one, last. */
export function mapsOf(explanation) {
  const maps = new Map([explanation, ...explanation.others].map((map) => [map.class, map]));
  if (explanation.lesion_map) maps.set(LESION, explanation.lesion_map);
  return maps;
}

/** A PNG in base64 as a blob. */
export function pngBlob(base64) {
  return new Blob([Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))], { type: "image/png" });
}

export class Explanations {
  #service;
  #classIds;
  #sleep;
  #asked = new WeakSet();
  #drawn = new WeakMap();

  /**
   * @param {import("./service.js").Service} service
   * @param {function(string): string[]} classIds of a model.
   * @param {function(number): Promise} [sleep] for so many seconds.
   */
  constructor(service, classIds, sleep = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000))) {
    this.#sleep = sleep;
    this.#service = service;
    this.#classIds = classIds;
  }

  /**
   * Ask for the maps of an answered item that has none; the answer it already has stays.
   * @returns {Promise<boolean>} whether there is anything new: the maps, or that asking again may help.
   */
  async fetch(item) {
    const answer = item.answer;
    if (!answer || item.explanation || answer.status === "rejected" || this.#asked.has(answer)) return false;
    this.#asked.add(answer);
    try {
      const bytes = await item.file.arrayBuffer();
      const explained = await this.#service.predict(bytes, { model: item.model, classes: this.#classIds(item.model) });
      if (item.answer !== answer) return false;
      item.explanation = explained.explanation;
    } catch (error) {
      const foreseen = [Busy, KeyWanted, Refused, Unreachable, DOMException];
      if (!foreseen.some((kind) => error instanceof kind)) throw error;
      if (error instanceof Refused || error instanceof DOMException) return false; // As it would be the next time.
      await this.#sleep(error instanceof Busy ? error.seconds : 1);
      this.#asked.delete(answer);
    }
    return true;
  }

  /** One map in colour, drawn once. */
  async layer(map) {
    if (!this.#drawn.has(map)) this.#drawn.set(map, coloured(fromBitmap(await bitmapOf(pngBlob(map.map_png)))));
    return this.#drawn.get(map);
  }
}
