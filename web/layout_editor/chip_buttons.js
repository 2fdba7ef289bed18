// Chips as buttons: what is wrong, and what a click does about it. Said by words, not by colour only.

import { worded } from "./box_lines.js";
import { addedUpTo, areaToggled, grown, linesRemoved, removed } from "./edits.js";
import { element, label } from "./elements.js";
import { say } from "./texts.js";

// what a click makes of the layout; the other chips are mended in other nodes
const EDITS = {
  noBox: (index) => (layout) => addedUpTo(layout, index),
  noSubject: (index) => (layout) => removed(layout, index),
  tooSmall: (index) => (layout) => grown(layout, index),
  wordsNowhere: (index) => (layout) => areaToggled(layout, index),
  fewLines: () => ({ boxes, selected }) => ({ boxes, selected }), // lines follow what is written
  moreLines: () => (layout) => addedUpTo(layout, worded(layout.words.lines) - 1),
  lostLines: () => linesRemoved,
};

/**
 * @param chip as in chips.js.
 * @param index of the box, -1 for the whole layout.
 * @param fire tells of an event of the panel.
 */
export function chipButton(view, chip, index, fire, signal) {
  const { kind, fails, mends } = chip;
  const made = element(mends ? "button" : "span", { className: "msd-chip" });
  if (mends) made.type = "button";
  made.classList.toggle("msd-fails", fails);
  made.dataset.tool = `${kind}${index < 0 ? "" : index}`;
  made.textContent = `${fails ? "✖" : "⚠"} ${saidOf(chip)}`;
  label(made, sentence(view, chip, index));
  const act = () =>
    kind in EDITS ? fire("edit", EDITS[kind](index)) : fire("mend", { kind, index });
  if (mends) made.addEventListener("click", act, { signal });
  return made;
}

/** All chips in words, for who cannot see them. */
export function spoken(view) {
  const { all, rows } = view.chips;
  const each = rows.flatMap((chips, index) => chips.map((chip) => sentence(view, chip, index)));
  return [...all.map((chip) => sentence(view, chip, -1)), ...each].join(" ");
}

function saidOf({ kind, mends }) {
  return mends ? `${say(kind)} – ${say(`${kind}Mend`)}` : say(kind);
}

function sentence({ subjects }, chip, index) {
  const whose = index < 0 ? "" : `${say("chipOf", index + 1, subjects[index]?.name ?? "")}: `;
  return `${whose}${saidOf(chip)} (${say(chip.fails ? "fails" : "doubtful")}).`;
}
