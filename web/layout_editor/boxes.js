// Boxes are [x0, y0, x1, y1] in shares of the picture (0 to 1), as in the node's value.
// Functions here change nothing: they give new boxes.

export const SMALLEST = 0.01; // a box that the mouse makes is at least as wide and as high
export const HANDLES = ["nw", "n", "ne", "e", "se", "s", "sw", "w"];
const NO_AREA = [0, 0, 0, 0];
const areas = new WeakMap(); // a box without an area → the one that it had before

/** What is wrong with a text: a key of texts.js and the number of the box (from 1), if one. */
export class BoxError extends Error {
  constructor(key, number) {
    super(key);
    this.key = key;
    this.number = number;
  }
}

/** Boxes from the node's value; the same rules as in Python, but an empty list is allowed. */
export function parseBoxes(text) {
  let boxes;
  try {
    boxes = JSON.parse(text);
  } catch {
    throw new BoxError("noJson");
  }
  if (!Array.isArray(boxes)) throw new BoxError("noList");
  boxes.forEach((box, index) => {
    const number = index + 1;
    if (!Array.isArray(box) || box.length !== 4 || !box.every(Number.isFinite)) {
      throw new BoxError("notFour", number);
    }
    if (!hasArea(box)) return;
    if (box.some((share) => share < 0 || share > 1)) throw new BoxError("outside", number);
    if (box[0] >= box[2] || box[1] >= box[3]) throw new BoxError("turned", number);
  });
  return boxes;
}

/** Boxes with the areas that those without one had before; of a list that anybody may have written. */
export function remembering(boxes, before) {
  return boxes.map((box, index) => {
    const known = !hasArea(box) && Array.isArray(before) && before[index];
    return known ? withoutArea(readable(known)) : box;
  });
}

function readable(box) {
  try {
    return parseBoxes(JSON.stringify([box]))[0];
  } catch {
    return null;
  }
}

/** The node's value, in the form of its default. */
export function formatBoxes(boxes) {
  return `[${boxes.map((box) => `[${box.join(", ")}]`).join(", ")}]`;
}

/** Four zeros are a subject without an area. */
export function hasArea(box) {
  return box.some((share) => share !== 0);
}

/** A box without an area, which remembers the one that it had before, if it had one. */
export function withoutArea(before) {
  const box = [...NO_AREA];
  if (before && hasArea(before)) areas.set(box, before);
  return box;
}

/** The area that a box without one had before, or null. */
export function areaBefore(box) {
  return areas.get(box) ?? null;
}

/** The box between two points, at least SMALLEST wide and high, inside the picture. */
export function between([xa, ya], [xb, yb]) {
  const [x0, x1] = span(xa, xb);
  const [y0, y1] = span(ya, yb);
  return tidy([x0, y0, x1, y1]);
}

/** The box moved, as far as the picture reaches; its size stays. */
export function moved([x0, y0, x1, y1], dx, dy) {
  const right = Math.min(Math.max(dx, -x0), 1 - x1);
  const down = Math.min(Math.max(dy, -y0), 1 - y1);
  return tidy([x0 + right, y0 + down, x1 + right, y1 + down]);
}

/** The boxes moved as one, as far as the picture reaches; those without an area stay. */
export function movedTogether(boxes, dx, dy) {
  const bounds = boundsOf(boxes);
  if (!bounds) return boxes;
  const to = moved(bounds, dx, dy);
  const by = [to[0] - bounds[0], to[1] - bounds[1]];
  return boxes.map((box) => (hasArea(box) ? moved(box, ...by) : box));
}

/** The smallest box around all that have an area; null where none has. */
export function boundsOf(boxes) {
  const placed = boxes.filter(hasArea);
  if (!placed.length) return null;
  const side = (at) => placed.map((box) => box[at]);
  return [Math.min(...side(0)), Math.min(...side(1)), Math.max(...side(2)), Math.max(...side(3))];
}

/** The box with the edges of a handle ("nw", "e", …) at a point; other edges stay. */
export function resized(box, handle, [x, y]) {
  let [x0, y0, x1, y1] = box;
  if (handle.includes("w")) x0 = clamp(x, 0, x1 - SMALLEST);
  if (handle.includes("e")) x1 = clamp(x, x0 + SMALLEST, 1);
  if (handle.includes("n")) y0 = clamp(y, 0, y1 - SMALLEST);
  if (handle.includes("s")) y1 = clamp(y, y0 + SMALLEST, 1);
  return tidy([x0, y0, x1, y1]);
}

/**
 * The box with a handle at a point, as far as its width to its height allows, which stay. What is
 * opposite of the handle stays in its place: a corner, or the middle of an edge.
 */
export function scaled(box, handle, [x, y]) {
  const fixed = handlePoint(box, opposite(handle));
  const size = [box[2] - box[0], box[3] - box[1]];
  const ways = [way(handle, "w", "e"), way(handle, "n", "s")]; // -1, 1, or 0: to both sides
  const reached = ways.map((to, axis) => (to ? (to * ([x, y][axis] - fixed[axis])) / size[axis] : 0));
  const room = ways.map((to, axis) => {
    const [before, after] = [fixed[axis], 1 - fixed[axis]];
    return (to ? (to > 0 ? after : before) : 2 * Math.min(before, after)) / size[axis];
  });
  const least = Math.max(...size.map((side) => SMALLEST / side));
  const factor = Math.max(Math.min(Math.max(...reached), ...room), Math.min(least, 1));
  const start = (axis) => fixed[axis] + (factor * size[axis] * (ways[axis] - 1)) / 2;
  const [left, top] = [start(0), start(1)];
  return tidy([left, top, left + factor * size[0], top + factor * size[1]]);
}

function opposite(handle) {
  return [...handle].map((side) => "nsew"["snwe".indexOf(side)]).join("");
}

function way(handle, low, high) {
  return handle.includes(high) - handle.includes(low);
}

/** Where a handle of a box is. */
export function handlePoint([x0, y0, x1, y1], handle) {
  const x = handle.includes("w") ? x0 : handle.includes("e") ? x1 : (x0 + x1) / 2;
  const y = handle.includes("n") ? y0 : handle.includes("s") ? y1 : (y0 + y1) / 2;
  return [x, y];
}

export function contains([x0, y0, x1, y1], [x, y]) {
  return x >= x0 && x <= x1 && y >= y0 && y <= y1;
}

export function area([x0, y0, x1, y1]) {
  return (x1 - x0) * (y1 - y0);
}

/** Four decimals are finer than a pixel of any picture that SDXL paints. */
export function tidy(box) {
  return box.map((share) => Number(clamp(share, 0, 1).toFixed(4)));
}

export function clamp(value, low, high) {
  return Math.max(low, Math.min(high, value));
}

function span(a, b) {
  const low = clamp(Math.min(a, b), 0, 1 - SMALLEST);
  return [low, clamp(Math.max(a, b), low + SMALLEST, 1)];
}
