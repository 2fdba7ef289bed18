// Outlines and labels that are seen on any sheet.

import assert from "node:assert/strict";
import test from "node:test";

import { COLOURS, contrast, haloOf, inkOn } from "../../web/layout_editor/colours.js";

const SHEETS = [[0, 0, 0], [34, 34, 34], [59, 66, 82], [128, 128, 128], [204, 204, 204], [255, 255, 255]];

test("contrast is that of WCAG", () => {
  assert.equal(contrast([0, 0, 0], [255, 255, 255]), 21);
  assert.equal(contrast([255, 255, 255], [0, 0, 0]), 21);
  assert.equal(contrast([119, 119, 119], [255, 255, 255]).toFixed(2), "4.48"); // a known pair
});

test("of each box the outline or its halo has a contrast of 3 to any sheet", () => {
  for (const sheet of SHEETS) {
    COLOURS.forEach((colour, index) => {
      const best = Math.max(contrast(colour, sheet), contrast(haloOf(index, sheet), sheet));
      assert.ok(best >= 3, `${index} on ${sheet}: ${best}`);
    });
  }
});

test("the ink of a label has a contrast of 4.5 to its plate", () => {
  for (const colour of COLOURS) assert.ok(contrast(inkOn(colour), colour) >= 4.5, `${colour}`);
});
