// What lies under a point: handles within reach, boxes one over another, the cursor.

import assert from "node:assert/strict";
import test from "node:test";

import {
  boxesAt,
  cursorAt,
  handleAt,
  handleBox,
  layers,
  reachable,
} from "../../web/layout_editor/hits.js";
import { near } from "./near.mjs";

const FRAME = { x: 10, y: 10, width: 400, height: 200 };
const BOX = [0.25, 0.5, 0.75, 0.9]; // on the canvas from (110, 110) to (310, 190)
const WHOLE = [0, 0, 1, 1];

test("a handle is taken from as far away as the finger or the mouse is given", () => {
  assert.equal(handleAt(BOX, FRAME, [110, 110], 8), "nw");
  assert.equal(handleAt(BOX, FRAME, [102, 118], 8), "nw");
  assert.equal(handleAt(BOX, FRAME, [101, 110], 8), null);
  assert.equal(handleAt(BOX, FRAME, [95, 95], 20), "nw");
  assert.equal(handleAt(BOX, FRAME, [210, 150], 20), null);
});

test("each handle is found where it is, and the nearest of two", () => {
  const places = {
    nw: [110, 110],
    n: [210, 110],
    ne: [310, 110],
    e: [310, 150],
    se: [310, 190],
    s: [210, 190],
    sw: [110, 190],
    w: [110, 150],
  };
  for (const [handle, at] of Object.entries(places)) {
    assert.equal(handleAt(BOX, FRAME, at, 8), handle);
  }
  assert.equal(handleAt(BOX, FRAME, [110, 128], 20), "nw");
  assert.equal(handleAt(BOX, FRAME, [110, 132], 20), "w");
});

test("the handles of a small box stand around it, and between them it can be moved", () => {
  const tiny = [0.5, 0.5, 0.51, 0.51]; // 4 by 2 pixels, its middle at (212, 111)
  near(handleBox(tiny, FRAME), [0.4625, 0.42, 0.5475, 0.59]);
  for (const grab of [8, 20]) {
    assert.equal(handleAt(tiny, FRAME, [212, 111], grab), null);
    assert.equal(handleAt(tiny, FRAME, [229, 128], grab), "se");
    assert.equal(handleAt(tiny, FRAME, [212, 94], grab), "n");
  }
  assert.deepEqual(handleBox(BOX, FRAME), BOX);
});

test("no box and a box without an area have no handles", () => {
  assert.equal(handleAt(undefined, FRAME, [10, 10], 8), null);
  assert.equal(handleAt([0, 0, 0, 0], FRAME, [10, 10], 8), null);
});

test("of boxes at a point the smallest comes first, of equal ones the last", () => {
  const boxes = [WHOLE, [0.375, 0.375, 0.625, 0.625], [0, 0, 0, 0], [0.25, 0.25, 0.5, 0.5]];
  assert.deepEqual(boxesAt(boxes, [0.45, 0.45]), [3, 1, 0]);
  assert.deepEqual(boxesAt(boxes, [0.55, 0.55]), [1, 0]);
  assert.deepEqual(boxesAt(boxes, [0.1, 0.1]), [0]);
  assert.deepEqual(boxesAt(boxes, [1.1, 0.1]), []);
  assert.deepEqual(boxesAt([[0, 0, 0, 0]], [0, 0]), []);
});

test("a scene is in nobody's way: only when it is selected, and where no other box is", () => {
  const subjects = [{ everywhere: true }, {}, {}];
  const layout = { boxes: [WHOLE, BOX, [0, 0, 0, 0]], subjects };
  const at = (point, selected) => reachable({ ...layout, selected }, FRAME, point);
  assert.deepEqual(at([0.1, 0.1], -1), []);
  assert.deepEqual(at([0.1, 0.1], 1), []);
  assert.deepEqual(at([0.1, 0.1], 0), [0]);
  assert.deepEqual(at([0.5, 0.7], 0), [1, 0]);
  assert.deepEqual(at([0.5, 0.7], -1), [1]);
  const ordinary = { boxes: [WHOLE, BOX], selected: -1, subjects: [{}, {}] };
  assert.deepEqual(reachable(ordinary, FRAME, [0.1, 0.1]), [0]);
});

test("a small box can be reached beside it, between its handles, once it is selected", () => {
  const layout = { boxes: [WHOLE, [0.5, 0.5, 0.51, 0.51]], subjects: [] };
  const beside = [0.52, 0.51];
  assert.deepEqual(reachable({ ...layout, selected: 1 }, FRAME, beside), [1, 0]);
  assert.deepEqual(reachable({ ...layout, selected: -1 }, FRAME, beside), [0]);
});

test("scenes lie beneath all others, small boxes over large ones, the selected one on top", () => {
  const small = [0.375, 0.375, 0.5, 0.5];
  const boxes = [small, BOX, WHOLE, [0, 0, 0, 0], small];
  const scene = [{}, {}, {}, {}, { everywhere: true }];
  assert.deepEqual(layers({ boxes, selected: -1, subjects: [] }), [2, 1, 0, 4]);
  assert.deepEqual(layers({ boxes, selected: 1, subjects: [] }), [2, 0, 4, 1]);
  assert.deepEqual(layers({ boxes, selected: 2, subjects: [] }), [2, 1, 0, 4]); // it would hide all
  assert.deepEqual(layers({ boxes, selected: 4, subjects: scene }), [4, 2, 1, 0]);
});

test("the cursor says what a press would do", () => {
  const layout = { boxes: [BOX], selected: 0, readOnly: false };
  const cursor = (at, changes = {}) => cursorAt({ ...layout, ...changes }, FRAME, at, 8);
  assert.equal(cursor([110, 110]), "nwse-resize");
  assert.equal(cursor([310, 110]), "nesw-resize");
  assert.equal(cursor([210, 190]), "ns-resize");
  assert.equal(cursor([110, 150]), "ew-resize");
  assert.equal(cursor([210, 150]), "move");
  assert.equal(cursor([50, 50]), "crosshair");
  assert.equal(cursor([110, 110], { selected: -1 }), "move"); // handles are the selected box's
  assert.equal(cursor([210, 150], { readOnly: true }), "default");
});
