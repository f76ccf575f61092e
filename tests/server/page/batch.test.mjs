import assert from "node:assert/strict";
import test from "node:test";
import { page } from "./page.mjs";

const { shown } = await page("batch_order.js");
const { csv, json } = await page("batch_file.js");
const { truthOf } = await page("truth.js");

const item = (id, path, answer, more = {}) => ({ id, path, model: "m", failure: null, truth: null, answer, ...more });
const answer = (name, confidence, status = "answered") => ({
  status, confidence, reasons: status === "answered" ? [] : ["low_confidence"], predicted_class: name,
  seen_in_training: false, probabilities: { a: confidence, b: 1 - confidence }, model: { decision_sha256: "d" },
  explanation: { overlay_png: "x" },
});
const items = [
  item(1, "s/slice10.png", answer("b", 0.9)), item(2, "s/slice2.png", answer("a", 0.95)),
  item(3, "s/broken.png", null, { failure: { code: "unreadable-image", detail: "cut, short", hint: "" } }),
  item(4, "t/last.png", answer("a", 0.5, "abstained")),
];
const view = { threshold: 0.7, filter: "all", search: "", column: null, descending: false };
const ids = (more) => shown([...items], { ...view, ...more }).map((one) => one.id);

test("columns sort, numbers in names by value, what has no value last in both directions", () => {
  assert.deepEqual(ids({}), [1, 2, 3, 4]);
  assert.deepEqual(ids({ column: "name" }), [3, 2, 1, 4]);
  assert.deepEqual(ids({ column: "confidence" }), [4, 1, 2, 3]);
  assert.deepEqual(ids({ column: "confidence", descending: true }), [2, 1, 4, 3]);
});

test("filters and search let through what they say, at the threshold", () => {
  assert.deepEqual(ids({ filter: "answered" }), [1, 2]);
  assert.deepEqual(ids({ filter: "answered", threshold: 0.92 }), [2]);
  assert.deepEqual(ids({ filter: "abstained", threshold: 0.92 }), [1, 4]);
  assert.deepEqual(ids({ filter: "failed" }), [3]);
  assert.deepEqual(ids({ search: " SLICE " }), [1, 2]);
});

test("CSV quotes what needs it, keeps formulas harmless, and tells failures", () => {
  const rows = csv([...items, item(5, '=cmd("x")', answer("a", 0.8), { truth: { id: "a" } })], 0.92).split("\r\n");
  assert.equal(rows[0], "path,label,status,reasons,predicted_class,confidence,seen_in_training,error,threshold,model,decision_sha256,p:a,p:b");
  assert.equal(rows[1].slice(0, 50), "s/slice10.png,,abstained,low_confidence,b,0.9,fals");
  assert.equal(rows[3], 's/broken.png,,,,,,,"unreadable-image: cut, short",0.92,m,,,');
  assert.ok(rows[5].startsWith("\"'=cmd(\"\"x\"\")\",a,abstained,"));
  assert.equal(rows.length, 7);
});

test("JSON keeps the answers and leaves the pictures out", () => {
  const told = JSON.parse(json(items, 0.92, "words"));
  assert.equal(told.disclaimer, "words");
  assert.equal(told.images[0].answer.confidence, 0.9);
  assert.equal(told.images[0].answer.explanation, null);
  assert.equal(told.images[0].at_threshold.status, "abstained");
  assert.equal(told.images[2].failure.code, "unreadable-image");
});

test("truth is read from folders by id, then alias, the innermost first", () => {
  const classes = [{ id: "alpha", aliases: ["one"] }, { id: "beta", aliases: ["alpha2"] }];
  assert.deepEqual(truthOf("set/Alpha/x.png", classes), { id: "alpha", alias: null });
  assert.deepEqual(truthOf("alpha/ONE/x.png", classes), { id: "alpha", alias: "ONE" });
  assert.deepEqual(truthOf("alpha/beta/x.png", classes), { id: "beta", alias: null });
  assert.equal(truthOf("alpha.png", classes), null);
  assert.equal(truthOf("other/x.png", classes), null);
});
