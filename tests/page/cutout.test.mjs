// What the encoder gets of a picture with a mask.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { blacken, isInsideOut, visibleBounds } from "../../web/layout_editor/cutout.js";

const CASES = JSON.parse(readFileSync(new URL("../inside_out.json", import.meta.url), "utf-8"));

/** The levels of a mask that is drawn as lines, each cell as a square of so many pixels. */
function levelsOf(rows, side = 1) {
  const [width, height] = [rows[0].length * side, rows.length * side];
  const cell = (x, y) => rows[Math.floor(y / side)][Math.floor(x / side)];
  const levels = Uint8Array.from({ length: width * height }, (_, at) =>
    cell(at % width, Math.floor(at / width)) === "#" ? 255 : 0,
  );
  return [levels, width, height];
}

for (const { mask, inside_out: expected, rows } of CASES) {
  test(`a mask of ${mask}`, () => {
    assert.equal(isInsideOut(...levelsOf(rows)), expected);
    assert.equal(isInsideOut(...levelsOf(rows, 9)), expected);
  });
}

test("the picture is cropped to what is visible", () => {
  const bounds = visibleBounds(...levelsOf(["......", "..##..", ".###..", "......"]));
  assert.deepEqual(bounds, { left: 1, top: 1, width: 3, height: 2 });
  assert.deepEqual(visibleBounds(...levelsOf(["##", "##"])), { left: 0, top: 0, width: 2, height: 2 });
  assert.equal(visibleBounds(...levelsOf(["....", "...."])), null);
});

test("up to level 16 of 255 a mask is black", () => {
  assert.equal(visibleBounds([16, 16, 16, 16], 2, 2), null);
  assert.deepEqual(visibleBounds([16, 17, 16, 16], 2, 2), { left: 1, top: 0, width: 1, height: 1 });
});

test("outside the mask a picture is black, and grey is a share", () => {
  const pixels = Uint8ClampedArray.from([200, 100, 50, 0, 200, 100, 50, 0, 200, 100, 50, 0]);
  blacken(pixels, [255, 0, 51]);
  assert.deepEqual([...pixels], [200, 100, 50, 255, 0, 0, 0, 255, 40, 20, 10, 255]);
});
