// The list of boxes: a row for each, with its subject's name and picture.

import { hasArea } from "./boxes.js";
import { colour } from "./colours.js";
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
    this.shown = null; // what the rows were made from
  }

  update(view) {
    const { boxes, selected, all, subjects, names, readOnly } = view;
    const entries = boxes.map((box, index) => [hasArea(box), subjects[index], index === selected]);
    const key = JSON.stringify([entries, all, names, readOnly], (name, value) =>
      name === "image" ? value && [value.src, value.complete, value.naturalWidth] : value,
    );
    if (key === this.shown) return;
    const focused = document.activeElement;
    const active = this.element.contains(focused) ? focused.dataset.tool : null;
    if (active?.startsWith("name")) return; // a name is being typed
    this.shown = key;
    this.element.replaceChildren(...boxes.map((_, index) => this.row(view, index)));
    if (active) this.focus(active, view);
  }

  /** Keeps the keyboard in the list: the tool that had it may be gone, or disabled, or moved along. */
  focus(tool, { boxes, selected }) {
    const [, kind, index] = tool.match(/^(.*?)(\d+)$/);
    const moving = kind === "up" || kind === "down";
    const now = moving ? selected : Math.min(index, boxes.length - 1);
    const find = (name) => this.element.querySelector(`[data-tool="${name}"]:enabled`);
    (find(`${kind}${now}`) ?? find(`select${selected}`))?.focus();
  }

  row(view, index) {
    const { boxes, selected, all, subjects, readOnly } = view;
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
    const placed = hasArea(boxes[index]);
    const notes = [!placed && say("noArea"), subject?.everywhere && say("wholePicture")];
    const note = element("span", { className: "msd-note" });
    note.textContent = notes.filter(Boolean).join(", ");
    const name = this.name(index, nameOf(view, index), Boolean(subject?.fixed) || readOnly);
    row.append(number, image, name, note);
    if (!readOnly) row.append(...this.tools(index, placed, boxes.length));
    return row;
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
