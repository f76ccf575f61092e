/** Watches whether the service answers, seldom while it does, often while it does not. */

import { Busy, KeyWanted, Unreachable } from "./service.js";

const CALM_MS = 15_000;
const BUSY_MS = 2_000;
const FIRST_MS = 500;
const SLOWEST_MS = 5_000;

export class Watch {
  #service;
  #told;
  #timer = null;
  #delay = FIRST_MS;

  /**
   * @param {import("./service.js").Service} service
   * @param {function("ready"|"busy"|"unreachable"|"key", object|null)} told called after every look;
   *   with the service's state where it was read.
   */
  constructor(service, told) {
    this.#service = service;
    this.#told = told;
    document.addEventListener("visibilitychange", () => { if (!document.hidden) this.look(); });
  }

  /** Look now, and go on looking. */
  async look() {
    clearTimeout(this.#timer);
    const [status, state] = await this.#see();
    this.#delay = status === "unreachable" ? Math.min(2 * this.#delay, SLOWEST_MS) : FIRST_MS;
    clearTimeout(this.#timer);
    // Without a key the person is asked; looking again by itself would only count as a wrong try.
    if (status !== "key") {
      const delays = { ready: CALM_MS, busy: BUSY_MS, unreachable: this.#delay };
      this.#timer = setTimeout(() => this.look(), delays[status]);
    }
    this.#told(status, state);
  }

  /** Look again soon: somebody found that nobody answers. */
  alarm() {
    this.#delay = FIRST_MS;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.look(), FIRST_MS);
  }

  async #see() {
    try {
      const state = await this.#service.state();
      return [await this.#readiness(), state];
    } catch (error) {
      if (error instanceof Unreachable) return ["unreachable", null];
      if (error instanceof KeyWanted) return ["key", null];
      if (error instanceof Busy) return ["busy", null];
      throw error;
    }
  }

  async #readiness() {
    try {
      await this.#service.ready();
      return "ready";
    } catch (error) {
      if (error instanceof Busy) return "busy";
      throw error;
    }
  }
}
