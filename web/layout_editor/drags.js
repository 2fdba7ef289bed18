// Drags as plain data: what a press takes hold of, and what the boxes become under way.

import {
  between,
  boundsOf,
  handlePoint,
  hasArea,
  moved,
  movedTogether,
  resized,
  scaled,
} from "./boxes.js";
import { pointIn } from "./frame.js";
import { boxesAt, handleAt, handleBox, isScene, reachable } from "./hits.js";
import { snapLines, snapMove, snapPoint } from "./snapping.js";

const MAGNET = 7; // pixels within which an edge snaps to another
const WAYS = { draw, resize, move };

/**
 * What a press takes hold of: a handle, a box, or the empty picture.
 *
 * @param layout `boxes`; `selected`, the index of one or -1; `all`, whether every one is; `subjects`.
 * @param press `at`, the pixel of the canvas; `frame` of the picture; `grab`, pixels around a handle;
 *   `ctrl` and `shift`, whether these keys are held.
 * @returns the drag: its `kind` ("draw", "resize", "move", "moveAll", or "none"), the `index` of the
 *   box that it changes, the `handle` that it holds and how far `off` that was taken, the point
 *   `from` where it began, and `boxes`, `selected` and `all` as they were. `choose` ({ selected,
 *   second }) is what the press selects at once, `click` what it selects in the end if it does not
 *   move: an index, or undefined for no change.
 */
export function grasp(layout, { at, frame, grab, ctrl, shift }) {
  const { boxes, selected, all } = layout;
  const from = pointIn(frame, at);
  const hold = (kind, index, more) => ({ kind, index, from, boxes, selected, all, ...more });
  const unplaced = boxes[selected] && !hasArea(boxes[selected]);
  const drawing = () => hold("draw", unplaced ? selected : boxes.length, { click: -1 });
  if (ctrl || unplaced) return drawing();
  const handle = all ? null : handleAt(boxes[selected], frame, at, grab);
  if (handle) return hold("resize", selected, { handle, off: offset(boxes[selected], handle, frame, from) });
  if (shift && selected >= 0 && boxesAt(boxes, from).length) {
    const second = boxesAt(boxes, from).find((index) => index !== selected);
    return hold("none", selected, second === undefined ? {} : { choose: { selected, second } });
  }
  const under = reachable(layout, frame, from);
  if (!under.length) return drawing();
  if (all) return hold("moveAll", under[0], { click: under[0] });
  const again = under.includes(selected) && (under[0] === selected || !isScene(layout, selected));
  const index = again ? selected : under[0];
  const beneath = under[(under.indexOf(index) + 1) % under.length];
  return hold("move", index, { choose: { selected: index }, click: again ? beneath : index });
}

/**
 * The boxes in the middle of a drag (of another kind than "none").
 *
 * @param now `at`, the pixel of the canvas; `frame` of the picture; `grid`, a key of GRIDS; `free`,
 *   whether nothing snaps; `proportional`, whether a box keeps its width to its height.
 * @returns `boxes`; `selected`, the one that changes; `all`, whether every one does; `guides`, the
 *   lines that have caught them.
 */
export function dragged(drag, { at, frame, grid, free, proportional }) {
  const point = pointIn(frame, at);
  const together = drag.kind === "moveAll";
  const others = drag.boxes.filter((box, other) => other !== drag.index && hasArea(box));
  const reach = [MAGNET / frame.width, MAGNET / frame.height];
  const magnet = free ? null : { lines: snapLines(together ? [] : others, grid), reach };
  if (together) return moveAll(drag, point, magnet);
  const [box, guides] = WAYS[drag.kind](drag, point, magnet, proportional);
  const boxes = [...drag.boxes];
  boxes[drag.index] = box;
  return { boxes, selected: drag.index, guides };
}

function draw({ from }, point, magnet) {
  const [start] = snapped(from, magnet);
  const [end, guides] = snapped(point, magnet);
  return [between(start, end), guides];
}

/** How far beside the place that it moves a handle was taken, where it stands beside it. */
function offset(box, handle, frame, from) {
  const [shown, place] = [handleBox(box, frame), box].map((one) => handlePoint(one, handle));
  return from.map((along, axis) => (shown[axis] === place[axis] ? 0 : along - place[axis]));
}

function resize({ boxes, index, handle, off }, [x, y], magnet, proportional) {
  const [caught, guides] = snapped([x - off[0], y - off[1]], magnet);
  if (proportional) return [scaled(boxes[index], handle, caught), []];
  const axes = [/[ew]/.test(handle), /[ns]/.test(handle)];
  return [resized(boxes[index], handle, caught), guides.filter(({ axis }) => axes[axis])];
}

function moveAll({ boxes, selected, from }, point, magnet) {
  const bounds = boundsOf(boxes);
  const [to, guides] = move({ boxes: [bounds], index: 0, from }, point, magnet);
  const together = movedTogether(boxes, to[0] - bounds[0], to[1] - bounds[1]);
  return { boxes: together, selected, all: true, guides };
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
