// What a click on a chip does in the nodes that are linked to Layout Boxes.

import { lineOf, withLine, withName } from "./box_lines.js";
import { rewriteLines } from "./box_prompts.js";
import { lackingPhrases, otherPrompts } from "./chips.js";
import { withPhrase } from "./prompt.js";
import { promptsOf } from "./sampled.js";
import { setValue, widget } from "./values.js";

/**
 * Mends what a chip says.
 *
 * @param place of a Layout Boxes.
 * @param kind the chip's.
 * @param subjects as subjectsOf gives them.
 * @param index of the subject that the chip is about.
 */
export function mend(place, kind, subjects, index) {
  const mends = { absent: addWords, tooFew: addWords, insideOut, emptyMask: unplug, otherPrompt, unnamed };
  mends[kind](place, subjects, index);
}

function addWords(place, subjects, index) {
  const lacking = lackingPhrases(subjects, promptsOf(place)).filter((one) => one.index === index);
  const holders = new Set(lacking.flatMap(({ prompt }) => prompt.holders));
  for (const holder of holders) {
    setValue(holder, withPhrase(String(holder.value), subjects[index].name));
  }
}

/** The words of a box get the name of its subject. */
function unnamed(place, subjects, index) {
  rewriteLines(place, (lines) => {
    const words = withName(lineOf(lines, index), subjects[index].name);
    return withLine(lines, index, words, lines.length);
  });
}

/** Auto Layout gets the prompt that is sampled. */
function otherPrompt(place) {
  for (const { auto, sampled } of otherPrompts(promptsOf(place))) {
    for (const holder of auto.holders) setValue(holder, sampled.text);
  }
}

function insideOut(place, subjects, index) {
  const turned = widget(subjects[index].from.node, "invert_masks");
  setValue(turned, !turned.value);
}

function unplug(place, subjects, index) {
  const { node: encoder, mask } = subjects[index].from;
  encoder.disconnectInput(encoder.findInputSlot(mask));
}
