// Where the box of a dropped picture goes.

import assert from "node:assert/strict";
import test from "node:test";

import { near } from "./near.mjs";
import { following, newBox, withBox } from "../../web/layout_editor/spots.js";

const LEFT = [0, 0, 0.5, 1];
const RIGHT = [0.5, 0, 1, 1];
const NEW = [0.4, 0.4, 0.6, 0.6];

function middle([x0, y0, x1, y1]) {
  return [(x0 + x1) / 2, (y0 + y1) / 2];
}

test("a new box is around the point, in the picture's aspect", () => {
  for (const [aspect, layout] of [[1, 1], [2, 1], [0.5, 1.5]]) {
    const box = newBox([], [0.5, 0.45], aspect, layout);
    near(middle(box), [0.5, 0.45]);
    const shape = ((box[2] - box[0]) * layout) / (box[3] - box[1]);
    assert.ok(Math.abs(shape / aspect - 1) < 0.01, `${shape} for ${aspect}`);
  }
});

test("a new box stays in the picture, whatever the point and the aspect", () => {
  for (const point of [[0, 0], [1, 1], [-0.2, 0.5], [0.9, 1.3]]) {
    for (const aspect of [0.01, 1, 100]) {
      const [x0, y0, x1, y1] = newBox([], point, aspect, 1);
      assert.ok(x0 >= 0 && y0 >= 0 && x1 <= 1 && y1 <= 1 && x0 < x1 && y0 < y1);
    }
  }
});

test("without a point a new box lies where others are not", () => {
  near(middle(newBox([], null, 1, 1)), [0.5, 0.5]);
  assert.ok(newBox([LEFT], null, 1, 1)[0] >= 0.5);
  assert.ok(newBox([RIGHT], null, 1, 1)[2] <= 0.5);
  assert.ok(newBox([[0, 0, 1, 0.5]], null, 1, 1)[1] >= 0.5);
});

test("a box takes its subject's place in the order", () => {
  assert.deepEqual(withBox([LEFT, RIGHT], 1, 1, NEW), [LEFT, RIGHT]);
  assert.deepEqual(withBox([LEFT, RIGHT], 0, 1, NEW), [RIGHT, LEFT]);
  assert.deepEqual(withBox([LEFT, RIGHT], 1, -1, NEW), [LEFT, NEW, RIGHT]);
  assert.deepEqual(withBox([], 0, -1, NEW), [NEW]);
});

test("subjects before it that have no box get one of their own", () => {
  const [first, second, third] = withBox([LEFT], 2, -1, NEW);
  assert.deepEqual([first, third], [LEFT, NEW]);
  assert.ok(second[0] < second[2] && second[1] < second[3]);
});

test("what is said of a box goes with it to its subject's place", () => {
  const boxes = [LEFT, [...LEFT], RIGHT];
  const said = ["left", "other", "right"];
  const taken = withBox(boxes, 0, 2, NEW);
  assert.deepEqual(following(said, boxes, taken), ["right", "left", "other"]);
  const made = withBox(boxes, 1, -1, NEW);
  assert.deepEqual(following(said, boxes, made), ["left", undefined, "other", "right"]);
});
