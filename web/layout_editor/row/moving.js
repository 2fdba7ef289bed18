// Rows that are dragged, or moved by Alt and an arrow: the box goes to another place in the list.

import { reordered } from "../edits.js";
import { say } from "../texts.js";
import { nameOf } from "../words.js";

const STEPS = { ArrowUp: -1, ArrowDown: 1 };
const EDGE = 16; // pixels at the list's ends in which it scrolls
const SCROLL = 8;

export class Moving {
  /**
   * @param list the element with the rows; a press on one's `.msd-grip` begins a drag.
   * @param look gives the editor's view.
   * @param fire tells of an event of the panel.
   */
  constructor(list, look, fire, signal) {
    Object.assign(this, { list, look, fire });
    this.drag = null; // the `pointer`, and the indices `from` and `to`
    this.arrived = -1; // where the last one went, until the list has shown it
    const listen = (target, type, act, options = {}) =>
      target.addEventListener(type, (event) => act.call(this, event), { signal, ...options });
    listen(list, "pointerdown", this.press);
    listen(list, "pointermove", this.move);
    listen(list, "pointerup", this.release);
    listen(list, "lostpointercapture", this.release);
    listen(list, "pointercancel", this.giveUp);
    listen(list, "keydown", this.key);
    listen(window, "keydown", this.escape, { capture: true });
  }

  get holding() {
    return Boolean(this.drag);
  }

  press(event) {
    const { boxes, readOnly, panning } = this.look();
    const row = event.target.closest(".msd-grip")?.closest(".msd-row");
    const from = Number(row?.dataset.box);
    if (!(from in boxes) || readOnly || panning || event.button !== 0) return;
    this.drag = { pointer: event.pointerId, from, to: from };
    this.list.setPointerCapture(event.pointerId);
    this.mark();
  }

  move(event) {
    if (event.pointerId !== this.drag?.pointer) return;
    const { top, bottom } = this.list.getBoundingClientRect();
    if (event.clientY < top + EDGE) this.list.scrollTop -= SCROLL;
    if (event.clientY > bottom - EDGE) this.list.scrollTop += SCROLL;
    const { boxes } = this.look();
    const rows = [...this.list.querySelectorAll(".msd-row")].slice(0, boxes.length);
    const above = rows.filter((row) => row.getBoundingClientRect().top <= event.clientY);
    const to = Math.max(above.length - 1, 0);
    if (to === this.drag.to) return;
    this.drag.to = to;
    this.mark();
    this.fire("tell", to === this.drag.from ? "" : this.told());
  }

  told() {
    const { from, to } = this.drag;
    return say("moves", from + 1, `${to + 1} ${nameOf(this.look(), to)}`.trim());
  }

  release(event) {
    const { drag } = this;
    if (event.pointerId !== drag?.pointer) return;
    this.letGo();
    this.shift(drag.from, drag.to - drag.from);
  }

  giveUp() {
    if (!this.drag) return;
    this.letGo();
    this.fire("tell", "");
  }

  letGo() {
    this.drag = null;
    this.mark();
  }

  escape(event) {
    if (event.key !== "Escape" || !this.drag) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    this.giveUp();
  }

  /** The arrows alone do on the grip. */
  key(event) {
    const by = STEPS[event.key];
    const row = event.target.closest(".msd-row");
    const meant = event.altKey || event.target.matches(".msd-grip");
    if (!by || !row || !meant || this.look().readOnly) return;
    event.preventDefault();
    this.shift(Number(row.dataset.box), by);
  }

  shift(from, by) {
    if (!by || !(from + by in this.look().boxes)) return;
    this.arrived = from + by;
    this.fire("edit", (layout) => reordered(layout, from, by));
  }

  /** Shows which row is held, and whose place it would take. */
  mark() {
    const { from, to } = this.drag ?? {};
    for (const row of this.list.querySelectorAll(".msd-row")) {
      const index = Number(row.dataset.box);
      row.classList.toggle("msd-held", index === from);
      row.classList.toggle("msd-target", index === to && to !== from);
    }
  }
}
