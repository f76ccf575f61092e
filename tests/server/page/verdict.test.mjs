import assert from "node:assert/strict";
import test from "node:test";
import { page } from "./page.mjs";

const { right, tally, verdict } = await page("verdict.js");

const item = (status, confidence, reasons = [], more = {}) => ({
  failure: null, truth: null, answer: { status, confidence, reasons, predicted_class: "a" }, ...more,
});

test("a raised threshold turns answers into abstentions, at once and back", () => {
  const answered = item("answered", 0.8);
  assert.equal(verdict(answered, 0.7).status, "answered");
  assert.equal(verdict(answered, 0.8).status, "answered");
  assert.deepEqual(verdict(answered, 0.81), { status: "abstained", reasons: ["low_confidence"] });
});

test("no threshold answers what a gate held back, or names a class of what was rejected", () => {
  const gated = item("abstained", 0.9, ["out_of_distribution"]);
  assert.deepEqual(verdict(gated, 0), { status: "abstained", reasons: ["out_of_distribution"] });
  assert.deepEqual(verdict(gated, 0.95).reasons, ["out_of_distribution", "low_confidence"]);
  assert.deepEqual(verdict(item("rejected", null, ["not_brain_mr"]), 0.99), { status: "rejected", reasons: ["not_brain_mr"] });
});

test("what failed or waits has no answer to be judged", () => {
  assert.equal(verdict({ failure: { code: "x" }, answer: null }, 0.7).status, "failed");
  assert.equal(verdict({ failure: null, answer: null }, 0.7).status, "waiting");
});

test("right and wrong are counted among the answered with a known truth alone", () => {
  const items = [
    item("answered", 0.9, [], { truth: { id: "a" } }), item("answered", 0.75, [], { truth: { id: "b" } }),
    item("answered", 0.9), item("abstained", 0.5, ["low_confidence"], { truth: { id: "a" } }),
  ];
  assert.deepEqual(items.map((one) => right(one, 0.7)), [true, false, null, null]);
  const at = tally(items, 0.7);
  assert.deepEqual([at.answered, at.abstained, at.known, at.right], [3, 1, 2, 1]);
  const higher = tally(items, 0.8);
  assert.deepEqual([higher.answered, higher.abstained, higher.known, higher.right], [2, 2, 1, 1]);
});
