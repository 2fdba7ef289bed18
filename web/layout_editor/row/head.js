// The first line of a row: grip, number, picture, name, and what is said of the box beside it.

import { hasArea } from "../boxes.js";
import { colour } from "../colours.js";
import { element, label, onceTyped, thumbnail } from "../elements.js";
import { say } from "../texts.js";
import { acts, nameOf } from "../words.js";

/** What takes hold of a row; Moving listens to it. */
export function grip({ view: { boxes, readOnly }, tool }, index) {
  const made = tool("≡", "grip", index, () => {});
  made.classList.add("msd-grip");
  made.disabled = readOnly || !(index in boxes) || boxes.length < 2;
  return [made];
}

export function number({ view: { boxes, selected, all }, tool, fire }, index) {
  const made = tool(`${index + 1}`, "select", index, () => fire("choose", { selected: index }));
  made.setAttribute("aria-pressed", String(all || index === selected));
  made.style.setProperty("--msd-colour", colour(index));
  made.classList.add("msd-number");
  made.disabled = !(index in boxes);
  return [made];
}

export function picture({ view: { subjects } }, index) {
  return [thumbnail(subjects[index]?.image)];
}

export function name(row, index) {
  const { view } = row;
  const readOnly = Boolean(view.subjects[index]?.fixed) || view.readOnly;
  const made = element("input", { value: nameOf(view, index), readOnly });
  label(made, say("name", index + 1));
  made.dataset.tool = `name${index}`;
  onceTyped(made, (text) => row.fire("rename", { index, name: text.trim() }), row);
  return [made];
}

export function note({ view }, index) {
  const { boxes } = view;
  const without = index in boxes && !hasArea(boxes[index]);
  const textContent = [without && say("noArea"), acts(view, index)].filter(Boolean).join(", ");
  return [element("span", { className: "msd-note", textContent, title: textContent })];
}
