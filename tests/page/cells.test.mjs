// Boxes that are smaller than a cell of the coarsest grid.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { parseBoxes, formatBoxes } from "../../web/layout_editor/boxes.js";
import { coarsestGrid, enlarged, isTooSmall } from "../../web/layout_editor/cells.js";

const GRIDS = JSON.parse(readFileSync(new URL("../cells.json", import.meta.url), "utf-8"));
const SIZE = [1024, 1024]; // a cell is 0.03125 wide
const SMALL = {
  "too narrow": [0.5, 0.2, 0.52, 0.8],
  "too low": [0.2, 0.5, 0.8, 0.52],
  "a point": [0.5, 0.5, 0.5001, 0.5001],
  "a point in a corner": [0.9999, 0, 1, 0.0001],
};
const LARGE = {
  "the whole picture": [0, 0, 1, 1],
  "a cell": [0.5, 0.5, 0.53125, 0.53125],
  "a cell in four decimals": [0.5, 0.5, 0.5312, 0.5312],
  "between cells": [0.51, 0.51, 0.5413, 0.5413],
  "no area": [0, 0, 0, 0],
};

test("the coarsest grid is that of the model", () => {
  for (const { size, grid } of GRIDS) assert.deepEqual(coarsestGrid(size), grid);
});

test("a box narrower or lower than a cell is too small", () => {
  for (const [name, box] of Object.entries(SMALL)) assert.ok(isTooSmall(box, SIZE), name);
  for (const [name, box] of Object.entries(LARGE)) assert.ok(!isTooSmall(box, SIZE), name);
});

test("the same box may be too small in another picture", () => {
  const box = [0.2, 0.2, 0.25, 0.8];
  assert.ok(!isTooSmall(box, [1024, 1024]));
  assert.ok(isTooSmall(box, [512, 1024]));
});

test("an enlarged box is no more too small, lies inside the picture and around its old centre", () => {
  for (const { size } of GRIDS) {
    for (const [name, box] of Object.entries(SMALL)) {
      const [made] = parseBoxes(formatBoxes([enlarged(box, size)]));
      assert.ok(!isTooSmall(made, size), name);
      assert.ok(made.every((share) => share >= 0 && share <= 1), name);
      if (name.includes("corner")) continue;
      assert.ok(Math.abs(made[0] + made[2] - box[0] - box[2]) < 0.0002, name);
      assert.ok(Math.abs(made[1] + made[3] - box[1] - box[3]) < 0.0002, name);
    }
  }
});

test("only the side that is too short grows", () => {
  assert.deepEqual(enlarged([0.5, 0.2, 0.52, 0.8], SIZE).slice(1, 2), [0.2]);
  assert.deepEqual(enlarged([0.5, 0.2, 0.52, 0.8], SIZE).slice(3), [0.8]);
});
