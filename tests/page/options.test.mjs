// How the subjects act, as the layout's rows say it.

import assert from "node:assert/strict";
import test from "node:test";

import {
  actingOf,
  changedOptions,
  formatOptions,
  parseOptions,
  sceneToggled,
  timeChanged,
} from "../../web/layout_editor/options.js";

const DOG = { name: "dog", image: null };
const TUNED = { ...DOG, weight: 0.5, start_percent: 0.2, end_percent: 0.7, off: true };

test("a text of options is read as it was written, and nothing is said by no text", () => {
  for (const options of [[{ weight: 0.8 }], [{}, { enabled: false, everywhere: true }]]) {
    assert.deepEqual(parseOptions(formatOptions(options)), options);
  }
  for (const options of [[], [{}, {}], [undefined, {}]]) assert.equal(formatOptions(options), "");
  assert.deepEqual(parseOptions(" "), []);
  assert.equal(formatOptions([undefined, { weight: 1 }, {}]), '[{},{"weight":1}]');
});

test("what Python refuses is refused", () => {
  const faulty = [
    "on", "{}", "[1]", "[null]", "[[]]", '[{"wieght": 1}]', '[{"weight": "1"}]', '[{"weight": 4}]',
    '[{"weight": -1}]', '[{"start_percent": 60}]', '[{"start_percent": 0.6, "end_percent": 0.4}]',
    '[{"enabled": 1}]', '[{"everywhere": null}]', '[{"toString": 1}]',
  ];
  for (const text of faulty) assert.throws(() => parseOptions(text), { key: "noOptions" }, text);
});

test("a row counts in place of what the nodes before say, each value by itself", () => {
  const plain = { enabled: true, everywhere: false, start_percent: 0, end_percent: 1 };
  assert.deepEqual(actingOf(undefined, undefined), { ...plain, weight: undefined });
  assert.deepEqual(actingOf(DOG, { weight: 0 }), { ...plain, weight: 0 });
  const { enabled, weight, end_percent: end } = actingOf(TUNED, { enabled: true, end_percent: 1 });
  assert.deepEqual([enabled, weight, end], [true, 0.5, 1]);
});

test("a value that is the subject's own is not written, one that was set can be taken out", () => {
  const set = changedOptions([], 1, TUNED, { enabled: true, weight: 0.5 });
  assert.equal(formatOptions(set), '[{},{"enabled":true}]');
  assert.equal(formatOptions(changedOptions(set, 1, TUNED, { enabled: false })), "");
  const others = [{ weight: 1 }];
  assert.equal(formatOptions(changedOptions(others, 0, DOG, { weight: undefined })), "");
  assert.deepEqual(others, [{ weight: 1 }]);
});

test("a scene gets the authors' weight, unless it has one, and loses it again", () => {
  const on = (subject, option) => changedOptions([option], 0, subject, sceneToggled(actingOf(subject, option), option))[0];
  assert.deepEqual(on(DOG, {}), { everywhere: true, weight: 0.4 });
  assert.deepEqual(on(DOG, { everywhere: true, weight: 0.4 }), {});
  assert.deepEqual(on(DOG, { weight: 0.9 }), { weight: 0.9, everywhere: true });
  assert.deepEqual(on(DOG, { weight: 0.9, everywhere: true }), { weight: 0.9 });
  assert.deepEqual(on({ ...DOG, everywhere: true, weight: 0.3 }, {}), { everywhere: false });
});

test("neither end of a time passes the other", () => {
  const now = { start_percent: 0.2, end_percent: 0.6 };
  assert.deepEqual(timeChanged(now, "start_percent", 0.4), { start_percent: 0.4, end_percent: 0.6 });
  assert.deepEqual(timeChanged(now, "start_percent", 0.8), { start_percent: 0.8, end_percent: 0.8 });
  assert.deepEqual(timeChanged(now, "end_percent", 0.1), { start_percent: 0.1, end_percent: 0.1 });
});
