// Chips: what is wrong with a layout and its subjects, each with what a click on it does. Pure: from
// what the editor shows, to plain data.

import { lacksName, lineOf, worded } from "./box_lines.js";
import { hasArea } from "./boxes.js";
import { isTooSmall } from "./cells.js";
import { isSameText, lacking } from "./prompt.js";

/**
 * @param view `boxes`, `subjects`, `size`, `readOnly` and `faulty` as in host.js; `prompts` as
 *   promptsOf gives them, with `fixed` in place of what cannot be written; `words` as plainWords
 *   gives them; `acting`, how the subject of each row does.
 * @returns `rows`, the chips of each box or subject without one, and `all`, those of the whole. A
 *   chip has a `kind`, a key of texts.js; `fails`, whether a run would fail for certain; `mends`,
 *   whether a click mends it.
 */
export function chipsOf(view) {
  const { boxes, subjects, readOnly, faulty, prompts = [] } = view;
  const counted = !readOnly && !faulty && areCounted(subjects);
  const count = counted ? Math.max(boxes.length, subjects.length) : boxes.length;
  const phrases = phraseChips(subjects, prompts);
  const rows = Array.from({ length: count }, (_, index) =>
    [
      counted && countChip(boxes, subjects, index),
      !readOnly && !faulty && sizeChip(view, index),
      phrases[index],
      maskChip(subjects[index]),
      !readOnly && !faulty && areaChip(view, index),
      nameChip(view, index),
    ].filter(Boolean),
  );
  const lines = readOnly || faulty ? [] : lineChips(view);
  return { rows, all: [...lines, ...autoChips(prompts)] };
}

/** Whether it is known how many subjects there are. */
export function areCounted(subjects) {
  return subjects.length > 0 && !subjects.some((one) => one.unknown);
}

function chip(kind, fails, mends = true) {
  return { kind, fails, mends };
}

function countChip(boxes, subjects, index) {
  if (index >= boxes.length) return chip("noBox", true);
  return index >= subjects.length && chip("noSubject", true);
}

function sizeChip({ boxes, subjects, size }, index) {
  const box = boxes[index];
  return box && !subjects[index]?.everywhere && isTooSmall(box, size) && chip("tooSmall", false);
}

function maskChip(subject) {
  if (subject?.mask === "insideOut") return chip("insideOut", false, !subject.maskFixed);
  return subject?.mask === "emptyMask" && chip("emptyMask", true);
}

/** Words are for a place. */
function areaChip({ boxes, words, acting }, index) {
  const wanted = words?.needsArea && index in boxes && !acting?.[index]?.everywhere;
  const said = wanted && lineOf(words.lines, index).trim();
  return said && !hasArea(boxes[index]) && chip("wordsNowhere", true);
}

function nameChip({ boxes, subjects, words }, index) {
  const subject = subjects[index];
  const lacks = words && index in boxes && subject && isNamed(subject);
  if (!lacks || !lacksName(lineOf(words.lines, index), subject.name)) return false;
  return chip("unnamed", false, !words.fixed);
}

/** Each box has its line of words. */
function lineChips({ boxes, subjects, words }) {
  if (!words?.lines) return [];
  const { lines, fixed } = words;
  const count = worded(lines);
  if (!count) return [chip("noWords", true, false)];
  if (lines.length < boxes.length) return [chip("fewLines", true, !fixed)];
  if (count <= boxes.length) return [];
  if (!areCounted(subjects) || subjects.length >= count) return [chip("moreLines", true)];
  return [chip("lostLines", true, !fixed)];
}

/** For each subject the chip of its phrase: Auto Layout needs it, the others paint less like it. */
function phraseChips(subjects, prompts) {
  const chips = [];
  for (const { index, prompt, needed, never } of lackingPhrases(subjects, prompts)) {
    const other = chips[index];
    if (other?.fails && !needed) continue;
    chips[index] = chip(never ? "absent" : "tooFew", needed, !prompt.fixed && other?.mends !== false);
  }
  return chips;
}

/**
 * The phrases that are not in a prompt as they should be: `index` of the subject, the `prompt`,
 * whether Auto Layout `needed` it, and whether it is `never` there.
 */
export function lackingPhrases(subjects, prompts) {
  const acting = [...subjects.keys()].filter((index) => isNamed(subjects[index]));
  const names = acting.map((index) => subjects[index].name);
  const found = [];
  const look = (texts, needed) => {
    if (!texts.every(({ text }) => text !== undefined)) return;
    const times = texts.map(({ text }) => lacking(text, names));
    acting.forEach((index, at) => {
      // in prompts that are combined it may stand in any
      const least = Math.min(...times.map((each) => each[at]));
      const never = times.every((each, which) => !lacksNothing(texts[which].text, names[at]));
      if (never || (needed && least)) found.push({ index, prompt: texts[0], needed, never });
    });
  };
  for (const { auto, sampled } of prompts) {
    if (auto) look([auto], true);
    for (const texts of sampled) look(texts, false);
  }
  return found;
}

function lacksNothing(text, name) {
  return lacking(text, [name])[0] === 0;
}

function isNamed(subject) {
  return Boolean(subject.name) && !subject.unknown && !subject.off;
}

function autoChips(prompts) {
  const other = otherPrompts(prompts);
  return other.length ? [chip("otherPrompt", true, other.every(({ auto }) => !auto.fixed))] : [];
}

/** The prompts of Auto Layout, `auto`, beside which another one is `sampled`. */
export function otherPrompts(prompts) {
  return prompts.flatMap(({ auto, sampled }) =>
    sampled
      .filter((texts) => texts.length === 1 && isOther(auto, texts[0]))
      .slice(0, 1)
      .map(([prompt]) => ({ auto, sampled: prompt })),
  );
}

function isOther(auto, { text }) {
  if (auto?.text === undefined || text === undefined) return false;
  return !isSameText(auto.text, text);
}
