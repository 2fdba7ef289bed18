// The list of boxes: a row for each, with its subject's name and picture.

import { hasArea } from "./boxes.js";
import { colour } from "./colours.js";
import { chipButton, spoken } from "./chip_buttons.js";
import { areaToggled, removed, reordered } from "./edits.js";
import { button, element, label, thumbnail } from "./elements.js";
import { say } from "./texts.js";
import { nameOf } from "./words.js";

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
    const { boxes, selected, all, subjects, names, readOnly, chips } = view;
    const rows = [...chips.rows.keys()]; // boxes, and subjects without one
    const entries = rows.map((index) => [
      index in boxes && hasArea(boxes[index]), subjects[index], index === selected,
    ]);
    const key = JSON.stringify([entries, all, names, readOnly, chips, boxes.length], (name, value) =>
      name === "image" ? value && [value.src, value.complete, value.naturalWidth] : value,
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
    if (active) this.focus(active, row, view);
  }

  /** Keeps the keyboard in the list: the tool that had it may be gone, or disabled, or moved along. */
  focus(tool, row, { boxes, selected }) {
    const [, kind, index = row] = tool.match(/^(.*?)(\d+)?$/);
    const moving = kind === "up" || kind === "down";
    const now = moving ? selected : Math.min(index, boxes.length - 1);
    const find = (name) => this.element.querySelector(`[data-tool="${name}"]:enabled`);
    (find(tool) && !moving ? find(tool) : (find(`${kind}${now}`) ?? find(`select${now}`)))?.focus();
  }

  row(view, index) {
    const { boxes, selected, all, subjects, readOnly, chips } = view;
    const subject = subjects[index];
    const row = element("div", { className: "msd-row" });
    row.dataset.box = index;
    const chosen = all || index === selected;
    row.classList.toggle("msd-selected", chosen);
    const number = this.tool(`${index + 1}`, "select", index, () =>
      this.fire("choose", { selected: index }),
    );
    number.setAttribute("aria-pressed", String(chosen));
    number.style.setProperty("--msd-colour", colour(index));
    const image = thumbnail(subject?.image);
    const exists = index in boxes;
    number.disabled = !exists;
    const placed = exists && hasArea(boxes[index]);
    const notes = [exists && !placed && say("noArea"), subject?.everywhere && say("wholePicture")];
    const note = element("span", { className: "msd-note" });
    note.textContent = notes.filter(Boolean).join(", ");
    const name = this.name(index, nameOf(view, index), Boolean(subject?.fixed) || readOnly);
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

  name(index, value, readOnly) {
    const { signal } = this;
    const name = element("input", { value, readOnly });
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
    const toggle = edit((layout) => areaToggled(layout, index));
    const area = this.tool(placed ? "▣" : "▢", "area", index, toggle);
    area.setAttribute("aria-pressed", String(placed));
    return [
      up,
      down,
      area,
      this.tool("✕", "remove", index, edit((layout) => removed(layout, index))),
    ];
  }

  tool(text, key, index, act) {
    return button(text, key, act, this.signal, index);
  }
}
