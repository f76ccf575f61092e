/** One image of the batch. */

let last = 0;

export class Item {
  /**
   * @param {File} file
   * @param {string} path with folders, where it was dropped with them.
   * @param {{model: string, synthetic?: boolean}} options which model answers, and whether the image
   *   is an example of the page.
   */
  constructor(file, path, { model, synthetic = false }) {
    this.id = ++last;
    this.file = file;
    this.path = path;
    this.model = model;
    this.synthetic = synthetic;
    this.truth = null;
    /** How often the connection broke off while it was sent. */
    this.outages = 0;
    /** How often it was sent for anew: an answer of an earlier round is stale. */
    this.round = 0;
    this.forget();
  }

  /** The file's name without its folders. */
  get name() {
    return this.path.slice(this.path.lastIndexOf("/") + 1);
  }

  /** Go back to the state before it was sent. */
  forget() {
    this.round += 1;
    this.sending = false;
    this.answer = null;
    this.explanation = null;
    this.failure = null;
  }

  /** Let it be answered by another model. */
  ask(model) {
    this.model = model;
    this.forget();
  }
}
