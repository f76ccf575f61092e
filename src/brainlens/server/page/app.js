/** The page: puts its parts together and says what follows from what. */

import { answerView } from "./answer_view.js";
import { csv, json, save } from "./batch_file.js";
import { batchView } from "./batch_view.js";
import { controls } from "./controls.js";
import { Dispatcher } from "./dispatcher.js";
import { html } from "./element.js";
import { exampleFile } from "./examples.js";
import { Explanations } from "./explanations.js";
import { intakeView } from "./intake_view.js";
import { Item } from "./item.js";
import { KeyDialog } from "./key_dialog.js";
import { choose, local, t, translate, use } from "./language.js";
import { recall, remember } from "./preferences.js";
import { fillSheet } from "./print_view.js";
import { verdictWords, reasonWords } from "./sentences.js";
import { Service, Refused } from "./service.js";
import { Session } from "./session.js";
import { attachTabs } from "./tabs.js";
import { show as showTheme } from "./theme.js";
import { thresholdView } from "./threshold_view.js";
import { truthOf } from "./truth.js";
import { verdict } from "./verdict.js";
import { ViewerPanel } from "./viewer_panel.js";
import { Watch } from "./watch.js";

const MOST_THRESHOLD = 0.99;
const byId = (id) => document.getElementById(id);

await use(choose([recall("language"), ...navigator.languages].filter(Boolean)));

const service = new Service();
const modelState = (name) => session.get("about")?.models.find((one) => one.name === name) ?? null;
const classesOf = (name) => modelState(name)?.classes ?? [];
const session = new Session({
  theme: showTheme(recall("theme")), service: "connecting", about: null, model: null, descriptions: new Map(),
  wantedThreshold: Number(recall("threshold") ?? 0), threshold: 0, batch: [], selected: null, halted: null, hasKey: false, tab: "images",
  classesOf,
  isSynthetic: (name) => Boolean(modelState(name)?.synthetic),
  displayName: (id) => local((session.get("about")?.models ?? []).flatMap((one) => one.classes).find((one) => one.id === id)?.display_name) || id,
});

const announce = (text) => { byId("announcer").textContent = text; };
/** Models that were asked what they are and have not answered yet. */
const asking = new Set();
const classIds = (model) => classesOf(model).map((one) => one.id);
const explanations = new Explanations(service, classIds);
const dispatcher = new Dispatcher(service, {
  changed: () => session.touch(),
  answered: (item) => {
    if (item.answer) keyDialog.settled();
    if (item === session.get("selected")) announceAnswer(item);
  },
  halted: (reason) => {
    session.set({ halted: reason });
    if (reason === "unreachable") session.set({ service: "unreachable" });
    if (reason === "unreachable") watch.alarm();
    if (reason === "key") askKey();
  },
  // The image that is looked at comes with its maps; the others get them when they are opened.
  classesFor: (item) => (item === session.get("selected") ? classIds(item.model) : undefined),
});
const keyDialog = new KeyDialog((key) => {
  service.key = key;
  session.set({ hasKey: true });
  dispatcher.resume();
  watch.look();
});
const watch = new Watch(service, (state, about) => {
  session.set({ service: dispatcher.halted === "key" ? "key" : state });
  if (state === "key") askKey();
  if (!about) return;
  session.set({ about });
  if (!modelState(session.get("model"))) chooseModel(about.models.find((one) => one.default).name);
  describeShown();
  if (dispatcher.halted === "unreachable") dispatcher.resume();
});

function askKey() {
  session.set({ service: "key" });
  keyDialog.ask();
}

function announceAnswer(item) {
  const threshold = session.get("threshold");
  const found = verdict(item, threshold);
  const told = item.failure ? reasonWords(item) : verdictWords(item.answer, found, threshold, classesOf(item.model).length);
  announce(`${item.name}: ${told}`);
}

/** The model that the page speaks of: that of the selected image, else the chosen one. */
function subject() {
  return session.get("selected")?.model ?? session.get("model");
}

/** The threshold in use: as wanted, yet never below the model's own. */
function settleThreshold() {
  const own = modelState(subject())?.threshold ?? 0;
  const most = Math.max(own, MOST_THRESHOLD);
  const threshold = Math.min(Math.max(session.get("wantedThreshold"), own), most);
  session.set({ subject: subject(), ownThreshold: own, threshold });
}

