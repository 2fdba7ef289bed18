// Drags without a mouse: what a press takes hold of, and what the boxes become.

import assert from "node:assert/strict";
import test from "node:test";

import { dragged, grasp } from "../../web/layout_editor/drags.js";
import { near } from "./near.mjs";

// a hundredth of the picture is 4 pixels across and 2 down
const FRAME = { x: 10, y: 10, width: 400, height: 200 };
const A = [0.1, 0.2, 0.4, 0.6];
const B = [0.58, 0.3, 0.9, 0.85];
const NO_AREA = [0, 0, 0, 0];
const SCENE = [0, 0, 1, 1];
const EDGES_AT_7 = [0.1, 0.2, 0.3, 0.6]; // beside A, 0.7 of the picture is another edge's place

function pixel([x, y]) {
  return [10 + 400 * x, 10 + 200 * y];
}

function press(boxes, selected, point, { all = false, subjects = [], ...keys } = {}) {
  const where = { at: pixel(point), frame: FRAME, grab: 8 };
  const layout = { boxes, selected, all, subjects };
  return grasp(layout, { ...where, ctrl: false, shift: false, ...keys });
}

function pull(drag, point, { grid = "off", free = false, proportional = false } = {}) {
  return dragged(drag, { at: pixel(point), frame: FRAME, grid, free, proportional });
}

test("a press on the empty picture draws a new box, and a click there deselects", () => {
  const drag = press([A, B], 0, [0.18, 0.7]);
  assert.deepEqual([drag.kind, drag.index, drag.click, drag.choose], ["draw", 2, -1, undefined]);
  const after = pull(drag, [0.33, 0.93]);
  near(after, { boxes: [A, B, [0.18, 0.7, 0.33, 0.93]], selected: 2, guides: [] });
  near(pull(drag, [0.05, 0.65]).boxes[2], [0.05, 0.65, 0.18, 0.7]);
});

test("with Ctrl a press draws over boxes and handles", () => {
  const drag = press([SCENE, A], 1, [0.1, 0.2], { ctrl: true });
  assert.equal(drag.kind, "draw");
  near(pull(drag, [0.3, 0.42], { free: true }).boxes[2], [0.1, 0.2, 0.3, 0.42]);
});

test("a drag gives the selected subject without an area its box", () => {
  const drag = press([NO_AREA, B], 0, [0.7, 0.5]);
  assert.deepEqual([drag.kind, drag.index], ["draw", 0]);
  near(pull(drag, [0.75, 0.6]), { boxes: [[0.7, 0.5, 0.75, 0.6], B], selected: 0, guides: [] });
  assert.equal(press([NO_AREA, B], -1, [0.7, 0.5]).kind, "move");
});

test("a press on a box selects and moves it, by as much as the pointer", () => {
  const drag = press([A, B], -1, [0.25, 0.4]);
  assert.deepEqual([drag.kind, drag.index, drag.click], ["move", 0, 0]);
  assert.deepEqual(drag.choose, { selected: 0 });
  near(pull(drag, [0.28, 0.56]), { boxes: [[0.13, 0.36, 0.43, 0.76], B], selected: 0, guides: [] });
  near(pull(drag, [-0.9, -0.2]).boxes[0], [0, 0, 0.3, 0.4]);
});

test("a drag keeps in mind how all was, and changes none of it", () => {
  const boxes = [A, B];
  const drag = press(boxes, 1, [0.25, 0.4]);
  pull(drag, [0.5, 0.5]);
  assert.deepEqual([drag.boxes, drag.selected], [[A, B], 1]);
  assert.deepEqual(boxes, [[0.1, 0.2, 0.4, 0.6], [0.58, 0.3, 0.9, 0.85]]);
});

