import assert from "node:assert/strict";
import test from "node:test";
import { page } from "./page.mjs";

const { Dispatcher } = await page("dispatcher.js");
const { Busy, KeyWanted, Refused, Unreachable } = await page("service.js");

const item = (name) => ({ name, model: "m", outages: 0, round: 0, answer: null, failure: null, sending: false, file: { size: 3, arrayBuffer: async () => new ArrayBuffer(3) } });
const settle = () => new Promise((done) => setTimeout(done, 5));

/** A dispatcher whose service does what `reply` says, call by call. */
function dispatching(reply) {
  const told = { answered: [], halted: [], slept: [], calls: 0, atOnce: 0, most: 0 };
  const service = {
    predict: async (bytes, options) => {
      const call = (told.calls += 1);
      told.atOnce += 1;
      told.most = Math.max(told.most, told.atOnce);
      await settle();
      told.atOnce -= 1;
      const said = reply(call, options);
      if (said instanceof Error) throw said;
      return said ?? { explanation: null };
    },
  };
  const dispatcher = new Dispatcher(service, {
    changed: () => {}, answered: (one) => told.answered.push(one.name), halted: (reason) => told.halted.push(reason),
    classesFor: () => undefined, sleep: async (seconds) => { told.slept.push(seconds); },
  });
  return { dispatcher, told };
}

async function until(condition) {
  for (let i = 0; i < 400 && !condition(); i += 1) await settle();
  assert.ok(condition());
}

test("all are answered, a few at a time", async () => {
  const { dispatcher, told } = dispatching(() => null);
  const items = Array.from({ length: 12 }, (_, i) => item(i));
  dispatcher.add(items);
  await until(() => told.answered.length === 12);
  assert.ok(told.most <= 3 && told.most > 1);
  assert.ok(items.every((one) => one.answer && !one.sending));
});

test("one that is refused fails by itself", async () => {
  const { dispatcher, told } = dispatching((call) => (call === 2 ? new Refused(400, { type: "urn:brainlens:problem:unreadable-image", detail: "d" }) : null));
  const items = [item(1), item(2), item(3)];
  dispatcher.add(items);
  await until(() => told.answered.length === 3);
  assert.deepEqual(items.filter((one) => one.failure).map((one) => one.failure.code), ["unreadable-image"]);
  assert.equal(items.filter((one) => one.answer).length, 2);
});

test("an outage holds the batch up and loses nothing", async () => {
  let up = false;
  const { dispatcher, told } = dispatching(() => (up ? null : new Unreachable("gone")));
  const items = Array.from({ length: 6 }, (_, i) => item(i));
  dispatcher.add(items);
  await until(() => dispatcher.halted === "unreachable" && told.atOnce === 0);
  assert.ok(told.calls <= 3);
  assert.ok(items.every((one) => !one.failure && !one.answer));
  up = true;
  dispatcher.resume();
  await until(() => told.answered.length === 6);
  assert.deepEqual(told.halted, ["unreachable", null]);
});

test("an image on which the connection breaks every time is given up, the others are not", async () => {
  const { dispatcher } = dispatching(() => new Unreachable("gone"));
  const one = item(1);
  dispatcher.add([one]);
  for (let i = 0; i < 12 && !one.failure; i += 1) {
    await until(() => dispatcher.halted || one.failure);
    dispatcher.resume();
  }
  await until(() => one.failure);
  assert.equal(one.failure.code, "connection-lost");
});

test("a busy service is asked again when it said", async () => {
  const { dispatcher, told } = dispatching((call) => (call < 3 ? new Busy(7) : null));
  dispatcher.add([item(1)]);
  await until(() => told.answered.length === 1);
  assert.deepEqual(told.slept, [7, 7]);
});

test("a wanted key halts until there is one", async () => {
  let key = false;
  const { dispatcher, told } = dispatching(() => (key ? null : new KeyWanted()));
  dispatcher.add([item(1)]);
  await until(() => dispatcher.halted === "key");
  key = true;
  dispatcher.resume();
  await until(() => told.answered.length === 1);
});

test("what no service takes is not even read", async () => {
  const { dispatcher, told } = dispatching(() => null);
  const huge = item(1);
  huge.file.size = 2 ** 40;
  huge.file.arrayBuffer = () => assert.fail("was read");
  dispatcher.add([huge]);
  await until(() => told.answered.length === 1);
  assert.equal(huge.failure.code, "image-too-large");
});

test("an answer of an earlier round is dropped", async () => {
  const { dispatcher, told } = dispatching(() => null);
  const one = item(1);
  dispatcher.add([one]);
  one.round += 1;
  await settle();
  await settle();
  await settle();
  assert.deepEqual([one.answer, told.answered], [null, []]);
});
