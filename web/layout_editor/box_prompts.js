// Box Prompts of a layout: where the words of its boxes are written.

import { linesAfter, linesOf, worded } from "./box_lines.js";
import { isLinked, origin } from "./links.js";
import { makeBoxPrompts } from "./new_box_prompts.js";
import { APPLYING, appliedTo, isSame, placesAround } from "./sampled.js";
import { keeperOf, setValue, valueOf } from "./values.js";

/**
 * The words of a layout's boxes as plain data.
 *
 * @param place of a Layout Boxes.
 * @returns null where it has no Box Prompts; else their `lines`, undefined where only a run tells;
 *   `fixed`, a key of texts.js that says why they are not written here, or null; and whether a box
 *   with words `needsArea`.
 */
export function plainWords(place) {
  const used = usesOf(place).filter(({ from }) => from);
  if (!used.length) return null;
  const [{ from }, ...others] = used;
  const several = others.some((other) => other.from.node !== from.node);
  const text = valueOf(from, "prompts");
  const elsewhere = keeperAt(from) ? null : "wordsElsewhere";
  return {
    lines: typeof text === "string" ? linesOf(text) : undefined,
    fixed: several ? "wordsSeveral" : elsewhere,
    needsArea: used.some(({ apply }) => needsArea(apply, place)),
  };
}

/** Whether Box Prompts can be made for a layout that has none. */
export function takesWords(place) {
  return usesOf(place).some(({ linked }) => !linked);
}

/** Has the words go with their boxes. @param moves as in linesAfter, and their new `count`. */
export function followBoxes(place, { count, ...moves }) {
  rewriteLines(place, (lines) => (worded(lines) ? linesAfter(lines, moves, count) : lines));
}

/** Writes other lines wherever those of this layout are written. */
export function rewriteLines(place, change) {
  const keepers = usesOf(place).map(({ from }) => from && keeperAt(from));
  for (const keeper of new Set(keepers.filter(Boolean))) {
    const text = change(linesOf(String(keeper.value))).join("\n");
    if (text !== keeper.value) setValue(keeper, text);
  }
}

/** Adds Box Prompts for a layout that has none. @returns what is to be said of it. */
export function beginWords(place) {
  const uses = usesOf(place);
  if (uses.some(({ from }) => from)) return [];
  return makeBoxPrompts(uses.filter(({ linked }) => !linked).map(({ apply }) => apply));
}

/** Each node that applies the layout, with its Box Prompts, if any, and whether something is linked. */
function usesOf(place) {
  return appliedTo(place, placesAround(place), APPLYING).map((apply) => {
    const from = origin(apply, "box_prompts");
    const linked = isLinked(apply.node, "box_prompts");
    return { apply, linked, from: from?.node?.type === "BoxPrompts" ? from : null };
  });
}

/** The widget with the words of Box Prompts; null where another node gives them. */
function keeperAt(from) {
  const given = origin(from, "prompts");
  return given && !given.widget ? null : keeperOf(from, "prompts");
}

/** Whether a box with words fails without an area: not where Auto Layout finds it, or a node places it. */
function needsArea(apply, place) {
  const auto = origin(apply, "auto_layout");
  const found = auto?.node && valueOf(auto, "areas") !== false;
  return !found && isSame(origin(apply, "layout"), place);
}
