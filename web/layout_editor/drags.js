// Drags as plain data: what a press takes hold of, and what the boxes become under way.

import { between, hasArea, moved, resized } from "./boxes.js";
import { pointIn } from "./frame.js";
import { boxesAt, handleAt } from "./hits.js";
import { snapLines, snapMove, snapPoint } from "./snapping.js";

const MAGNET = 7; // pixels within which an edge snaps to another
const WAYS = { draw, resize, move };

/**
 * What a press takes hold of: a handle, a box, or the empty picture.
 *
 * @param layout `boxes`, and `selected`, the index of one or -1.
 * @param press `at`, the pixel of the canvas; `frame` of the picture; `grab`, pixels around a handle;
 *   `ctrl` and `shift`, whether these keys are held.
 * @returns the drag: its `kind` ("draw", "resize", "move", or "none"), the `index` of the box that
 *   it changes, the `handle` that it holds, the point `from` where it began, and `boxes` and
 *   `selected` as they were. `choose` ({ selected, second }) is what the press selects at once,
 *   `click` what it selects in the end if it does not move: an index, or undefined for no change.
 */
export function grasp({ boxes, selected }, { at, frame, grab, ctrl, shift }) {
  const from = pointIn(frame, at);
  const hold = (kind, index, more) => ({ kind, index, from, boxes, selected, ...more });
  const unplaced = boxes[selected] && !hasArea(boxes[selected]);
  const drawing = () => hold("draw", unplaced ? selected : boxes.length, { click: -1 });
  if (ctrl || unplaced) return drawing();
  const handle = handleAt(boxes[selected], frame, at, grab);
  if (handle) return hold("resize", selected, { handle });
  const under = boxesAt(boxes, from);
  if (!under.length) return drawing();
  if (shift && selected >= 0) {
    const second = under.find((index) => index !== selected);
    return hold("none", selected, second === undefined ? {} : { choose: { selected, second } });
  }
  const again = under.includes(selected);
  const index = again ? selected : under[0];
  const beneath = under[(under.indexOf(index) + 1) % under.length];
  return hold("move", index, { choose: { selected: index }, click: again ? beneath : index });
}

/**
 * The boxes in the middle of a drag (of another kind than "none").
 *
 * @param now `at`, the pixel of the canvas; `frame` of the picture; `grid`, a key of GRIDS; `free`,
 *   whether nothing snaps.
 * @returns `boxes`; `selected`, the one that changes; `guides`, the lines that it has snapped to.
 */
export function dragged(drag, { at, frame, grid, free }) {
  const others = drag.boxes.filter((box, other) => other !== drag.index && hasArea(box));
  const reach = [MAGNET / frame.width, MAGNET / frame.height];
  const magnet = free ? null : { lines: snapLines(others, grid), reach };
  const [box, guides] = WAYS[drag.kind](drag, pointIn(frame, at), magnet);
  const boxes = [...drag.boxes];
  boxes[drag.index] = box;
  return { boxes, selected: drag.index, guides };
}

function draw({ from }, point, magnet) {
  const [start] = snapped(from, magnet);
  const [end, guides] = snapped(point, magnet);
  return [between(start, end), guides];
}

function resize({ boxes, index, handle }, point, magnet) {
  const [caught, guides] = snapped(point, magnet);
  const axes = [/[ew]/.test(handle), /[ns]/.test(handle)];
  return [resized(boxes[index], handle, caught), guides.filter(({ axis }) => axes[axis])];
}

function move({ boxes, index, from }, point, magnet) {
  const box = moved(boxes[index], point[0] - from[0], point[1] - from[1]);
  if (!magnet) return [box, []];
  const [[dx, dy], guides] = snapMove(box, magnet.lines, magnet.reach);
  return [moved(box, dx, dy), guides];
}

function snapped(point, magnet) {
  return magnet ? snapPoint(point, magnet.lines, magnet.reach) : [point, []];
}
