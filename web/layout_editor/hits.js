// What lies over what, and what is under a point of the canvas. A layout has `boxes`, the index of
// the one that is `selected`, and their `subjects`.

import { area, contains, HANDLES, handlePoint, hasArea } from "./boxes.js";
import { placed, pointIn, pointOn } from "./frame.js";

const AXES = { n: "ns", s: "ns", e: "ew", w: "ew", nw: "nwse", se: "nwse", ne: "nesw", sw: "nesw" };

const ROOM = 34; // pixels between the handles of a box, at least: between them it can be moved

/** The box that the handles of a box are on: itself, or a larger one around it where it is small. */
export function handleBox(box, frame) {
  const { width, height } = placed(frame, box);
  const across = Math.max(ROOM - width, 0) / 2 / frame.width;
  const down = Math.max(ROOM - height, 0) / 2 / frame.height;
  return [box[0] - across, box[1] - down, box[2] + across, box[3] + down];
}

/** The handle of a box that is at most `grab` pixels away from a pixel of the canvas, or null. */
export function handleAt(box, frame, at, grab) {
  if (!box || !hasArea(box)) return null;
  const around = handleBox(box, frame);
  const distance = (handle) => {
    const [x, y] = pointOn(frame, handlePoint(around, handle));
    return Math.max(Math.abs(x - at[0]), Math.abs(y - at[1]));
  };
  // "" is the middle of the box, where a finger moves it though handles are in reach
  const handle = ["", ...HANDLES].reduce((a, b) => (distance(b) < distance(a) ? b : a));
  return handle && distance(handle) <= grab ? handle : null;
}

/** The indices of the boxes at a point, the smallest first: one inside another can be reached. */
export function boxesAt(boxes, point) {
  const size = (index) => area(boxes[index]);
  return [...boxes.keys()]
    .filter((index) => hasArea(boxes[index]) && contains(boxes[index], point))
    .sort((a, b) => size(a) - size(b) || b - a);
}

/** Whether a box is that of a scene: its subject covers the whole picture, behind the others. */
export function isScene({ subjects = [], options = [] }, index) {
  return Boolean(options[index]?.everywhere ?? subjects[index]?.everywhere);
}

/** Whether the subject of a box does not act. */
export function isOff({ subjects = [], options = [] }, index) {
  return !(options[index]?.enabled ?? !subjects[index]?.off);
}

/**
 * The indices of the boxes that a press at a point can take hold of, the best first. Scenes are not
 * among them, or they would always be in the way; but one that is selected is, behind the others.
 */
export function reachable(layout, frame, point) {
  const { boxes, selected } = layout;
  const found = boxesAt(boxes, point).filter((index) => !isScene(layout, index));
  const box = boxes[selected];
  const holds = box && hasArea(box) && contains(handleBox(box, frame), point);
  if (!holds || found.includes(selected)) return found;
  return isScene(layout, selected) ? [...found, selected] : [selected, ...found];
}

/**
 * The indices of the boxes with an area, as they lie one over another: scenes beneath, small boxes
 * over large ones, and on top the selected one, if it is no scene.
 */
export function layers(layout) {
  const { boxes, selected } = layout;
  const height = (index) => {
    if (isScene(layout, index)) return -2;
    return index === selected && area(boxes[index]) < 1 ? 1 : -area(boxes[index]);
  };
  return [...boxes.keys()].filter((i) => hasArea(boxes[i])).sort((a, b) => height(a) - height(b));
}

/** The mouse pointer's look over a pixel of the canvas, as CSS names it. */
export function cursorAt(layout, frame, at, grab) {
  if (layout.readOnly) return "default";
  const handle = layout.all ? null : handleAt(layout.boxes[layout.selected], frame, at, grab);
  if (handle) return `${AXES[handle]}-resize`;
  return reachable(layout, frame, pointIn(frame, at)).length ? "move" : "crosshair";
}
