/** The controls of the top bar: service, model, language, theme, key. */

import { html, icon } from "./element.js";
import { ICONS } from "./icons.js";
import { LANGUAGES, language, t } from "./language.js";
import { THEMES } from "./theme.js";

/**
 * @param {HTMLElement} place
 * @param {Session} session
 * @param {{chooseModel: function(string), chooseLanguage: function(string), chooseTheme: function(string),
 *   askKey: function()}} actions
 */
export function controls(place, session, actions) {
  const light = html("span", { class: "light" });
  const words = html("span");
  const status = html("p", { class: "service", id: "service" }, light, words);
  const model = html("select", { id: "model-choice", on: { change: () => actions.chooseModel(model.value) } });
  const modelLabel = html("label", { class: "chosen-model" }, html("span", { class: "visually-hidden", t: "model.choose" }), model);
  const key = html("button", { class: "round", id: "key", tLabel: "key.give", tTitle: "key.give", on: { click: actions.askKey } }, icon(ICONS.key));
  const languages = html("div", { class: "switch", role: "group", tLabel: "language.choose" }, LANGUAGES.map((tag) => html("button", {
    lang: tag, data: { language: tag }, "aria-label": new Intl.DisplayNames(tag, { type: "language" }).of(tag),
    on: { click: () => actions.chooseLanguage(tag) },
  }, tag.toUpperCase())));
  const theme = html("button", { class: "round", id: "theme", on: {
    click: () => actions.chooseTheme(THEMES[(THEMES.indexOf(session.get("theme")) + 1) % THEMES.length]),
  } });
  place.append(status, modelLabel, languages, theme, key);

  let listed = "";
  return function render() {
    const state = session.get("service");
    const about = session.get("about");
    status.dataset.state = state;
    words.textContent = t(`service.${state}`);
    status.title = about ? t("service.version", { version: about.version }) : "";
    const models = about?.models ?? [];
    const names = models.map((one) => one.name).join();
    if (names !== listed) {
      listed = names;
      model.replaceChildren(...models.map((one) => html("option", { value: one.name }, `${one.name} ${one.version}`)));
    }
    model.value = session.get("model") ?? "";
    modelLabel.hidden = !models.length;
    key.hidden = state !== "key" && !session.get("hasKey");
    for (const button of languages.children) button.setAttribute("aria-pressed", String(button.dataset.language === language()));
    const chosen = session.get("theme");
    const label = t("theme.is", { theme: t(`theme.${chosen}`) });
    theme.setAttribute("aria-label", label);
    theme.title = label;
    theme.replaceChildren(icon(ICONS[chosen]));
  };
}
