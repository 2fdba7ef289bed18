// Boxes in words: what they are called, and what is spoken for people who cannot see them.

import { lineOf } from "./box_lines.js";
import { hasArea } from "./boxes.js";
import { say } from "./texts.js";

/** A box's name: its subject's, else the one that was typed for the box. */
export function nameOf({ subjects, names }, index) {
  return (subjects[index] ? subjects[index].name : names[index]) ?? "";
}

/** A box with its number, its name and where it is. */
export function described(view, index) {
  const who = [say("boxNumber", index + 1), nameOf(view, index)].filter(Boolean).join(", ");
  if (!hasArea(view.boxes[index])) return `${who}, ${say("noArea")}`;
  const [left, top, right, bottom] = view.boxes[index].map((share) => Math.round(share * 100));
  return say("where", who, left, right, top, bottom);
}

/** How the subject of a box acts, as far as that is worth a word; "" where it is not. */
export function acts({ acting, options }, index) {
  const { enabled, everywhere, weight, start_percent: start, end_percent: end } = acting[index];
  const own = options[index] ?? {};
  const timed = "start_percent" in own || "end_percent" in own;
  const [from, to] = [start, end].map((share) => Math.round(share * 1000) / 10);
  return [
    !enabled && say("isOff"),
    everywhere && say("wholePicture"),
    "weight" in own && `× ${weight}`,
    timed && `${from}–${to} %`,
  ].filter(Boolean).join(", ");
}

/** What is spoken when another is set. */
export function actingSpoken(view, index) {
  const who = [say("boxNumber", index + 1), nameOf(view, index)].filter(Boolean).join(", ");
  return `${who}: ${acts(view, index) || say("plainActing")}`;
}

/** What is spoken when a box has other words. */
export function wordsSpoken({ words }, index) {
  const line = lineOf(words?.lines, index);
  return line ? say("wordsSpoken", index + 1, line) : say("wordless", index + 1);
}

/** What is spoken when boxes or their selection have changed since they were as `before`. */
export function spoken(before, view) {
  const { boxes, selected, all } = view;
  if (boxes.length < before.length) return say("left", boxes.length);
  const changed = [...boxes.keys()].filter((index) => `${boxes[index]}` !== `${before[index]}`);
  if (changed.length) return changed.map((index) => described(view, index)).join(". ");
  if (all) return say("allSelected", boxes.length);
  return selected in boxes ? described(view, selected) : say("noneSelected");
}
