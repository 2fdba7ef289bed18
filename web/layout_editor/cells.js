// What a box is on the coarsest grid on which SDXL looks at its text: 32 pixels a cell. A box that
// is smaller acts in a whole cell all the same (see Box.cells in layout.py): elsewhere than drawn.

import { clamp, hasArea } from "./boxes.js";

const LATENT = 8; // pixels of a cell of the latent
const ROUNDING = 0.0001; // what a box's four decimals lose

/** Columns and rows of the coarsest grid: the latent, halved twice. */
export function coarsestGrid(size) {
  const half = (cells) => Math.ceil(cells / 2);
  return size.map((side) => half(half(Math.floor(side / LATENT))));
}

/** Whether a box is narrower or lower than a cell in a picture of this size. */
export function isTooSmall([x0, y0, x1, y1], size) {
  if (!hasArea([x0, y0, x1, y1])) return false;
  const [columns, rows] = coarsestGrid(size);
  return x1 - x0 < 1 / columns - ROUNDING || y1 - y0 < 1 / rows - ROUNDING;
}

/** The box, grown around its centre to a cell at least. */
export function enlarged([x0, y0, x1, y1], size) {
  const [columns, rows] = coarsestGrid(size);
  const [left, right] = grown(x0, x1, columns);
  const [top, bottom] = grown(y0, y1, rows);
  return [left, top, right, bottom];
}

function grown(low, high, cells) {
  const least = Math.ceil(1 / cells / ROUNDING); // in four decimals, as all below
  const length = Math.max(Math.round((high - low) / ROUNDING), least);
  const whole = Math.round(1 / ROUNDING);
  const from = clamp(Math.round((low + high) / 2 / ROUNDING - length / 2), 0, whole - length);
  return [from / whole, (from + length) / whole];
}
