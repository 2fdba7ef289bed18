// Whole layouts: ready-made ones, and what the toolbar does to all boxes.

import { area, hasArea, tidy } from "./boxes.js";

const SIDE_BY_SIDE = [[0, 0.25, 0.5, 0.75], [0.5, 0.25, 1, 0.75]];
const IN_A_ROW = [[0, 0.25, 0.35, 0.75], [0.35, 0.25, 0.65, 0.75], [0.65, 0.25, 1, 0.75]];
const MIDDLE = [0.25, 0.25, 0.75, 0.75];
const HEAD = [0.25, 0, 0.75, 0.25];
const TOP = [0.25, 0.25, 0.75, 0.6];
const LEGS = [0.25, 0.6, 0.75, 1];
const SCENE = [0, 0, 1, 1];

/** The 13 combinations of MS-Bench (arXiv 2406.07209): nine layouts, with the keys of their names. */
export const PRESETS = [
  { names: ["twoBeings", "beingObject", "twoObjects"], boxes: SIDE_BY_SIDE },
  { names: ["personHat"], boxes: [MIDDLE, HEAD] },
  { names: ["personTop"], boxes: [MIDDLE, MIDDLE] },
  { names: ["personDress"], boxes: [MIDDLE, [0.25, 0.25, 0.75, 1]] },
  { names: ["topTrousers"], boxes: [TOP, LEGS] },
  { names: ["beingScene", "objectScene"], boxes: [MIDDLE, SCENE] },
  { names: ["threeBeings", "threeObjects"], boxes: IN_A_ROW },
  { names: ["beingObjectScene"], boxes: [...SIDE_BY_SIDE, SCENE] },
  { names: ["hatTopTrousers"], boxes: [HEAD, TOP, LEGS] },
];

export function mirrored(boxes) {
  return boxes.map((box) =>
    hasArea(box) ? tidy([1 - box[2], box[1], 1 - box[0], box[3]]) : box,
  );
}

/** Two subjects change places. */
export function swapped(boxes, first, second) {
  const result = [...boxes];
  [result[first], result[second]] = [boxes[second], boxes[first]];
  return result;
}

/**
 * Equal gaps between the boxes and to the picture's edges, along the axis on which they are
 * spread; boxes too large for gaps overlap evenly. A box of the whole picture stays.
 */
export function distributed(boxes) {
  const placed = [...boxes.keys()].filter((i) => hasArea(boxes[i]) && area(boxes[i]) < 1);
  if (!placed.length) return boxes;
  const axis = spread(placed, boxes, 0) >= spread(placed, boxes, 1) ? 0 : 1;
  const centre = (index) => boxes[index][axis] + boxes[index][axis + 2];
  placed.sort((a, b) => centre(a) - centre(b) || a - b);
  const sizes = placed.map((index) => boxes[index][axis + 2] - boxes[index][axis]);
  const free = 1 - sizes.reduce((a, b) => a + b, 0);
  // boxes that leave no room touch the picture's edges instead
  const gaps = free >= 0 ? placed.length + 1 : Math.max(placed.length - 1, 1);
  const result = [...boxes];
  let at = free >= 0 ? free / gaps : 0;
  placed.forEach((index, order) => {
    const box = [...boxes[index]];
    box[axis] = at;
    box[axis + 2] = at + sizes[order];
    result[index] = tidy(box);
    at += sizes[order] + free / gaps;
  });
  return result;
}

function spread(indices, boxes, axis) {
  const centres = indices.map((index) => (boxes[index][axis] + boxes[index][axis + 2]) / 2);
  return Math.max(...centres) - Math.min(...centres);
}