function chooseThreshold(wanted) {
  remember("threshold", wanted);
  session.set({ wantedThreshold: wanted });
  settleThreshold();
}

/** Use a model for what comes, and ask it anew about what is there. */
function chooseModel(name) {
  session.set({ model: name });
  const again = session.get("batch").filter((item) => !item.synthetic && item.model !== name);
  dispatcher.clear();
  for (const item of again) {
    item.ask(name);
    readTruth(item);
  }
  dispatcher.add(session.get("batch").filter((item) => !item.answer && !item.failure && !item.sending));
  settleThreshold();
  describeShown();
}

/** Ask what the models in sight say of themselves; nothing is asked before one of them is. */
function describeShown() {
  if (session.get("selected")) describe(subject());
  if (session.get("tab") === "model" && session.get("about")) describe(session.get("model"));
}

/** Ask once what a model says of itself. */
async function describe(name) {
  if (session.get("descriptions").has(name) || asking.has(name)) return;
  asking.add(name);
  try {
    const description = await service.model(name);
    session.set({ descriptions: new Map(session.get("descriptions")).set(name, description) });
  } catch (error) {
    if (error instanceof Refused) throw error;
    watch.alarm(); // Nobody answers, or wants a key: the watch finds out which, and asks again.
  } finally {
    asking.delete(name);
  }
}

function readTruth(item) {
  item.truth = truthOf(item.path, classesOf(item.model));
}

function addItems(items) {
  if (!items.length) return;
  for (const item of items) readTruth(item);
  session.set({ batch: [...session.get("batch"), ...items] });
  if (!session.get("selected")) select(items[0], false);
  dispatcher.add(items);
  location.hash = "images";
}

function select(item, andGo) {
  session.set({ selected: item });
  settleThreshold();
  describeShown();
  if (andGo) requestAnimationFrame(() => byId("answer").focus());
}

const actions = {
  add: (files) => addItems(files.map(({ file, path }) => new Item(file, path, { model: session.get("model") }))),
  addExample: async (example) => {
    const model = session.get("about").models.find((one) => one.synthetic).name;
    let file;
    try {
      file = await exampleFile(example);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      return watch.alarm(); // Shown by the light at the top.
    }
    const item = new Item(file, file.name, { model, synthetic: true });
    addItems([item]);
    return select(item, false);
  },
  select,
  clear: () => {
    dispatcher.clear();
    session.set({ batch: [], selected: null });
    settleThreshold();
    byId("files").previousElementSibling?.focus();
  },
  saveCsv: () => save(csv(session.get("batch"), session.get("threshold")), "brainlens.csv", "text/csv"),
  saveJson: () => save(json(session.get("batch"), session.get("threshold"), `${t("said.aid")} ${t("said.device")}`), "brainlens.json", "application/json"),
  print: () => window.print(),
};

const intake = intakeView(session, actions);
const threshold = thresholdView(session, chooseThreshold);
const batch = batchView(session, actions);
const answer = answerView(session);
const panel = new ViewerPanel(session, explanations);
byId("view-images").append(intake.view, panel.view, html("div", { class: "reading" }, answer.view, threshold.view), batch.view);
byId("said").append(html("p", { t: "said.aid" }), html("p", { t: "said.device" }));
const renderControls = controls(byId("controls"), session, {
  chooseModel,
  chooseLanguage: async (tag) => {
    remember("language", tag);
    await use(tag, document);
    session.touch();
  },
  chooseTheme: (theme) => {
    remember("theme", theme === "auto" ? null : theme);
    session.set({ theme: showTheme(theme) });
  },
  askKey,
});

/** The model's view is loaded when it is first looked at. */
let modelView = null;
async function renderModel() {
  if (session.get("tab") !== "model") return;
  modelView ??= import("./model/model_view.js").then((module) => module.modelView(byId("view-model"), session));
  (await modelView)();
}

session.listen(() => {
  document.body.classList.toggle("has-batch", session.get("batch").length > 0);
  renderControls();
  for (const part of [intake, threshold, batch, answer, panel]) part.render();
  renderModel();
});
window.addEventListener("beforeprint", () => {
  if (session.get("tab") === "images") fillSheet(byId("print"), session, panel.picture());
});
translate(document);
attachTabs((tab) => {
  document.body.dataset.tab = tab;
  session.set({ tab });
  describeShown();
});
session.touch();
watch.look();
