/** Sends the batch to the service, a few images at a time; an outage holds it up and loses nothing. */

import { Busy, KeyWanted, Refused, Unreachable } from "./service.js";

const LANES = 3;
/** No service takes more, whatever its settings; such a file is not even read. */
const LARGEST = 32 * 1024 * 1024;
const LONGEST_PAUSE_S = 8;
/** An image on which the connection breaks this often, while the service comes back, is given up. */
const MOST_OUTAGES = 10;

export class Dispatcher {
  #service;
  #waiting = [];
  #lanes = 0;
  #halted = null;
  #hooks;

  /**
   * @param {import("./service.js").Service} service
   * @param {{changed: function(), answered: function(Item), halted: function("unreachable"|"key"|null),
   *   classesFor: function(Item): string[]|undefined, sleep?: function(number): Promise}} hooks
   *   `classesFor` says whose maps to draw with an answer, undefined for none.
   */
  constructor(service, hooks) {
    this.#service = service;
    this.#hooks = { sleep: (seconds) => new Promise((done) => setTimeout(done, seconds * 1000)), ...hooks };
  }

  /** Why nothing is sent at present: "unreachable", "key", or null. */
  get halted() {
    return this.#halted;
  }

  /** Send items, after those that wait already. */
  add(items) {
    this.#waiting.push(...items);
    this.#fill();
  }

  /** Do not send what still waits. */
  clear() {
    this.#waiting = [];
  }

  /** Go on after a halt. */
  resume() {
    this.#halt(null);
    this.#fill();
  }

  #fill() {
    while (!this.#halted && this.#lanes < LANES && this.#waiting.length) {
      this.#lanes += 1;
      this.#send(this.#waiting.shift()).finally(() => {
        this.#lanes -= 1;
        this.#fill();
      });
    }
  }

  async #send(item) {
    if (item.file.size > LARGEST) return this.#fail(item, { code: "image-too-large" });
    const { round } = item;
    const stale = () => item.round !== round;
    let bytes;
    item.sending = true;
    this.#hooks.changed();
    try {
      bytes = await item.file.arrayBuffer();
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
      return this.#fail(item, { code: "file-gone" });
    }
    if (stale()) return undefined;
    try {
      const answer = await this.#ask(item, bytes);
      if (stale()) return undefined;
      item.sending = false;
      item.answer = answer;
      item.explanation = answer.explanation;
      this.#hooks.answered(item);
    } catch (error) {
      if (stale()) return undefined;
      if (error instanceof Refused) return this.#fail(item, error);
      this.#wait(item, error);
    }
    return this.#hooks.changed();
  }

  /** Ask until there is an answer or a refusal; a busy service is asked again when it said. */
  async #ask(item, bytes) {
    for (let pause = 1; ; pause = Math.min(2 * pause, LONGEST_PAUSE_S)) {
      try {
        return await this.#service.predict(bytes, { model: item.model, classes: this.#hooks.classesFor(item) });
      } catch (error) {
        if (!(error instanceof Busy)) throw error;
        await this.#hooks.sleep(Math.max(pause, error.seconds));
      }
    }
  }

  #fail(item, { code, detail = "", hint = "" }) {
    item.sending = false;
    item.failure = { code, detail, hint };
    this.#hooks.answered(item);
    this.#hooks.changed();
  }

  /** Put an item back in front, and stop until there is a service or a key. */
  #wait(item, error) {
    item.sending = false;
    if (error instanceof Unreachable) item.outages += 1;
    if (item.outages > MOST_OUTAGES) return this.#fail(item, { code: "connection-lost" });
    this.#waiting.unshift(item);
    if (error instanceof KeyWanted) this.#halt("key");
    else if (error instanceof Unreachable) this.#halt("unreachable");
    else throw error;
    return undefined;
  }

  #halt(reason) {
    if (this.#halted === reason) return;
    this.#halted = reason;
    this.#hooks.halted(reason);
  }
}
