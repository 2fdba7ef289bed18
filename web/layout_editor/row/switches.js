// The buttons at the end of a row's first line.

import { hasArea } from "../boxes.js";
import { areaToggled, removed } from "../edits.js";
import { drawn } from "../elements.js";

const EYE = ["M1 8Q8 0 15 8Q8 16 1 8Z", "M8 5.5A2.5 2.5 0 1 0 8 10.5A2.5 2.5 0 1 0 8 5.5Z"];
const STRUCK = "M2 14L14 2";

/** Whether the subject acts at all. */
export function eye({ view: { acting }, tool, fire }, index) {
  const { enabled } = acting[index];
  const act = () => fire("act", { index, changes: { enabled: !enabled } });
  const made = tool("", "eye", index, act);
  made.append(drawn(enabled ? EYE : [...EYE, STRUCK]));
  made.setAttribute("aria-pressed", String(enabled));
  return [made];
}

export function area({ view: { boxes, readOnly }, tool, fire }, index) {
  if (readOnly || !(index in boxes)) return [];
  const placed = hasArea(boxes[index]);
  const toggle = () => fire("edit", (layout) => areaToggled(layout, index));
  const made = tool(placed ? "▣" : "▢", "area", index, toggle);
  made.setAttribute("aria-pressed", String(placed));
  return [made];
}

/** Opens the line of acting.js. */
export function more({ tool, opened, fire }, index) {
  const open = opened.has(index);
  const toggle = () => {
    if (open) opened.delete(index);
    else opened.add(index);
    fire("redraw");
  };
  const made = tool(open ? "▴" : "▾", "more", index, toggle);
  made.setAttribute("aria-expanded", String(open));
  return [made];
}

export function remove({ view: { boxes, readOnly }, tool, fire }, index) {
  if (readOnly || !(index in boxes)) return [];
  return [tool("✕", "remove", index, () => fire("edit", (layout) => removed(layout, index)))];
}