test("a press near a handle of the selected box resizes it, of another box moves that", () => {
  const corner = [0.41, 0.62]; // 4 pixels outside
  const drag = press([A, B], 0, corner);
  assert.deepEqual([drag.kind, drag.handle, drag.index], ["resize", "se", 0]);
  assert.deepEqual([drag.choose, drag.click], [undefined, undefined]);
  near(pull(drag, [0.45, 0.75]), { boxes: [[0.1, 0.2, 0.45, 0.75], B], selected: 0, guides: [] });
  assert.equal(press([A, B], 1, [0.39, 0.58]).kind, "move");
  assert.equal(press([A, B], 1, corner).kind, "draw");
});

test("clicks where boxes overlap reach each of them, the smallest first", () => {
  const boxes = [[0.15, 0.2, 0.6, 0.65], SCENE, [0.4, 0.4, 0.8, 0.85]]; // the last is the smallest
  const point = [0.45, 0.53];
  const reached = [];
  for (let selected = -1, click = 0; click < 4; click++) {
    selected = press(boxes, selected, point).click;
    reached.push(selected);
  }
  assert.deepEqual(reached, [2, 0, 1, 2]);
});

test("the selected box is moved, though a smaller one lies over it", () => {
  const drag = press([SCENE, A], 0, [0.25, 0.45]);
  assert.deepEqual([drag.kind, drag.index, drag.click], ["move", 0, 1]);
});

test("a press with Shift chooses what the selected box is swapped with, and moves nothing", () => {
  const drag = press([A, B], 0, [0.7, 0.5], { shift: true });
  assert.deepEqual([drag.kind, drag.click], ["none", undefined]);
  assert.deepEqual(drag.choose, { selected: 0, second: 1 });
  assert.equal(press([A, B], 0, [0.25, 0.4], { shift: true }).choose, undefined);
  assert.equal(press([A, B], -1, [0.7, 0.5], { shift: true }).kind, "move");
});

test("both ends of a drawn box go to the grid, with Alt neither", () => {
  const drag = press([], -1, [0.2, 0.3]);
  const taken = {
    eighths: [0.25, 0.25, 0.75, 0.875],
    sixteenths: [0.1875, 0.3125, 0.6875, 0.9375],
    thirds: [0.3333, 0.3333, 0.6667, 1],
  };
  for (const [grid, box] of Object.entries(taken)) near(pull(drag, [0.7, 0.92], { grid }).boxes, [box]);
  near(pull(drag, [0.7, 0.92], { grid: "eighths", free: true }).boxes, [[0.2, 0.3, 0.7, 0.92]]);
});

test("moving and resizing go to the grid", () => {
  const [box] = pull(press([A], 0, [0.3, 0.3]), [0.44, 0.51], { grid: "eighths" }).boxes;
  near(box, [0.25, 0.375, 0.55, 0.775]);
  const corner = press([box], 0, [0.55, 0.775]);
  near(pull(corner, [0.85, 0.71], { grid: "eighths" }).boxes, [[0.25, 0.375, 0.875, 0.75]]);
});

test("an edge snaps within seven pixels of the canvas, whatever the picture's aspect", () => {
  const drag = press([EDGES_AT_7, B], 0, [0.2, 0.4]);
  // 6 and 8 pixels across from 0.9, then 6 and 8 down from 0.85
  near(pull(drag, [0.785, 0.3]).boxes[0], [0.7, 0.1, 0.9, 0.5]);
  near(pull(drag, [0.78, 0.3]).boxes[0], [0.68, 0.1, 0.88, 0.5]);
  near(pull(drag, [0.2, 0.62]).boxes[0], [0.1, 0.45, 0.3, 0.85]);
  near(pull(drag, [0.2, 0.61]).boxes[0], [0.1, 0.41, 0.3, 0.81]);
});

test("a box does not snap to where it was, and Alt lets edges go", () => {
  const drag = press([EDGES_AT_7, B], 0, [0.2, 0.4]);
  near(pull(drag, [0.205, 0.395]).boxes[0], [0.105, 0.195, 0.305, 0.595]);
  const free = pull(drag, [0.79, 0.4], { free: true });
  near(free, { boxes: [[0.69, 0.2, 0.89, 0.6], B], selected: 0, guides: [] });
});

