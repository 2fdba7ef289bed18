// What keys do on the canvas.

import { allRemoved, duplicated, nudged, removed, reordered } from "./edits.js";

const NUDGE = 8; // pixels of the picture: one cell of the latent
const LARGE_NUDGE = 64;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/**
 * What a key asks for.
 *
 * @param pressed `key` as the page names it; `shift`, `ctrl` and `alt`, whether these are held.
 * @param layout as in edits.js, with `size` and `readOnly`.
 * @returns one of `{ choose: { selected, all } }`, `{ commit: layout }`, `{ leave: true }`; null where
 *   the key is left to the page.
 */
export function askedBy({ key, shift, ctrl, alt }, layout) {
  const { boxes, selected } = layout;
  if (key === "Tab") {
    const to = next(layout, shift ? -1 : 1);
    return to in boxes ? { choose: { selected: to } } : null; // on to the next element of the page
  }
  // the first lets go of the box, the second of the keyboard
  if (key === "Escape") return selected >= 0 ? { choose: { selected: -1 } } : { leave: true };
  if (ctrl && key.toLowerCase() === "a") return { choose: everything(layout) };
  if (selected < 0 || layout.readOnly) return null;
  const by = { ArrowUp: -1, ArrowDown: 1 }[key];
  const commit = alt && by ? reordered(layout, selected, by) : edited(layout, key, shift, ctrl);
  return commit && { commit };
}

function edited(layout, key, shift, ctrl) {
  if (key in ARROWS && !ctrl) {
    const pixels = shift ? LARGE_NUDGE : NUDGE;
    return nudged(layout, ARROWS[key].map((step) => step * pixels));
  }
  if (key === "Delete" || key === "Backspace") {
    return layout.all ? allRemoved(layout) : removed(layout, layout.selected);
  }
  if (ctrl && key.toLowerCase() === "d") return duplicated(layout);
  return null;
}

/** Every box is selected; one of them is the one that keys for a single box act on. */
export function everything({ boxes, selected }) {
  return { selected: boxes.length ? Math.max(selected, 0) : -1, all: boxes.length > 0 };
}

/** The next box; behind the last one comes none. */
function next({ boxes, selected }, by) {
  return (selected < 0 && by < 0 ? boxes.length : selected) + by;
}
