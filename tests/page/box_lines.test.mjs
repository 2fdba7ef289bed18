// The words of the boxes, a line a box: they stay with their boxes, and nothing typed is lost.

import assert from "node:assert/strict";
import test from "node:test";

import {
  fitted,
  linesAfter,
  lacksName,
  linesOf,
  withLine,
  withName,
} from "../../web/layout_editor/box_lines.js";
import { addedUpTo, duplicated, linesRemoved, removed, reordered } from "../../web/layout_editor/edits.js";

const A = [0.1, 0.2, 0.4, 0.6];
const B = [0.58, 0.3, 0.9, 0.85];
const C = [0.2, 0.7, 0.4, 0.9];
const layout = { boxes: [A, B, C], selected: 1 };
const WORDS = ["a mug", "a hat", "a spoon"];

/** The words once an edit of edits.js has been made. */
function after(lines, next) {
  return linesAfter(lines, next, next.boxes.length);
}

test("lines are those that Python reads", () => {
  assert.deepEqual(linesOf("a mug\r\na hat\r\n"), ["a mug", "a hat", ""]);
  assert.deepEqual(linesOf(""), [""]);
});

test("other words for one box leave the others, and each box has a line", () => {
  assert.deepEqual(withLine(WORDS, 1, " a cap ", 3), ["a mug", "a cap", "a spoon"]);
  assert.deepEqual(withLine([""], 2, "a spoon", 3), ["", "", "a spoon"]);
  assert.deepEqual(withLine(["a mug"], 0, "", 3), ["", "", ""]);
  assert.deepEqual(withLine(["a mug", "a hat", "", ""], 0, "a cup", 2), ["a cup", "a hat"]);
});

test("what is typed in several lines is one line, of one box", () => {
  assert.deepEqual(withLine(WORDS, 0, "a red\nmug,\r\n\r\n on wood", 3)[0], "a red mug, on wood");
});

test("a line for each box, but no words are lost", () => {
  assert.deepEqual(fitted(["a mug"], 3), ["a mug", "", ""]);
  assert.deepEqual(fitted(["a mug", "", "a spoon", ""], 1), ["a mug", "", "a spoon"]);
});

test("words go with their boxes", () => {
  assert.deepEqual(after(WORDS, removed(layout, 0)), ["a hat", "a spoon"]);
  assert.deepEqual(after(WORDS, reordered(layout, 0, 2)), ["a hat", "a spoon", "a mug"]);
  assert.deepEqual(after(WORDS, duplicated(layout)), [...WORDS, ""]);
  assert.deepEqual(after(WORDS, addedUpTo(layout, 4)), [...WORDS, "", ""]);
  // with subjects a row keeps its subject, and so its words; the box goes elsewhere
  const subjects = [{ name: "mug" }, { name: "hat" }, { name: "spoon" }];
  assert.deepEqual(after(WORDS, reordered({ ...layout, subjects }, 0, 2)), WORDS);
});

test("words that were there before the boxes become theirs", () => {
  const first = addedUpTo({ boxes: [] }, 0);
  assert.deepEqual(after(WORDS, first), WORDS);
  const two = { boxes: [A, B], selected: 0 };
  assert.deepEqual(after(WORDS, reordered(two, 0, 1)), ["a hat", "a mug", "a spoon"]);
  assert.deepEqual(after(WORDS, removed(two, 1)), ["a mug", "a spoon"]);
});

test("a box that comes between the others gets its own line", () => {
  assert.deepEqual(linesAfter(["a mug", "a hat"], { order: [0, -1, 1] }, 3), ["a mug", "", "a hat"]);
  assert.deepEqual(linesAfter(WORDS, { order: [0, -1, 1] }, 3), ["a mug", "", "a hat", "a spoon"]);
});

test("words that no box is for can be taken away", () => {
  const words = { lines: WORDS };
  assert.deepEqual(after(WORDS, linesRemoved({ boxes: [A], selected: 0, words })), ["a mug"]);
});

test("a subject is named in its box's words, or put in front of them", () => {
  assert.ok(lacksName("a small thing on wood", "mug"));
  assert.ok(!lacksName("two red Mugs on wood", "mug"));
  assert.ok(!lacksName("  ", "mug"), "a box without words lacks nothing");
  const mended = withName(" on wood", "mug");
  assert.ok(mended.startsWith("mug") && mended.endsWith("on wood") && !lacksName(mended, "mug"));
});
