// What is spoken of boxes.

import assert from "node:assert/strict";
import test from "node:test";

import { actingSpoken, nameOf, spoken } from "../../web/layout_editor/words.js";

const A = [0.1, 0.2, 0.4, 0.6];
const B = [0.55, 0.2, 0.95, 0.6];
const NO_AREA = [0, 0, 0, 0];

function view(boxes, selected = -1, changes = {}) {
  const subjects = [{ name: "dog" }, { name: "beer mug" }];
  return { boxes, selected, all: false, subjects, names: [], ...changes };
}

test("how a subject acts is spoken", () => {
  const said = (option) => {
    const acting = [{ enabled: true, everywhere: false, start_percent: 0, end_percent: 1, ...option }];
    return actingSpoken({ ...view([A]), acting, options: [option] }, 0);
  };
  assert.equal(said({}), "Box 1, dog: as the nodes before say");
  assert.equal(said({ enabled: false, weight: 0.8 }), "Box 1, dog: off, × 0.8");
  assert.equal(said({ start_percent: 0.2, end_percent: 0.55 }), "Box 1, dog: 20–55 %");
});

test("a box is called as its subject, one without a subject as it was named", () => {
  const named = view([A, A, A, A], -1, { names: ["old", undefined, "cup"] });
  assert.deepEqual([0, 1, 2, 3].map((index) => nameOf(named, index)), ["dog", "beer mug", "cup", ""]);
  assert.equal(nameOf(view([A], 0, { subjects: [{ name: "" }], names: ["cup"] }), 0), "");
});

test("a box that has changed is spoken with its place, and so is one that is selected", () => {
  const said = "Box 2, beer mug, 55 to 95 % from the left, 20 to 60 % from the top";
  assert.equal(spoken([A, A], view([A, B], 1)), said);
  assert.equal(spoken([A, B], view([A, B], 1)), said);
  assert.equal(spoken([A], view([A, B], 1)), said);
  assert.equal(spoken([A, B], view([A, NO_AREA], 1)), "Box 2, beer mug, no area");
});

test("several boxes that have changed are all spoken of", () => {
  const said = spoken([B, A], view([A, B], 0));
  assert.match(said, /^Box 1, dog, 10 to 40 .*\. Box 2, beer mug, 55 to 95 /);
});

test("what else happens to the selection is said, too", () => {
  assert.equal(spoken([A, B], view([B], 0)), "Removed; 1 left");
  assert.equal(spoken([A, B], view([A, B], 0, { all: true })), "All 2 boxes are selected");
  assert.equal(spoken([A, B], view([A, B])), "No box is selected");
});
