// Where the picture lies on its canvas: a margin of 10 pixels, as large as fits.

import test from "node:test";

import { pictureFrame, placed, pointIn, pointOn } from "../../web/layout_editor/frame.js";
import { near } from "./near.mjs";

const FRAME = { x: 10, y: 60, width: 400, height: 200 };

test("a picture fills the width or the height of the canvas, and is in the middle", () => {
  near(pictureFrame(420, 420, 1), { x: 10, y: 10, width: 400, height: 400 });
  near(pictureFrame(420, 320, 2), FRAME);
  near(pictureFrame(420, 320, 0.5), { x: 135, y: 10, width: 150, height: 300 });
});

test("a canvas without room for a picture has one of a pixel", () => {
  near(pictureFrame(5, 5, 1), { x: 2, y: 2, width: 1, height: 1 });
});

test("points and boxes go from the picture to the canvas, and points back", () => {
  near(pointOn(FRAME, [0.25, 0.5]), [110, 160]);
  near(pointIn(FRAME, [110, 160]), [0.25, 0.5]);
  near(pointIn(FRAME, [0, 270]), [-0.025, 1.05]);
  near(placed(FRAME, [0.25, 0.5, 0.75, 0.6]), { x: 110, y: 160, width: 200, height: 20 });
});
