// The list of boxes: a row for each, made of the parts in `row/`.

import { hasArea } from "./boxes.js";
import { chipButton, spoken } from "./chip_buttons.js";
import { button, element } from "./elements.js";
import { acting } from "./row/acting.js";
import { grip, name, note, number, picture } from "./row/head.js";
import { Moving } from "./row/moving.js";
import { area, eye, more, remove } from "./row/switches.js";
import { words } from "./row/words.js";

// each gives the elements of a row from the `view`, `look`, which gives a later one, `fire`, `signal`,
// the rows that are `opened`, and `tool`, which makes a button; and from the row's index
const HEAD = [grip, number, picture, name, note, eye, area, more, remove]; // one line
const BELOW = [words, acting]; // a line each

export class BoxList {
  /**
   * @param look gives the editor's view.
   * @param fire tells of an event of the panel.
   */
  constructor(look, fire, signal) {
    Object.assign(this, { look, fire, signal });
    this.element = element("div", { className: "msd-list" });
    this.status = element("div", { className: "msd-spoken" });
    this.status.setAttribute("role", "status");
    this.opened = new Set(); // the indices of rows that show more
    this.moving = new Moving(this.element, look, fire, signal);
    this.shown = null; // what the rows were made from
    // a press that ends a name, say, must find its button in place until it is a click
    this.pressed = false;
    const press = () => (this.pressed = true);
    const release = () => {
      if (this.pressed) setTimeout(() => fire("redraw"));
      this.pressed = false;
    };
    this.element.addEventListener("pointerdown", press, { signal });
    for (const type of ["pointerup", "pointercancel"]) {
      window.addEventListener(type, release, { signal, capture: true });
    }
  }

  update(view) {
    const { boxes, selected, all, subjects, names, readOnly, chips, options, weight } = view;
    const rows = [...chips.rows.keys()]; // boxes, and subjects without one
    const placed = boxes.map(hasArea);
    const own = [placed, selected, all, subjects, names, readOnly, options, weight];
    const beside = [view.overruled, view.words];
    const key = JSON.stringify([own, beside, chips, [...this.opened]], (name, value) =>
      name === "image" ? value && [value.src, value.complete, value.naturalWidth] : value,
    );
    if (key === this.shown || this.moving.holding || this.pressed) return;
    const focused = document.activeElement;
    const active = this.element.contains(focused) ? focused.dataset.tool : null;
    const row = focused?.closest(".msd-row")?.dataset.box;
    // a name or a number is being typed, a slider moved
    if (active && focused.matches("input:not([type=range]), input:active")) return;
    this.shown = key;
    const whole = this.chips(view, chips.all, -1);
    this.element.replaceChildren(...whole, ...rows.map((index) => this.row(view, index)));
    const said = spoken(view);
    if (said !== this.status.textContent) this.status.textContent = said;
    if (active) this.focus(active, row, view);
    this.moving.arrived = -1;
  }

  /** Has rows that are opened stay so where they go. @param kept gives what is left of a list by row. */
  follow(kept) {
    const before = kept(Array.from(this.element.querySelectorAll(".msd-row"), (_, index) => index));
    const opened = [...before.keys()].filter((index) => this.opened.has(before[index]));
    this.opened = new Set(opened);
  }

  /** Keeps the keyboard in the list: the tool that had it may be gone, or disabled, or moved along. */
  focus(tool, row, { boxes }) {
    const [, kind, index = row] = tool.match(/^(.*?)(\d+)?$/);
    const { arrived } = this.moving;
    const now = arrived >= 0 ? arrived : Math.min(index, boxes.length - 1);
    const find = (name) => this.element.querySelector(`[data-tool="${name}"]:enabled`);
    const same = arrived < 0 && find(tool);
    (same || (find(`${kind}${now}`) ?? find(`select${now}`)))?.focus();
  }

  row(view, index) {
    const { look, fire, signal, opened } = this;
    const tool = (text, key, index, act) => button(text, key, act, signal, index);
    const made = element("div", { className: "msd-row" });
    made.dataset.box = index;
    made.classList.toggle("msd-selected", view.all || index === view.selected);
    const from = { view, look, fire, signal, opened, tool };
    const head = element("div", { className: "msd-head" });
    head.append(...HEAD.flatMap((part) => part(from, index)));
    const chips = this.chips(view, view.chips.rows[index], index);
    made.append(head, ...BELOW.flatMap((part) => part(from, index)), ...chips);
    return made;
  }

  /** A line of chips, if there are any. */
  chips(view, chips, index) {
    if (!chips.length) return [];
    const line = element("div", { className: "msd-chips" });
    const act = (type, detail) => this.fire(type, detail);
    line.append(...chips.map((chip) => chipButton(view, chip, index, act, this.signal)));
    return [line];
  }
}
