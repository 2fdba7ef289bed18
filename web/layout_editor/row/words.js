// The line of a row with the words of the box, where the layout has Box Prompts.

import { lineOf } from "../box_lines.js";
import { element, label, onceTyped } from "../elements.js";
import { say } from "../texts.js";

export function words(row, index) {
  const { boxes, words } = row.view;
  if (!words || !(index in boxes)) return [];
  const line = element("div", { className: "msd-words" });
  const made = element("input", { value: lineOf(words.lines, index), readOnly: Boolean(words.fixed) });
  made.placeholder = words.fixed ? "" : say("wordsHint");
  label(made, [say("words", index + 1), words.fixed && say(words.fixed)].filter(Boolean).join(". "));
  made.dataset.tool = `words${index}`;
  onceTyped(made, (text) => row.fire("words", { index, words: text }), row);
  line.append(made);
  return [line];
}
