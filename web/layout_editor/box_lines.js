// The words of the boxes: the value `prompts` of Box Prompts, a line a box. Pure.

import { lacking } from "./prompt.js";

const BREAK = /\r\n|\r|\n/; // as in Python

export function linesOf(text) {
  return text.split(BREAK);
}

/** The line of a box; "" where there is none. */
export function lineOf(lines, index) {
  return lines?.[index] ?? "";
}

/**
 * A line for each box: empty ones are added, or taken away at the end; words without a box stay.
 *
 * @param count of boxes.
 */
export function fitted(lines, count) {
  const length = Math.max(count, worded(lines));
  return Array.from({ length }, (_, index) => lineOf(lines, index));
}

/** How many lines there are up to the last one with words. */
export function worded(lines) {
  return lines.findLastIndex((line) => line.trim()) + 1;
}

/** The lines with other words for one box. What is typed in several lines becomes one. */
export function withLine(lines, index, words, count) {
  const one = words.replace(/\s*[\r\n]+\s*/g, " ").trim();
  return fitted(fitted(lines, index + 1).with(index, one), count);
}

/**
 * The lines once the boxes are others.
 *
 * @param moves the indices of what is `gone`, or the `order` of what was there, by its indices
 *   before, -1 for a new box.
 */
export function linesAfter(lines, { gone = [], order = null }, count) {
  if (!order) return fitted(lines.filter((_, index) => !gone.includes(index)), count);
  const behind = lines.slice(order.filter((from) => from >= 0).length);
  return fitted([...order.map((from) => lineOf(lines, from)), ...behind], count);
}

/** Whether a box has words that do not name its subject. */
export function lacksName(line, name) {
  return Boolean(line.trim()) && lacking(line, [name])[0] > 0;
}

/** The words with a subject's name in front. */
export function withName(line, name) {
  return `${name}, ${line.trim()}`;
}
