// What buttons and keys do to a layout: functions from one layout to the next. A layout has `boxes`,
// `selected` (an index or -1), `all` (whether every box is selected) and `second`, the index of what
// the selected box is swapped with; the next one has `boxes` and `selected`, `all` if that goes on,
// and the indices of the boxes that are `gone`, or the `order` in which what was in the rows is now,
// by its indices before. It is null where there is nothing to do.

import { distributed, mirrored, PRESETS, swapped } from "./arrange.js";
import { areaBefore, hasArea, moved, movedTogether, tidy, withoutArea } from "./boxes.js";
import { enlarged } from "./cells.js";

const NEW_BOX = [0.35, 0.35, 0.65, 0.65];
const WHOLE = [0, 0, 1, 1];
const BESIDE = 0.04; // how far a new box lies from the one that it would hide

export function added({ boxes }, box = NEW_BOX) {
  let place = box;
  const taken = () => boxes.some((other) => `${other}` === `${place}`);
  for (let tries = 0; taken() && tries < 8; tries++) place = moved(place, BESIDE, BESIDE);
  return { boxes: [...boxes, tidy(place)], selected: boxes.length };
}

/** As many new boxes as it takes for one to have this index. */
export function addedUpTo(layout, index) {
  let next = layout;
  while (next.boxes.length <= index) next = added(next);
  return next;
}

/** A box that is smaller than a cell, enlarged to one. */
export function grown({ boxes, size }, index) {
  return { boxes: replaced(boxes, index, enlarged(boxes[index], size)), selected: index };
}

export function duplicated(layout) {
  const box = layout.boxes[layout.selected];
  return box && hasArea(box) ? { ...added(layout, box), copyOf: layout.selected } : null;
}

export function removed({ boxes, selected }, index) {
  const rest = boxes.filter((_, other) => other !== index);
  return { boxes: rest, selected: Math.min(selected, rest.length - 1), gone: [index] };
}

export function allRemoved({ boxes }) {
  return { boxes: [], selected: -1, gone: [...boxes.keys()] };
}

export function cleared(layout) {
  return layout.boxes.length ? allRemoved(layout) : null;
}

/** Takes away the words that no box is for. */
export function linesRemoved({ boxes, selected, words: { lines } }) {
  return { boxes, selected, gone: [...lines.keys()].slice(boxes.length) };
}

/**
 * Moves a box to another place in the list; those between move up or down. Subjects keep their rows,
 * and get other boxes; without any, all that is in a row goes along.
 */
export function reordered({ boxes, subjects = [] }, index, by) {
  const to = index + by;
  if (!(to in boxes)) return null;
  const order = [...boxes.keys()].toSpliced(index, 1).toSpliced(to, 0, index);
  const next = { boxes: order.map((from) => boxes[from]), selected: to };
  return subjects.length ? next : { ...next, order };
}

/** Takes the area away from a box, or gives it back; one that never had any gets a new one. */
export function areaToggled({ boxes }, index) {
  const before = boxes[index];
  const box = hasArea(before) ? withoutArea(before) : areaBefore(before) ?? NEW_BOX;
  return { boxes: replaced(boxes, index, box), selected: index };
}

/** Has a box be the whole picture. */
export function filled({ boxes }, index) {
  return { boxes: replaced(boxes, index, [...WHOLE]), selected: index };
}

/** Moves what is selected by pixels of the picture, whose `size` the layout has. */
export function nudged({ boxes, selected, all, size: [width, height] }, [x, y]) {
  if (all) return { boxes: movedTogether(boxes, x / width, y / height), selected, all };
  const box = boxes[selected];
  if (!box || !hasArea(box)) return null;
  return { boxes: replaced(boxes, selected, moved(box, x / width, y / height)), selected };
}

export function allMirrored({ boxes, selected }) {
  return { boxes: mirrored(boxes), selected, mirrored: true };
}

export function allDistributed({ boxes, selected }) {
  return { boxes: distributed(boxes), selected };
}

/** Swaps the selected box, else the first, with `second`, else the next. */
export function exchanged({ boxes, selected, second }) {
  if (boxes.length < 2) return null;
  const one = Math.max(selected, 0);
  const other = second >= 0 ? second : (one + 1) % boxes.length;
  return { boxes: swapped(boxes, one, other), selected: other };
}

export function preset(name) {
  const { boxes } = PRESETS.find(({ names }) => names.includes(name));
  return { boxes, selected: -1, fresh: true };
}

function replaced(boxes, index, box) {
  const result = [...boxes];
  result[index] = box;
  return result;
}
