// How a box's words are broken into lines on the canvas; here each letter is one wide.

import assert from "node:assert/strict";
import test from "node:test";

import { wrapped } from "../../web/layout_editor/lettering.js";

const inLines = (text, room, most) => wrapped(text, room, most, (part) => part.length);

test("words are broken at spaces, and what has no room is shortened", () => {
  assert.deepEqual(inLines("a mug", 10, 2), ["a mug"]);
  assert.deepEqual(inLines("a red mug on a table", 10, 3), ["a red mug", "on a table"]);
  assert.deepEqual(inLines("a red mug on a table", 10, 1), ["a red mug…"]);
  assert.deepEqual(inLines("a red mug on a long table", 10, 2), ["a red mug", "on a long…"]);
});

test("without spaces they are broken anywhere", () => {
  assert.deepEqual(inLines("红色的咖啡杯在木桌上面", 5, 2), ["红色的咖啡", "杯在木桌…"]);
});

test("nothing is painted without words, or without room", () => {
  assert.deepEqual(inLines("", 10, 2), []);
  assert.deepEqual(inLines("a mug", 10, 0), []);
  assert.deepEqual(inLines("mugs", 0, 2), []);
  assert.deepEqual(inLines("a mug", 10, -1), []);
});
