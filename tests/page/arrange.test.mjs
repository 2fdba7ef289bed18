// Ready-made layouts, and what the toolbar does to all boxes.

import assert from "node:assert/strict";
import test from "node:test";

import { distributed, mirrored, PRESETS, swapped } from "../../web/layout_editor/arrange.js";
import { near } from "./near.mjs";

// MS-Bench's boxes (arXiv 2406.07209)
const SIDE_BY_SIDE = [[0, 0.25, 0.5, 0.75], [0.5, 0.25, 1, 0.75]];
const IN_A_ROW = [[0, 0.25, 0.35, 0.75], [0.35, 0.25, 0.65, 0.75], [0.65, 0.25, 1, 0.75]];
const IN_A_SCENE = [[0.25, 0.25, 0.75, 0.75], [0, 0, 1, 1]];
const MS_BENCH = {
  twoBeings: SIDE_BY_SIDE,
  beingObject: SIDE_BY_SIDE,
  twoObjects: SIDE_BY_SIDE,
  personHat: [[0.25, 0.25, 0.75, 0.75], [0.25, 0, 0.75, 0.25]],
  personTop: [[0.25, 0.25, 0.75, 0.75], [0.25, 0.25, 0.75, 0.75]],
  personDress: [[0.25, 0.25, 0.75, 0.75], [0.25, 0.25, 0.75, 1]],
  topTrousers: [[0.25, 0.25, 0.75, 0.6], [0.25, 0.6, 0.75, 1]],
  beingScene: IN_A_SCENE,
  objectScene: IN_A_SCENE,
  threeBeings: IN_A_ROW,
  threeObjects: IN_A_ROW,
  beingObjectScene: [[0, 0.25, 0.5, 0.75], [0.5, 0.25, 1, 0.75], [0, 0, 1, 1]],
  hatTopTrousers: [[0.25, 0, 0.75, 0.25], [0.25, 0.25, 0.75, 0.6], [0.25, 0.6, 0.75, 1]],
};
const NO_AREA = [0, 0, 0, 0];
const SCENE = [0, 0, 1, 1];

test("the thirteen layouts of MS-Bench are ready-made, each place once with all its names", () => {
  const found = PRESETS.flatMap(({ names, boxes }) => names.map((name) => [name, boxes]));
  assert.deepEqual(Object.fromEntries(found), MS_BENCH);
  assert.equal(found.length, 13);
  assert.equal(new Set(PRESETS.map(({ boxes }) => `${boxes}`)).size, PRESETS.length);
  assert.equal(PRESETS.length, 9);
});

test("mirror turns the picture round and twice back", () => {
  const boxes = [[0.1, 0.2, 0.4, 0.6], [0.58, 0.3, 0.9, 0.85], NO_AREA];
  const turned = mirrored(boxes);
  near(turned, [[0.6, 0.2, 0.9, 0.6], [0.1, 0.3, 0.42, 0.85], NO_AREA]);
  near(mirrored(turned), boxes);
});

test("two subjects change places, and the list that was given stays", () => {
  const boxes = [[0, 0, 0.1, 0.1], SCENE, NO_AREA];
  assert.deepEqual(swapped(boxes, 0, 2), [NO_AREA, SCENE, [0, 0, 0.1, 0.1]]);
  assert.deepEqual(boxes[2], NO_AREA);
});

test("distribute makes the gaps equal across, in the order from left to right", () => {
  // widths 0.1, 0.2 and 0.3 leave 0.4: four gaps of 0.1
  const boxes = [[0.6, 0.1, 0.7, 0.5], [0.02, 0.3, 0.22, 0.8], [0.3, 0.2, 0.6, 0.9]];
  near(distributed(boxes), [[0.8, 0.1, 0.9, 0.5], [0.1, 0.3, 0.3, 0.8], [0.4, 0.2, 0.7, 0.9]]);
});

test("distribute goes down where boxes lie one above the other", () => {
  // heights 0.1, 0.2 and 0.2 leave 0.5: four gaps of 0.125
  const boxes = [[0.1, 0.02, 0.5, 0.12], [0.2, 0.15, 0.6, 0.35], [0.1, 0.8, 0.5, 1]];
  near(distributed(boxes), [
    [0.1, 0.125, 0.5, 0.225],
    [0.2, 0.35, 0.6, 0.55],
    [0.1, 0.675, 0.5, 0.875],
  ]);
});

test("boxes that leave no room for gaps touch the picture's edges and overlap evenly", () => {
  const boxes = [[0, 0, 0.6, 0.5], [0.1, 0, 0.5, 0.5], [0.4, 0, 0.9, 0.5]];
  // 0.6 + 0.4 + 0.5 is 0.5 too much: each of two overlaps is 0.25; centres at 0.3, 0.3 and 0.65
  near(distributed(boxes), [[0, 0, 0.6, 0.5], [0.35, 0, 0.75, 0.5], [0.5, 0, 1, 0.5]]);
});

test("a box of the whole picture and one without an area stay", () => {
  near(distributed([SCENE, [0, 0.2, 0.2, 0.4], NO_AREA, [0.3, 0.2, 0.5, 0.4]]), [
    SCENE,
    [0.2, 0.2, 0.4, 0.4],
    NO_AREA,
    [0.6, 0.2, 0.8, 0.4],
  ]);
  assert.deepEqual(distributed([SCENE, NO_AREA]), [SCENE, NO_AREA]);
  assert.deepEqual(distributed([]), []);
});