test("the lines that a box has snapped to are told, of a handle only along its axes", () => {
  const moving = press([A, B], 0, [0.25, 0.3]);
  near(pull(moving, [0.745, 0.3]).guides, [{ axis: 0, at: 0.9 }]);
  const edge = press([A, B], 0, [0.4, 0.4]);
  assert.equal(edge.handle, "e");
  near(pull(edge, [0.585, 0.305]), {
    boxes: [[0.1, 0.2, 0.58, 0.6], B],
    selected: 0,
    guides: [{ axis: 0, at: 0.58 }],
  });
});

test("a press on a scene draws; the selected one is moved, but not where another box lies", () => {
  const subjects = [{ everywhere: true }, {}];
  const boxes = [[0, 0, 0.9, 0.9], A];
  assert.equal(press(boxes, -1, [0.7, 0.7], { subjects }).kind, "draw");
  const scene = press(boxes, 0, [0.7, 0.7], { subjects });
  assert.deepEqual([scene.kind, scene.index], ["move", 0]);
  const other = press(boxes, 0, [0.25, 0.45], { subjects });
  assert.deepEqual([other.kind, other.index, other.click], ["move", 1, 1]);
});

test("a selected box that is smaller than its handles is moved, and by a handle resized", () => {
  const tiny = [0.5, 0.5, 0.51, 0.51]; // 4 by 2 pixels
  const drag = press([tiny, B], 0, [0.505, 0.505]);
  assert.deepEqual([drag.kind, drag.index], ["move", 0]);
  near(pull(drag, [0.405, 0.405], { free: true }).boxes[0], [0.4, 0.4, 0.41, 0.41]);
  const handle = press([tiny, B], 0, [0.5475, 0.59]); // 15 pixels right of its corner, 16 below
  assert.equal(handle.handle, "se");
  near(pull(handle, [0.6475, 0.69], { free: true }).boxes[0], [0.5, 0.5, 0.61, 0.61]);
});

test("with Shift a resized box keeps its width to its height, inside the picture", () => {
  const box = [0.2, 0.2, 0.4, 0.6];
  const pulled = (from, to) => {
    const drag = press([box], 0, from, { shift: true });
    assert.equal(drag.kind, "resize");
    return pull(drag, to, { free: true, proportional: true }).boxes[0];
  };
  near(pulled([0.4, 0.6], [0.5, 0.6]), [0.2, 0.2, 0.5, 0.8]); // a corner, from the opposite one
  near(pulled([0.4, 0.6], [0.4, 0.9]), [0.2, 0.2, 0.55, 0.9]);
  near(pulled([0.2, 0.2], [0.1, 0.2]), [0.1, 0, 0.4, 0.6]);
  near(pulled([0.4, 0.4], [0.5, 0.1]), [0.2, 0.1, 0.5, 0.7]); // an edge, from the opposite one
  near(pulled([0.4, 0.6], [1, 1]), [0.2, 0.2, 0.6, 1]); // until it meets the picture's edge
  near(pulled([0.4, 0.6], [0, 0]), [0.2, 0.2, 0.21, 0.22]);
});

test("a drag moves all boxes as one when all are selected, and a click there selects one", () => {
  const drag = press([A, NO_AREA, B], 0, [0.7, 0.5], { all: true });
  assert.deepEqual([drag.kind, drag.click], ["moveAll", 2]);
  const after = pull(drag, [0.72, 0.45], { free: true });
  near(after.boxes, [[0.12, 0.15, 0.42, 0.55], NO_AREA, [0.6, 0.25, 0.92, 0.8]]);
  assert.deepEqual([after.selected, after.all], [0, true]);
  near(pull(drag, [1.7, 1.5]).boxes, [[0.2, 0.35, 0.5, 0.75], NO_AREA, [0.68, 0.45, 1, 1]]);
  near(pull(drag, [0.615, 0.42]).boxes[0], [0, 0.12, 0.3, 0.52]); // the left edge snaps
});
