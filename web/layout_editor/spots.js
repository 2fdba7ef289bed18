// Where the box of a dropped picture goes: functions from boxes to boxes.

import { added } from "./edits.js";
import { moved, tidy } from "./boxes.js";

const SIDE = 0.4; // of a new box, as a share of the picture's
const LONGEST = 0.9;
const STEPS = [0.5, 0.25, 0.75, 0.375, 0.625, 0.2, 0.8]; // centres that are tried for a free place

/**
 * A box in the aspect of the dropped picture, in a layout of another one.
 *
 * @param point its centre, or null: then where the least is covered.
 */
export function newBox(boxes, point, aspect, layoutAspect) {
  const stretch = Math.sqrt(aspect / layoutAspect);
  const [width, height] = [SIDE * stretch, SIDE / stretch].map((side) => Math.min(side, LONGEST));
  const at = ([x, y]) => {
    const middle = [(1 - width) / 2, (1 - height) / 2, (1 + width) / 2, (1 + height) / 2];
    return moved(middle, x - 0.5, y - 0.5);
  };
  if (point) return at(point);
  const places = STEPS.flatMap((y) => STEPS.map((x) => at([x, y])));
  const hidden = places.map((place) => boxes.reduce((sum, box) => sum + shared(place, box), 0));
  return places[hidden.indexOf(Math.min(...hidden))];
}

/**
 * The boxes once a subject has its own: box `index`, which takes the subject's place in the order,
 * or a new one. Subjects before it that have none get one as the button + makes it.
 */
export function withBox(boxes, subject, index, box) {
  if (index >= 0) {
    const rest = boxes.filter((_, other) => other !== index);
    return rest.toSpliced(subject, 0, boxes[index]);
  }
  let result = boxes;
  while (result.length < subject) ({ boxes: result } = added({ boxes: result }));
  return result.toSpliced(subject, 0, tidy(box));
}

/** A list with an entry for each of some boxes, in the order in which they are `next`. */
export function following(list, boxes, next) {
  return next.map((box) => list[boxes.indexOf(box)]);
}

function shared([ax0, ay0, ax1, ay1], [bx0, by0, bx1, by1]) {
  const across = Math.min(ax1, bx1) - Math.max(ax0, bx0);
  const down = Math.min(ay1, by1) - Math.max(ay0, by0);
  return Math.max(across, 0) * Math.max(down, 0);
}
