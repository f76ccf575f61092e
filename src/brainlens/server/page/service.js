/** The service: its paths, its problems, and the key that it may want. */

const UNREACHABLE = new Set([502, 504]);
const BUSY = new Set([429, 503]);

/** Nobody answers. */
export class Unreachable extends Error {}

/** The service asks to come again later. */
export class Busy extends Error {
  constructor(seconds) {
    super("busy");
    this.seconds = seconds;
  }
}

/** The service wants a key, or another one. */
export class KeyWanted extends Error {}

/** A request was refused; `code` is stable, `detail` and `hint` are English sentences. */
export class Refused extends Error {
  constructor(status, problem) {
    super(problem.title ?? String(status));
    this.status = status;
    this.code = (problem.type ?? "").replace("urn:brainlens:problem:", "");
    this.detail = problem.detail ?? "";
    this.hint = problem.hint ?? "";
  }
}

export class Service {
  /** In memory only; it ends with the tab. */
  #key = null;

  constructor(base = document.baseURI) {
    this.base = base;
  }

  get hasKey() {
    return this.#key !== null;
  }

  set key(value) {
    this.#key = value || null;
  }

  /** Which version and models answer. */
  state() {
    return this.#json("", { headers: { Accept: "application/json" } });
  }

  /** Whether a prediction would be taken now. */
  ready() {
    return this.#json("readyz", {});
  }

  /** Card, figures and curves of a model. */
  model(name) {
    return this.#json(`models/${encodeURIComponent(name)}`, {});
  }

  /**
   * Ask about one image.
   * @param {ArrayBuffer} bytes
   * @param {{model: string, classes?: string[]}} options with `classes`, maps are drawn for them.
   */
  predict(bytes, { model, classes }) {
    const query = new URLSearchParams({ model });
    if (classes) {
      query.set("explain", "true");
      query.set("classes", classes.join(","));
    }
    return this.#json(`predict?${query}`, {
      method: "POST",
      body: bytes,
      headers: { "Content-Type": "application/octet-stream" },
    });
  }

  async #json(path, options) {
    const headers = { Accept: "application/json", ...options.headers };
    if (this.#key !== null) headers.Authorization = `Bearer ${this.#key}`;
    let response;
    try {
      response = await fetch(new URL(path, this.base), {
        ...options, headers, cache: "no-store", credentials: "omit", redirect: "error",
      });
    } catch (error) {
      throw new Unreachable(String(error));
    }
    if (UNREACHABLE.has(response.status)) throw new Unreachable(String(response.status));
    if (BUSY.has(response.status)) throw new Busy(Number(response.headers.get("Retry-After")) || 1);
    if (response.status === 401) throw new KeyWanted();
    return this.#read(response);
  }

  async #read(response) {
    let content;
    try {
      content = await response.json();
    } catch (error) {
      if (response.ok) throw new Unreachable(String(error)); // The answer broke off.
      throw new Refused(response.status, {});
    }
    if (response.ok) return content;
    const refused = new Refused(response.status, content);
    throw refused.code === "scope-needed" ? new KeyWanted() : refused;
  }
}
