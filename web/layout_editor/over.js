// What lies over the canvas: which box an event is at, and elements over a box.

import { hasArea } from "./boxes.js";
import { pictureFrame, placed, pointIn } from "./frame.js";
import { reachable } from "./hits.js";
import { positionOn } from "./pointer.js";

const SHEET = [0, 0, 1, 1];

/** The `index` of the box that an event of the mouse is at, -1 for none, and its `point`. */
export function targetAt(canvas, layout, event) {
  const frame = pictureFrame(canvas.clientWidth, canvas.clientHeight, layout.aspect);
  const point = pointIn(frame, positionOn(canvas, event));
  return { index: reachable(layout, frame, point)[0] ?? -1, point };
}

/** Where a box is in the editor's element, in its pixels; without an area it is the whole sheet. */
export function boxOver(canvas, { aspect, boxes }, index) {
  const box = boxes[index] && hasArea(boxes[index]) ? boxes[index] : SHEET;
  const { clientWidth, clientHeight, offsetLeft, offsetTop } = canvas;
  const { x, y, width, height } = placed(pictureFrame(clientWidth, clientHeight, aspect), box);
  return { left: offsetLeft + x, top: offsetTop + y, width, height };
}

/** Puts an element there. */
export function lay(target, rectangle) {
  for (const [side, pixels] of Object.entries(rectangle)) target.style[side] = `${pixels}px`;
}
