// What keys do on the canvas.

import { duplicated, nudged, removed } from "./edits.js";

const NUDGE = 8; // pixels of the picture: one cell of the latent
const LARGE_NUDGE = 64;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/**
 * What a key asks for.
 *
 * @param pressed `key` as the page names it; `shift` and `ctrl`, whether these are held.
 * @param layout as in edits.js, with `size` and `readOnly`.
 * @returns one of `{ choose: index }`, `{ commit: layout }`, `{ leave: true }`; null where the key
 *   is left to the page.
 */
export function askedBy({ key, shift, ctrl }, layout) {
  const { boxes, selected } = layout;
  if (key === "Tab") return boxes.length ? { choose: next(layout, shift ? -1 : 1) } : null;
  // the first lets go of the box, the second of the keyboard
  if (key === "Escape") return selected >= 0 ? { choose: -1 } : { leave: true };
  if (selected < 0 || layout.readOnly) return null;
  const commit = edited(layout, key, shift, ctrl);
  return commit && { commit };
}

function edited(layout, key, shift, ctrl) {
  if (key in ARROWS && !ctrl) {
    const pixels = shift ? LARGE_NUDGE : NUDGE;
    return nudged(layout, ARROWS[key].map((step) => step * pixels));
  }
  if (key === "Delete" || key === "Backspace") return removed(layout, layout.selected);
  if (ctrl && key.toLowerCase() === "d") return duplicated(layout);
  return null;
}

/** The next box, round and round. */
function next({ boxes, selected }, by) {
  const from = selected < 0 && by < 0 ? 0 : selected;
  return (from + by + boxes.length) % boxes.length;
}
