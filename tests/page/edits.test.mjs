// What buttons and keys do to a layout, and that they leave the one that they are given alone.

import assert from "node:assert/strict";
import test from "node:test";

import {
  added,
  allDistributed,
  allMirrored,
  allRemoved,
  areaToggled,
  duplicated,
  exchanged,
  nudged,
  preset,
  removed,
  reordered,
} from "../../web/layout_editor/edits.js";
import { areaBefore, remembering } from "../../web/layout_editor/boxes.js";
import { near } from "./near.mjs";

const A = [0.1, 0.2, 0.4, 0.6];
const B = [0.58, 0.3, 0.9, 0.85];
const C = [0.15, 0.7, 0.35, 0.95];
const NO_AREA = [0, 0, 0, 0];
const SIZE = [1024, 512];

function layout(boxes, selected = -1, second = -1) {
  const kept = boxes.map((box) => Object.freeze(box === NO_AREA ? box : [...box]));
  return Object.freeze({ boxes: Object.freeze(kept), selected, second, size: SIZE });
}

test("a new box is in the middle, or beside the one that it would hide", () => {
  const first = added(layout([]));
  near(first, { boxes: [[0.35, 0.35, 0.65, 0.65]], selected: 0 });
  const second = added(first);
  near(second, { boxes: [...first.boxes, [0.39, 0.39, 0.69, 0.69]], selected: 1 });
  near(added(second).boxes[2], [0.43, 0.43, 0.73, 0.73]);
});

test("a copy lies beside its box and is selected", () => {
  near(duplicated(layout([A, B], 0)), {
    boxes: [A, B, [0.14, 0.24, 0.44, 0.64]], selected: 2, copyOf: 0,
  });
  assert.equal(duplicated(layout([A, NO_AREA], 1)), null);
  assert.equal(duplicated(layout([A])), null);
});

test("a box is removed, and the selection stays on a box that is there", () => {
  assert.deepEqual(removed(layout([A, B, C], 2), 2), { boxes: [A, B], selected: 1, gone: [2] });
  assert.deepEqual(removed(layout([A, B, C], 0), 0), { boxes: [B, C], selected: 0, gone: [0] });
  assert.deepEqual(removed(layout([A], 0), 0), { boxes: [], selected: -1, gone: [0] });
  assert.deepEqual(allRemoved(layout([A, B], 1)), { boxes: [], selected: -1, gone: [0, 1] });
});

test("reordering gives the subjects each other's boxes, as far as the list goes", () => {
  const three = { ...layout([A, B, C]), subjects: [{ name: "dog" }] };
  assert.deepEqual(reordered(three, 0, 1), { boxes: [B, A, C], selected: 1 });
  assert.deepEqual(reordered(three, 2, -1), { boxes: [A, C, B], selected: 1 });
  assert.deepEqual(reordered(three, 0, 2), { boxes: [B, C, A], selected: 2 });
  assert.deepEqual(reordered(three, 2, -2), { boxes: [C, A, B], selected: 0 });
  assert.equal(reordered(layout([A, B]), 0, -1), null);
  assert.equal(reordered(layout([A, B]), 1, 1), null);
});

test("without subjects all that is in a row goes along with its box", () => {
  const { boxes, order } = reordered(layout([A, B, C]), 0, 2);
  assert.deepEqual([boxes, order], [[B, C, A], [1, 2, 0]]);
});

test("a box loses its area and gets one in the middle", () => {
  assert.deepEqual(areaToggled(layout([A, B]), 0), { boxes: [NO_AREA, B], selected: 0 });
  near(areaToggled(layout([NO_AREA, B]), 0).boxes, [[0.35, 0.35, 0.65, 0.65], B]);
});

test("a box that loses its area gets the same one back, wherever it is in the list by then", () => {
  const without = areaToggled(layout([A, B]), 1);
  assert.deepEqual(without.boxes, [A, NO_AREA]);
  assert.deepEqual(areaToggled(without, 1).boxes, [A, B]);
  const moved = reordered(without, 1, -1);
  assert.deepEqual(areaToggled(moved, 0).boxes, [B, A]);
});

test("areas that were kept with the node come back, and what is no area does not", () => {
  const [back, odd, none, own] = remembering(
    [[...NO_AREA], [...NO_AREA], [...NO_AREA], A],
    [B, [0.5, 0.2, 0.1, 4], null, C],
  );
  assert.deepEqual(areaToggled({ boxes: [back] }, 0).boxes, [B]);
  assert.deepEqual([odd, none, own].map(areaBefore), [null, null, null]);
  assert.deepEqual(own, A);
  for (const before of [undefined, 7, "text", { 0: B }]) {
    assert.deepEqual(remembering([A, NO_AREA], before), [A, NO_AREA]);
  }
});

test("all boxes are nudged as one, as far as the picture reaches, and stay selected", () => {
  const whole = { ...layout([A, NO_AREA, B], 2), all: true };
  const after = nudged(whole, [8, -1024]);
  near(after.boxes, [[0.1078, 0, 0.4078, 0.4], NO_AREA, [0.5878, 0.1, 0.9078, 0.65]]);
  assert.deepEqual([after.selected, after.all], [2, true]);
});

test("a box is nudged by pixels of the picture", () => {
  const after = nudged(layout([A, B], 0), [8, -64]);
  near(after, { boxes: [[0.1078, 0.075, 0.4078, 0.475], B], selected: 0 });
  near(nudged(layout([A, B], 1), [1024, 1024]).boxes[1], [0.68, 0.45, 1, 1]);
  assert.equal(nudged(layout([NO_AREA], 0), [8, 0]), null);
  assert.equal(nudged(layout([A]), [8, 0]), null);
});

test("swap is with the next one, round the end, or with the second one", () => {
  assert.deepEqual(exchanged(layout([A, B, C], 1)), { boxes: [A, C, B], selected: 2 });
  assert.deepEqual(exchanged(layout([A, B, C], 2)), { boxes: [C, B, A], selected: 0 });
  assert.deepEqual(exchanged(layout([A, B, C], 0, 2)), { boxes: [C, B, A], selected: 2 });
  assert.deepEqual(exchanged(layout([A, B, C], 2, 0)), { boxes: [C, B, A], selected: 0 });
  assert.deepEqual(exchanged(layout([A, B, C], 1, 0)), { boxes: [B, A, C], selected: 0 });
  assert.deepEqual(exchanged(layout([A, B], 1)), { boxes: [B, A], selected: 0 });
  assert.deepEqual(exchanged(layout([A, B, C])), { boxes: [B, A, C], selected: 1 });
  assert.equal(exchanged(layout([A], 0)), null);
  assert.equal(exchanged(layout([])), null);
});

test("mirror and distribute keep the selection, a ready-made layout does not", () => {
  near(allMirrored(layout([A], 0)), { boxes: [[0.6, 0.2, 0.9, 0.6]], selected: 0, mirrored: true });
  near(allDistributed(layout([A], 0)), { boxes: [[0.35, 0.2, 0.65, 0.6]], selected: 0 });
  near(allMirrored(layout([])), { boxes: [], selected: -1, mirrored: true });
  const beside = [[0, 0.25, 0.5, 0.75], [0.5, 0.25, 1, 0.75]];
  assert.deepEqual(preset("twoBeings"), { boxes: beside, selected: -1, fresh: true });
  assert.deepEqual(preset("twoObjects"), { boxes: beside, selected: -1, fresh: true }); // the same place
});
