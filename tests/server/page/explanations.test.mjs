import assert from "node:assert/strict";
import test from "node:test";
import { page } from "./page.mjs";

const { Explanations } = await page("explanations.js");
const { Busy, Refused, Unreachable } = await page("service.js");

const maps = { class: "a", others: [] };

function answered(status = "answered") {
  return { model: "m", file: { arrayBuffer: async () => new ArrayBuffer(1) }, answer: { status }, explanation: null };
}

/** Explanations of a service that does one thing after the other; `slept` grows by each pause. */
function explaining(...acts) {
  const slept = [];
  const asked = [];
  const service = {
    predict: async (bytes, options) => {
      asked.push(options);
      const act = acts.shift();
      if (act instanceof Error) throw act;
      return { explanation: act };
    },
  };
  return { slept, asked, maps: new Explanations(service, () => ["a", "b"], async (seconds) => slept.push(seconds)) };
}

test("maps of every class are asked for, once", async () => {
  const told = explaining(maps);
  const item = answered();
  assert.equal(await told.maps.fetch(item), true);
  assert.equal(item.explanation, maps);
  assert.equal(await told.maps.fetch(item), false);
  assert.deepEqual(told.asked, [{ model: "m", classes: ["a", "b"] }]);
});

test("a busy or absent service is asked again, after a pause", async () => {
  const told = explaining(new Busy(3), new Unreachable("gone"), maps);
  const item = answered();
  assert.equal(await told.maps.fetch(item), true);
  assert.equal(await told.maps.fetch(item), true);
  assert.equal(item.explanation, null);
  assert.equal(await told.maps.fetch(item), true);
  assert.equal(item.explanation, maps);
  assert.deepEqual(told.slept, [3, 1]);
});

test("a refusal is the last word", async () => {
  const told = explaining(new Refused(422, {}), maps);
  const item = answered();
  assert.equal(await told.maps.fetch(item), false);
  assert.equal(await told.maps.fetch(item), false);
  assert.equal(told.asked.length, 1);
});

test("no map is asked for of what was rejected or has no answer", async () => {
  const told = explaining();
  assert.equal(await told.maps.fetch(answered("rejected")), false);
  assert.equal(await told.maps.fetch({ ...answered(), answer: null }), false);
  assert.deepEqual(told.asked, []);
});
