/** What the page shows apart from the images: a few values, and who wants to know of a change. */

export class Session {
  #values;
  #listeners = new Set();
  #due = false;

  constructor(values) {
    this.#values = { ...values };
  }

  /** The value of a name, undefined where there is none. */
  get(name) {
    return this.#values[name];
  }

  /** Change values; listeners hear of it once, before the next picture is drawn. */
  set(values) {
    const changed = Object.keys(values).filter((name) => !Object.is(this.#values[name], values[name]));
    if (!changed.length) return;
    Object.assign(this.#values, values);
    this.touch();
  }

  /** Let listeners look again, for what they show is no value of the session alone. */
  touch() {
    if (this.#due) return;
    this.#due = true;
    // A hidden tab draws no pictures, yet its batch goes on.
    const later = document.hidden ? (run) => setTimeout(run, 100) : requestAnimationFrame;
    later(() => {
      this.#due = false;
      for (const listener of this.#listeners) listener();
    });
  }

  /** Call `listener` after every change. */
  listen(listener) {
    this.#listeners.add(listener);
  }
}
