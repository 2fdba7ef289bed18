// The list of boxes: a row for each, with its subject's name and picture.

import { hasArea } from "./boxes.js";
import { colour } from "./colours.js";
import { chipButton, spoken } from "./chip_buttons.js";
import { areaToggled, removed, reordered } from "./edits.js";
import { button, element, label } from "./elements.js";
import { say } from "./texts.js";

export class BoxList {
  /** @param fire tells of an event of the panel. */
  constructor(fire, signal) {
    this.fire = fire;
    this.signal = signal;
    this.element = element("div", { className: "msd-list" });
    this.status = element("div", { className: "msd-spoken" });
    this.status.setAttribute("role", "status");
    this.shown = null; // what the rows were made from
  }

  update(view) {
    const { boxes, selected, subjects, readOnly, chips } = view;
    const rows = [...chips.rows.keys()]; // boxes, and subjects without one
    const entries = rows.map((index) => [
      index in boxes && hasArea(boxes[index]), subjects[index], index === selected,
    ]);
    const key = JSON.stringify([entries, readOnly, chips, boxes.length], (name, value) =>
      name === "image" ? value?.src : value,
    );
    if (key === this.shown) return;
    const focused = document.activeElement;
    const active = this.element.contains(focused) ? focused.dataset.tool : null;
    const row = focused?.closest(".msd-row")?.dataset.box;
    if (active?.startsWith("name")) return; // a name is being typed
    this.shown = key;
    const whole = this.chips(view, chips.all, -1);
    this.element.replaceChildren(...whole, ...rows.map((index) => this.row(view, index)));
    const said = spoken(view);
    if (said !== this.status.textContent) this.status.textContent = said;
    if (active) (this.find(active) ?? this.find(`select${row}`))?.focus(); // a mended chip is gone
  }

  find(tool) {
    return this.element.querySelector(`[data-tool="${tool}"]`);
  }

  row(view, index) {
    const { boxes, selected, subjects, readOnly, chips } = view;
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
    const exists = index in boxes;
    number.disabled = !exists;
    const placed = exists && hasArea(boxes[index]);
    const notes = [exists && !placed && say("noArea"), subject?.everywhere && say("wholePicture")];
    const note = element("span", { className: "msd-note" });
    note.textContent = notes.filter(Boolean).join(", ");
    const name = this.name(index, subject, Boolean(subject?.fixed) || readOnly);
    row.append(number, image, name, note);
    if (!readOnly && exists) row.append(...this.tools(index, placed, boxes.length));
    row.append(...this.chips(view, chips.rows[index], index));
    return row;
  }

  /** A line of chips, if there are any. */
  chips(view, chips, index) {
    if (!chips.length) return [];
    const line = element("div", { className: "msd-chips" });
    const act = (type, detail) => this.fire(type, detail);
    line.append(...chips.map((chip) => chipButton(view, chip, index, act, this.signal)));
    return [line];
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
