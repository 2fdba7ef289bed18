// Boxes: their text, and what moving, resizing and drawing makes of them.

import assert from "node:assert/strict";
import test from "node:test";

import {
  area,
  between,
  BoxError,
  contains,
  formatBoxes,
  handlePoint,
  hasArea,
  moved,
  parseBoxes,
  resized,
} from "../../web/layout_editor/boxes.js";
import { near } from "./near.mjs";

const BOX = [0.3, 0.3, 0.7, 0.7];

test("a text of boxes is read and written in the form of the node's default", () => {
  const text = "[[0, 0.25, 0.5, 0.75], [0.5, 0.25, 1, 0.75]]";
  const boxes = parseBoxes(text);
  assert.deepEqual(boxes, [[0, 0.25, 0.5, 0.75], [0.5, 0.25, 1, 0.75]]);
  assert.equal(formatBoxes(boxes), text);
  assert.deepEqual(parseBoxes("[]"), []);
  assert.equal(formatBoxes([]), "[]");
});

test("four zeros are a subject without an area", () => {
  assert.deepEqual(parseBoxes("[[0, 0, 0, 0]]"), [[0, 0, 0, 0]]);
  assert.equal(hasArea([0, 0, 0, 0]), false);
  assert.equal(hasArea([0, 0, 0.1, 0.1]), true);
});

test("a faulty text is refused, with what is wrong and in which box", () => {
  const good = "[0.1, 0.2, 0.3, 0.4]";
  const faults = [
    ["", "noJson", undefined],
    ["[[0.1, 0.2", "noJson", undefined],
    ["{}", "noList", undefined],
    ["7", "noList", undefined],
    ["[[0.1, 0.2, 0.3]]", "notFour", 1],
    [`[${good}, [0.1, 0.2, 0.3, "a"]]`, "notFour", 2],
    [`[${good}, null]`, "notFour", 2],
    ["[[0.1, 0.2, 0.3, 1e999]]", "notFour", 1],
    [`[${good}, [0.1, 0.2, 1.3, 0.4]]`, "outside", 2],
    ["[[-0.1, 0.2, 0.3, 0.4]]", "outside", 1],
    ["[[0.5, 0.2, 0.3, 0.4]]", "turned", 1],
    ["[[0.1, 0.4, 0.3, 0.4]]", "turned", 1],
  ];
  for (const [text, key, number] of faults) {
    const told = (error) =>
      error instanceof BoxError && error.key === key && error.number === number;
    assert.throws(() => parseBoxes(text), told, text);
  }
});

test("a box is drawn between two points in any order, inside the picture", () => {
  near(between([0.2, 0.1], [0.7, 0.4]), [0.2, 0.1, 0.7, 0.4]);
  near(between([0.84, 0.13], [0.65, 0.06]), [0.65, 0.06, 0.84, 0.13]);
  near(between([0.6, 0.7], [1.8, -0.3]), [0.6, 0, 1, 0.7]);
});

test("a drawn box is at least a hundredth wide and high, at the picture's edges too", () => {
  near(between([0.5, 0.5], [0.5, 0.5]), [0.5, 0.5, 0.51, 0.51]);
  near(between([1, 1], [1.5, 1.5]), [0.99, 0.99, 1, 1]);
});

test("a moved box keeps its size and stays in the picture", () => {
  near(moved([0.1, 0.2, 0.4, 0.6], 0.03, 0.16), [0.13, 0.36, 0.43, 0.76]);
  near(moved([0.1, 0.2, 0.4, 0.6], -1.2, -0.7), [0, 0, 0.3, 0.4]);
  near(moved([0.58, 0.3, 0.9, 0.85], 0.25, 0.6), [0.68, 0.45, 1, 1]);
});

test("each of eight handles moves its own edges", () => {
  const after = {
    nw: [0.2, 0.1, 0.7, 0.7],
    n: [0.3, 0.1, 0.7, 0.7],
    ne: [0.3, 0.1, 0.8, 0.7],
    e: [0.3, 0.3, 0.8, 0.7],
    se: [0.3, 0.3, 0.8, 0.9],
    s: [0.3, 0.3, 0.7, 0.9],
    sw: [0.2, 0.3, 0.7, 0.9],
    w: [0.2, 0.3, 0.7, 0.7],
  };
  for (const [handle, expected] of Object.entries(after)) {
    const x = handle.includes("w") ? 0.2 : 0.8;
    const y = handle.includes("n") ? 0.1 : 0.9;
    near(resized(BOX, handle, [x, y]), expected);
  }
});

test("a handle does not pass the opposite edge or leave the picture", () => {
  near(resized(BOX, "se", [-0.5, 0.05]), [0.3, 0.3, 0.31, 0.31]);
  near(resized(BOX, "nw", [0.9, 0.9]), [0.69, 0.69, 0.7, 0.7]);
  near(resized(BOX, "nw", [-0.3, -0.4]), [0, 0, 0.7, 0.7]);
  near(resized(BOX, "se", [1.3, 1.4]), [0.3, 0.3, 1, 1]);
});

test("handles lie on the corners and in the middle of the edges", () => {
  const box = [0.1, 0.2, 0.5, 0.8];
  const places = {
    nw: [0.1, 0.2],
    n: [0.3, 0.2],
    ne: [0.5, 0.2],
    e: [0.5, 0.5],
    se: [0.5, 0.8],
    s: [0.3, 0.8],
    sw: [0.1, 0.8],
    w: [0.1, 0.5],
  };
  for (const [handle, place] of Object.entries(places)) near(handlePoint(box, handle), place);
});

test("a box contains its edges and has an area", () => {
  assert.equal(contains(BOX, [0.3, 0.7]), true);
  assert.equal(contains(BOX, [0.29, 0.5]), false);
  assert.equal(contains(BOX, [0.5, 0.71]), false);
  near(area([0.1, 0.2, 0.5, 0.8]), 0.24);
});
