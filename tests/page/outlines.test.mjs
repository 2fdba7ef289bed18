// Outlines of areas on a grid.

import assert from "node:assert/strict";
import test from "node:test";

import { outlinesOf } from "../../web/layout_editor/outlines.js";

/** The outlines of one area, drawn as rows of "#" and ".", in cells. */
function outlines(...drawn) {
  const [columns, rows] = [drawn[0].length, drawn.length];
  const runs = `.${drawn.join("")}`.match(/#+|\.+/g).map((run) => run.length);
  runs[0] -= 1; // the first counts what is outside, and may be none
  const [lines] = outlinesOf({ columns, rows, areas: [runs] });
  return lines.map((line) => line.map(([x, y]) => [x * columns, y * rows]));
}

/** A closed line from its first point in reading order on. */
function fromFirst(line) {
  const order = ([x, y]) => 1000 * y + x;
  const first = line.indexOf(line.toSorted((a, b) => order(a) - order(b))[0]);
  return [...line.slice(first), ...line.slice(0, first)];
}

function check(drawn, expected) {
  const sorted = (lines) => lines.map((line) => JSON.stringify(line)).sort();
  assert.deepEqual(sorted(outlines(...drawn).map(fromFirst)), sorted(expected));
}

test("a rectangle has four corners", () => {
  check(["....", ".##.", ".##."], [[[1, 1], [3, 1], [3, 3], [1, 3]]]);
});

test("an area that fills the grid is outlined by its edge", () => {
  check(["##", "##"], [[[0, 0], [2, 0], [2, 2], [0, 2]]]);
});

test("an L has six corners", () => {
  check(["#..", "#..", "##."], [[[0, 0], [1, 0], [1, 2], [2, 2], [2, 3], [0, 3]]]);
});

test("a hole has an outline of its own", () => {
  const [outer, hole] = [[[0, 0], [3, 0], [3, 3], [0, 3]], [[1, 1], [1, 2], [2, 2], [2, 1]]];
  check(["###", "#.#", "###"], [outer, hole]);
});

test("parts lie apart, and those that touch at a corner are all outlined", () => {
  check(["#.#"], [[[0, 0], [1, 0], [1, 1], [0, 1]], [[2, 0], [3, 0], [3, 1], [2, 1]]]);
  for (const drawn of [["#.", ".#"], [".#", "#."]]) {
    const lines = outlines(...drawn);
    const length = (line) =>
      line.reduce((sum, [x, y], i) => {
        const [toX, toY] = line[(i + 1) % line.length];
        return sum + Math.abs(toX - x) + Math.abs(toY - y);
      }, 0);
    assert.equal(lines.reduce((sum, line) => sum + length(line), 0), 8);
  }
});

test("where nothing is inside there is no outline", () => {
  check(["...", "..."], []);
});

test("points are shares of the picture, for each area", () => {
  const told = { columns: 4, rows: 2, areas: [[0, 2, 2, 2, 2], [8], [6, 2]] };
  assert.deepEqual(outlinesOf(told).map((lines) => lines.map(fromFirst)), [
    [[[0, 0], [0.5, 0], [0.5, 1], [0, 1]]],
    [],
    [[[0.5, 0.5], [1, 0.5], [1, 1], [0.5, 1]]],
  ]);
});
