// The list of boxes: a row for each, with its subject's name and picture.

import { hasArea } from "./boxes.js";
import { colour } from "./colours.js";
import { areaToggled, removed, reordered } from "./edits.js";
import { button, element, label } from "./elements.js";
import { say } from "./texts.js";

export class BoxList {
  /** @param fire tells of an event of the panel. */
  constructor(fire, signal) {
    this.fire = fire;
    this.signal = signal;
    this.element = element("div", { className: "msd-list" });
    this.shown = null; // what the rows were made from
  }

  update(view) {
    const { boxes, selected, subjects, readOnly } = view;
    const entries = boxes.map((box, index) => [hasArea(box), subjects[index], index === selected]);
    const key = JSON.stringify([entries, readOnly], (name, value) =>
      name === "image" ? value?.src : value,
    );
    if (key === this.shown) return;
    const focused = document.activeElement;
    const active = this.element.contains(focused) ? focused.dataset.tool : null;
    if (active?.startsWith("name")) return; // a name is being typed
    this.shown = key;
    this.element.replaceChildren(...boxes.map((_, index) => this.row(view, index)));
    if (active) this.element.querySelector(`[data-tool="${active}"]`)?.focus();
  }

  row({ boxes, selected, subjects, readOnly }, index) {
    const subject = subjects[index];
    const row = element("div", { className: "msd-row" });
    row.dataset.box = index;
    row.classList.toggle("msd-selected", index === selected);
    const number = this.tool(`${index + 1}`, "select", index, () =>
      this.fire("choose", { selected: index }),
    );
    number.style.setProperty("--msd-colour", colour(index));
    const image = element("img", { className: "msd-thumbnail", alt: "" });
    if (subject?.image) image.src = subject.image.src;
    else image.style.visibility = "hidden";
    const placed = hasArea(boxes[index]);
    const notes = [!placed && say("noArea"), subject?.everywhere && say("wholePicture")];
    const note = element("span", { className: "msd-note" });
    note.textContent = notes.filter(Boolean).join(", ");
    const name = this.name(index, subject, Boolean(subject?.fixed) || readOnly);
    row.append(number, image, name, note);
    if (!readOnly) row.append(...this.tools(index, placed, boxes.length));
    return row;
  }

  name(index, subject, disabled) {
    const { signal } = this;
    const name = element("input", { value: subject?.name ?? "", disabled });
    label(name, say("name", index + 1));
    name.dataset.tool = `name${index}`;
    const rename = () => this.fire("rename", { index, name: name.value.trim() });
    name.addEventListener("change", rename, { signal });
    name.addEventListener("blur", () => this.fire("redraw"), { signal });
    name.addEventListener("keydown", (event) => event.key === "Enter" && name.blur(), { signal });
    return name;
  }

  tools(index, placed, count) {
    const edit = (change) => () => this.fire("edit", change);
    const up = this.tool("▲", "up", index, edit((layout) => reordered(layout, index, -1)));
    const down = this.tool("▼", "down", index, edit((layout) => reordered(layout, index, 1)));
    up.disabled = index === 0;
    down.disabled = index === count - 1;
    const area = edit((layout) => areaToggled(layout, index));
    return [
      up,
      down,
      this.tool(placed ? "▣" : "▢", "area", index, area),
      this.tool("✕", "remove", index, edit((layout) => removed(layout, index))),
    ];
  }

  tool(text, key, index, act) {
    return button(text, key, act, this.signal, index);
  }
}
