// What the menu of a box offers.

import assert from "node:assert/strict";
import test from "node:test";

import { offers } from "../../web/layout_editor/menu.js";

const A = [0.1, 0.2, 0.4, 0.6];
const B = [0.58, 0.3, 0.9, 0.85];
const NONE = [0, 0, 0, 0];
const SUBJECTS = [{ name: "cat" }, { name: "dog" }, { name: "bird" }];
const view = { boxes: [A, NONE, B], selected: -1, second: -1, subjects: SUBJECTS, readOnly: false };

function can(index, change = {}) {
  return offers({ ...view, ...change }, index).filter((one) => one.can).map((one) => one.key);
}

/** The boxes after an offer. */
function after(index, key) {
  return offers(view, index).find((one) => one.key === key).detail(view).boxes;
}

test("what can be done with the first, one in the middle without an area, and the last box", () => {
  const always = ["menuRename", "menuPicture", "menuWhole"];
  assert.deepEqual(can(0), [...always, "menuNoArea", "menuCopy", "menuDown", "menuRemove"]);
  assert.deepEqual(can(1), [...always, "menuArea", "menuUp", "menuDown", "menuRemove"]);
  assert.deepEqual(can(2), [...always, "menuNoArea", "menuCopy", "menuUp", "menuRemove"]);
});

test("boxes from another node are not changed, nor names", () => {
  assert.deepEqual(can(0, { readOnly: true }), ["menuPicture"]);
  assert.ok(!can(0, { subjects: [{ name: "cat", fixed: true }] }).includes("menuRename"));
});

test("each does it to its own box, whichever is selected", () => {
  assert.deepEqual(after(2, "menuWhole"), [A, NONE, [0, 0, 1, 1]]);
  assert.deepEqual(after(0, "menuNoArea"), [NONE, NONE, B]);
  assert.deepEqual(after(0, "menuDown"), [NONE, A, B]);
  assert.deepEqual(after(2, "menuUp"), [A, B, NONE]);
  assert.deepEqual(after(1, "menuRemove"), [A, B]);
  const copied = after(2, "menuCopy");
  assert.deepEqual(copied.slice(0, 3), [A, NONE, B]);
  assert.equal(copied.length, 4);
});

test("words are offered where the layout has some or may get some, and can be written", () => {
  const words = { lines: [], fixed: null };
  for (const change of [{ words }, { words: null, takesWords: true }]) {
    assert.ok(can(0, change).includes("menuWords"));
    assert.ok(can(0, { ...change, readOnly: true }).includes("menuWords"));
  }
  assert.ok(!offers(view, 0).some(({ key }) => key === "menuWords"));
  assert.ok(!can(0, { words: { ...words, fixed: "wordsElsewhere" } }).includes("menuWords"));
});
