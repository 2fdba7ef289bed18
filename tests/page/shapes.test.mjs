// Painted shapes of boxes: as text, and where they go when boxes change.

import assert from "node:assert/strict";
import test from "node:test";

import { allMirrored, areaToggled, duplicated, exchanged, preset, removed } from "../../web/layout_editor/edits.js";
import { followed, formatShapes, parseShapes, withShape } from "../../web/layout_editor/painting/shapes.js";

const [A, B, C] = [[0.1, 0.2, 0.4, 0.6], [0.58, 0.3, 0.9, 0.85], [0, 0, 0.2, 0.2]];
const [one, two] = [{ image: "one.png [input]", soft: 4 }, { image: "two.png [input]", soft: 0 }];

function after(change, shapes, layout) {
  const next = change(layout);
  return followed(shapes, layout.boxes, next.boxes, next);
}

test("shapes are kept as a text, which is empty where there are none", () => {
  assert.equal(formatShapes([]), "");
  assert.equal(formatShapes([null, undefined]), "");
  assert.deepEqual(parseShapes(formatShapes([null, one, null])), [null, one]);
  for (const faulty of ["", "no", "{}", "[3]"]) assert.equal(parseShapes(faulty).some(Boolean), false);
});

test("a box that changes its row takes its shape along, and one that goes takes it away", () => {
  const layout = { boxes: [A, B, C], selected: 0, second: -1 };
  assert.deepEqual(after(exchanged, [one, two], layout), [two, one, null]);
  assert.deepEqual(after((all) => removed(all, 0), [one, two], layout), [two, null]);
});

test("a box that is moved, or has no area for a while, keeps its shape", () => {
  const moved = [A, [0.5, 0.3, 0.82, 0.85]];
  assert.deepEqual(followed([one, two], [A, B], moved), [one, two]);
  const layout = { boxes: [A, B], selected: 1 };
  assert.deepEqual(after((all) => areaToggled(all, 1), [one, two], layout), [one, two]);
});

test("a copy has the same shape, a new box has none", () => {
  const layout = { boxes: [A, B], selected: 1 };
  assert.deepEqual(after(duplicated, [one, two], layout), [one, two, two]);
  assert.deepEqual(followed([one, two], [A, B], [A, B, C]), [one, two, null]);
});

test("a mirrored box has its shape mirrored, a ready-made layout has none", () => {
  const layout = { boxes: [A, B], selected: 0 };
  const mirrored = after(allMirrored, [one, null], layout);
  assert.deepEqual(mirrored, [{ ...one, mirrored: true }, null]);
  assert.equal(followed(mirrored, [A], [B], { mirrored: true })[0].mirrored, false);
  assert.deepEqual(after(() => preset("twoObjects"), [one, two], layout), []);
});

test("a box gets a shape, or loses it", () => {
  assert.deepEqual(withShape([], 1, one), [null, one]);
  assert.deepEqual(withShape([one, two], 0, null), [null, two]);
});
