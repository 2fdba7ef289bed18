// Text on the canvas: in a box's colour, in ink that is seen on it.

import { css, inkOn } from "./colours.js";

const LABEL_HEIGHT = 18;
const LINE_HEIGHT = 15; // of a box's words
const MOST_LINES = 2;

/** The label of a box, at its upper left corner. */
export function paintLabel(context, text, { x, y, width }, plate) {
  context.font = "12px sans-serif";
  const shown = shortened(text, Math.max(width - 12, 10), measureIn(context));
  paintPlate(context, shown, x + 2, y + 2, LABEL_HEIGHT, plate);
}

/** The words of a box, below its label, as far as the box has room. */
export function paintWords(context, text, { x, y, width, height }, plate) {
  context.font = "11px sans-serif";
  const room = Math.floor((height - LABEL_HEIGHT - 4) / LINE_HEIGHT);
  const lines = wrapped(text, width - 12, Math.min(room, MOST_LINES), measureIn(context));
  const top = y + 2 + LABEL_HEIGHT;
  lines.forEach((line, number) =>
    paintPlate(context, line, x + 2, top + number * LINE_HEIGHT, LINE_HEIGHT, plate),
  );
}

function paintPlate(context, text, x, y, height, plate) {
  context.textBaseline = "middle";
  context.fillStyle = css(plate);
  context.fillRect(x, y, context.measureText(text).width + 8, height);
  context.fillStyle = css(inkOn(plate));
  context.fillText(text, x + 4, y + height / 2);
}

function measureIn(context) {
  return (text) => context.measureText(text).width;
}

// no letter is narrower than a pixel: of a long text no more is measured, letter by letter
function cut(text, room) {
  return text.slice(0, Math.max(Math.ceil(room), 1));
}

/** A text in so many lines of this width, at most; the last one ends in "…" where there is more. */
export function wrapped(text, room, most, measure) {
  const lines = [];
  let rest = text.trim();
  while (rest && lines.length < most) {
    const last = lines.length === most - 1;
    const line = last ? shortened(rest, room, measure) : firstLine(rest, room, measure);
    if (measure(line) > room) break; // there is no room for a single letter
    lines.push(line);
    rest = last ? "" : rest.slice(line.length).trim();
  }
  return lines;
}

/** As many words as fit, else as many letters: there may be no spaces. */
function firstLine(text, room, measure) {
  if (measure(text) <= room) return text;
  let end = cut(text, room).length;
  while (end > 1 && measure(text.slice(0, end)) > room) end--;
  const space = text.lastIndexOf(" ", end);
  return text.slice(0, space > 0 ? space : end);
}

function shortened(text, room, measure) {
  if (measure(text) <= room) return text;
  let kept = cut(text, room);
  while (kept.length > 1 && measure(`${kept}…`) > room) kept = kept.slice(0, -1);
  return kept.length > 2 ? `${kept}…` : text.split(" ")[0]; // the number at least
}
