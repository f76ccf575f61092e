import assert from "node:assert/strict";
import test from "node:test";
import { page } from "./page.mjs";

const { measuredError } = await page("measured_error.js");

const bare = {
  threshold: 0.7, thresholds: { confidence: 0.7 }, decision_sha256: "d", curves: [], risk_coverage: [],
  calibration: null, metrics: [], training: { data_title: "ours" },
};
const metric = { class_id: null, split: "test", protocol: "official", n_slices: 50, n_patients: 9, level: "slice", subgroup: null, decision_sha256: "d" };
const figures = [
  { ...metric, name: "confident_accuracy", value: 0.95, interval: [0.9, 0.98] },
  { ...metric, name: "confident", value: 0.8, interval: null },
];
const near = (a, b) => assert.ok(Math.abs(a - b) < 1e-12, `${a} is not ${b}`);

test("curves of test slices are taken, at the largest measured threshold not above the wanted one", () => {
  const risk = [{ threshold: 0.7, answer_rate: 0.9, error: 0.1, error_interval: [0.05, 0.2] }, { threshold: 0.8, answer_rate: 0.7, error: 0.04, error_interval: null }];
  const of = (split) => ({ split, protocol: "grouped", data: "", n_slices: 5, n_patients: null, decision_sha256: "d", risk });
  const model = { ...bare, metrics: figures, curves: [of("val"), of("test")] };
  assert.equal(measuredError(model, 0.79).error, 0.1);
  assert.equal(measuredError(model, 0.8).error, 0.04);
  assert.equal(measuredError(model, 0.8).split, "test");
  assert.equal(measuredError(model, 0.8).data, "ours");
  assert.equal(measuredError(model, 0.6), null);
});

test("curves of a file that decides otherwise say nothing of this one", () => {
  const risk = [{ threshold: 0, answer_rate: 1, error: 0.5, error_interval: null }];
  const of = (decision_sha256) => ({ split: "test", protocol: "grouped", data: "", n_slices: 5, n_patients: null, decision_sha256, risk });
  assert.equal(measuredError({ ...bare, curves: [of("other")] }, 0.7), null);
  assert.equal(measuredError({ ...bare, curves: [of("other"), of("d")] }, 0.7).error, 0.5);
});

test("without curves the table of the calibration, without an interval", () => {
  const model = { ...bare, risk_coverage: [{ threshold: 0.7, answer_rate: 0.9, error_among_answered: 0.1 }, { threshold: 0.99, answer_rate: 0 }], calibration: { n_slices: 7, n_patients: 3, split: "val", protocol: "official" } };
  assert.equal(measuredError(model, 0.75).error, 0.1);
  assert.equal(measuredError(model, 0.75).interval, null);
  assert.equal(measuredError(model, 0.75).n_patients, 3);
  assert.equal(measuredError(model, 0.99).error, null);
});

test("without either the single figure, at the model's own threshold alone", () => {
  const model = { ...bare, metrics: figures };
  const found = measuredError(model, 0.7);
  near(found.error, 0.05);
  near(found.interval[0], 0.02);
  near(found.interval[1], 0.1);
  assert.equal(found.answerRate, 0.8);
  assert.equal(measuredError(model, 0.71), null);
  assert.equal(measuredError({ ...model, threshold: 0.8 }, 0.8), null);
  assert.equal(measuredError({ ...model, metrics: figures.map((one) => ({ ...one, decision_sha256: "other" })) }, 0.7), null);
});

test("nothing measured, nothing said", () => {
  assert.equal(measuredError(bare, 0.7), null);
  assert.equal(measuredError(null, 0.7), null);
});
