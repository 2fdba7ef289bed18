// What lies under a point of the canvas.

import { area, contains, HANDLES, handlePoint, hasArea } from "./boxes.js";
import { pointIn, pointOn } from "./frame.js";

const AXES = { n: "ns", s: "ns", e: "ew", w: "ew", nw: "nwse", se: "nwse", ne: "nesw", sw: "nesw" };

/** The handle of a box that is at most `grab` pixels away from a pixel of the canvas, or null. */
export function handleAt(box, frame, at, grab) {
  if (!box || !hasArea(box)) return null;
  const distance = (handle) => {
    const [x, y] = pointOn(frame, handlePoint(box, handle));
    return Math.max(Math.abs(x - at[0]), Math.abs(y - at[1]));
  };
  const handle = HANDLES.reduce((a, b) => (distance(b) < distance(a) ? b : a));
  return distance(handle) <= grab ? handle : null;
}

/** The indices of the boxes at a point, the smallest first: one inside another can be reached. */
export function boxesAt(boxes, point) {
  const size = (index) => area(boxes[index]);
  return [...boxes.keys()]
    .filter((index) => hasArea(boxes[index]) && contains(boxes[index], point))
    .sort((a, b) => size(a) - size(b) || b - a);
}

/** The mouse pointer's look over a pixel of the canvas, as CSS names it. */
export function cursorAt({ boxes, selected, readOnly }, frame, at, grab) {
  if (readOnly) return "default";
  const handle = handleAt(boxes[selected], frame, at, grab);
  if (handle) return `${AXES[handle]}-resize`;
  return boxesAt(boxes, pointIn(frame, at)).length ? "move" : "crosshair";
}
