// Snapping: a grid catches from anywhere; edges of boxes and of the picture only from nearby.

import assert from "node:assert/strict";
import test from "node:test";

import { GRIDS, snapLines, snapMove, snapPoint } from "../../web/layout_editor/snapping.js";
import { near } from "./near.mjs";

const OTHER = [0.58, 0.3, 0.9, 0.85];
const REACH = [0.02, 0.01];
const lines = (grid = "off", others = []) => snapLines(others, grid);

test("the grids are eighths, sixteenths and thirds, with the picture's edges", () => {
  assert.deepEqual(GRIDS.off, []);
  near(GRIDS.eighths, [0, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1]);
  near(GRIDS.thirds, [0, 0.3333, 0.6667, 1]);
  assert.equal(GRIDS.sixteenths.length, 17);
  near(GRIDS.sixteenths[5], 0.3125);
});

test("each grid takes a point its own way", () => {
  const taken = {
    off: [[0.2, 0.3], [0.7, 0.92]],
    eighths: [[0.25, 0.25], [0.75, 0.875]],
    sixteenths: [[0.1875, 0.3125], [0.6875, 0.9375]],
    thirds: [[0.3333, 0.3333], [0.6667, 1]],
  };
  for (const [grid, [start, end]] of Object.entries(taken)) {
    near(snapPoint([0.2, 0.3], lines(grid), REACH)[0], start);
    near(snapPoint([0.7, 0.92], lines(grid), REACH)[0], end);
  }
});

test("a point snaps to edges of other boxes within reach, and says to which", () => {
  const [point, guides] = snapPoint([0.59, 0.345], lines("off", [OTHER]), REACH);
  near(point, [0.58, 0.345]);
  near(guides, [{ axis: 0, at: 0.58 }]);
  near(snapPoint([0.601, 0.311], lines("off", [OTHER]), REACH), [[0.601, 0.311], []]);
  near(snapPoint([0.1, 0.845], lines("off", [OTHER]), REACH), [[0.1, 0.85], [{ axis: 1, at: 0.85 }]]);
});

test("a point snaps to the picture's edges and centre lines within reach", () => {
  near(snapPoint([0.01, 0.495], lines(), REACH)[0], [0, 0.5]);
  near(snapPoint([0.985, 0.995], lines(), REACH)[0], [1, 1]);
  near(snapPoint([0.03, 0.52], lines(), REACH), [[0.03, 0.52], []]);
});

test("an edge nearby goes before the grid", () => {
  near(snapPoint([0.57, 0.2], lines("eighths", [OTHER]), REACH)[0], [0.58, 0.25]);
});

test("a moved box snaps with the edge that is nearest to a line", () => {
  const right = snapMove([0.705, 0.1, 0.905, 0.2], lines("off", [OTHER]), REACH);
  near(right, [[-0.005, 0], [{ axis: 0, at: 0.9 }]]);
  const bottom = snapMove([0.2, 0.453, 0.4, 0.853], lines("off", [OTHER]), REACH);
  near(bottom, [[0, -0.003], [{ axis: 1, at: 0.85 }]]);
  // left edge 0.015 from 0.58, right edge 0.005 from 0.9
  near(snapMove([0.595, 0.1, 0.905, 0.2], lines("off", [OTHER]), REACH)[0], [-0.005, 0]);
});

test("a moved box snaps to the picture's edges and with its centre to the centre lines", () => {
  near(snapMove([0.01, 0.005, 0.31, 0.405], lines(), REACH)[0], [-0.01, -0.005]);
  const [shift, guides] = snapMove([0.35, 0.295, 0.63, 0.695], lines(), REACH);
  near(shift, [0.01, 0.005]); // centre at 0.49 and 0.495
  near(guides, [{ axis: 0, at: 0.5 }, { axis: 1, at: 0.5 }]);
});

test("the centre does not snap to the edges of other boxes", () => {
  near(snapMove([0.43, 0.1, 0.73, 0.2], lines("off", [OTHER]), REACH)[0], [0, 0]); // centre 0.58
});

test("a moved box goes to the grid with its left and top edges from anywhere", () => {
  const [shift] = snapMove([0.24, 0.41, 0.54, 0.81], lines("eighths"), REACH);
  near(shift, [0.01, -0.035]); // to 0.25 and 0.375
});
