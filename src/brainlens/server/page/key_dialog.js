/** Asks for an API key; it is kept in memory and ends with the tab. */

import { html } from "./element.js";
import { t } from "./language.js";

export class KeyDialog {
  #input = html("input", { type: "password", id: "key-input", autocomplete: "off", spellcheck: "false", "aria-describedby": "key-wrong key-kept" });
  #wrong = html("p", { class: "caution", id: "key-wrong", role: "alert" });
  #dialog;
  #given;
  #tried = false;

  /** @param {function(string)} given called with the key. */
  constructor(given) {
    this.#given = given;
    this.#dialog = html("dialog", { class: "card", "aria-labelledby": "key-title" },
      html("form", { method: "dialog", on: { submit: () => this.#submit() } },
        html("h2", { id: "key-title", t: "key.title" }),
        this.#wrong,
        html("label", { for: "key-input", t: "key.label" }), this.#input,
        html("p", { class: "soft", id: "key-kept", t: "key.kept" }),
        html("div", { class: "dialog-foot" },
          html("button", { class: "plain", type: "button", t: "key.cancel", on: { click: () => this.#dialog.close() } }),
          html("button", { class: "primary", type: "submit", t: "key.use" }))));
    document.body.append(this.#dialog);
  }

  /** Ask, unless it is asking already; say so where a key was given that is not taken. */
  ask() {
    if (this.#dialog.open) return;
    this.#wrong.textContent = this.#tried ? t("key.wrong") : "";
    this.#wrong.hidden = !this.#tried;
    this.#input.value = "";
    this.#dialog.showModal();
    this.#input.focus();
  }

  /** The key was taken. */
  settled() {
    this.#tried = false;
  }

  #submit() {
    if (!this.#input.value) return;
    this.#tried = true;
    this.#given(this.#input.value.trim());
    this.#input.value = "";
  }
}
