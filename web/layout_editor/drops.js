// Pictures that are dragged over the editor, dropped on it, or pasted.

import { element } from "./elements.js";
import { boxOver, lay, targetAt } from "./over.js";
import { mayHoldPicture, received } from "./received.js";
import { Teller } from "./teller.js";

const TYPED_IN = "input, textarea, select, [contenteditable]";

/**
 * Fires `pictures` ({ came, target }): what came, as `received` gives it, and the `index` of the
 * box that it came to, -1 for none, with the `point` of the picture or null. Until then the box, or
 * the sheet, glows.
 */
export class Drops extends Teller {
  /**
   * @param root the editor's element, with the canvas in it.
   * @param look gives the editor's view.
   * @param signal ends all listeners.
   */
  constructor(root, canvas, look, signal) {
    super();
    Object.assign(this, { root, canvas, look });
    this.pointer = null; // the last event of the mouse over the canvas
    this.glow = element("div", { className: "msd-glow", hidden: true });
    root.append(this.glow);
    const listen = (type, handler) => root.addEventListener(type, handler, { signal });
    listen("dragenter", (event) => this.over(event));
    listen("dragover", (event) => this.over(event));
    listen("dragleave", (event) => this.leave(event));
    listen("drop", (event) => this.drop(event));
    canvas.addEventListener("pointermove", (event) => (this.pointer = event), { signal });
    canvas.addEventListener("pointerleave", () => (this.pointer = null), { signal });
    // the page would make a Load Image of it; where the mouse is, an event of the clipboard hides
    window.addEventListener("paste", (event) => this.paste(event), { signal, capture: true });
  }

  over(event) {
    const target = this.targetOf(event);
    this.shine(target);
    if (!target) return;
    event.preventDefault(); // which says that it may be dropped
    event.stopPropagation();
    event.dataTransfer.dropEffect = "copy";
  }

  leave(event) {
    if (!this.root.contains(event.relatedTarget)) this.shine(null);
  }

  drop(event) {
    const target = this.targetOf(event);
    this.shine(null);
    if (!target) return;
    event.preventDefault();
    event.stopPropagation();
    this.fire("pictures", { came: received(event.dataTransfer), target });
  }

  paste(event) {
    const { activeElement } = document;
    const here = this.root.matches(":hover") || this.root.contains(activeElement);
    const files = [...(event.clipboardData?.files ?? [])];
    if (!here || !files.length || activeElement?.matches(TYPED_IN)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const target = this.pointer ? this.at(this.pointer) : { index: this.look().selected, point: null };
    this.fire("pictures", { came: { files, address: null }, target });
  }

  /** What a drag is over: a box, on the canvas or in the list; else the sheet; null: not for it. */
  targetOf(event) {
    const { target, dataTransfer } = event;
    const text = target.matches?.("input, textarea") && !dataTransfer?.types.includes("Files");
    if (text || !mayHoldPicture(dataTransfer)) return null;
    const row = target.closest?.("[data-box]");
    if (row) return { index: Number(row.dataset.box), point: null };
    return isIn(this.canvas, event) ? this.at(event) : { index: -1, point: null };
  }

  at(event) {
    return targetAt(this.canvas, this.look(), event);
  }

  /** Has a person choose pictures among their files, for a box. */
  choose(index) {
    const input = element("input", { type: "file", accept: "image/*" });
    const chosen = () => {
      this.fire("pictures", {
        came: { files: [...input.files], address: null },
        target: { index, point: null },
      });
    };
    input.addEventListener("change", chosen);
    input.click();
  }

  shine(target) {
    this.glow.hidden = !target;
    if (target) lay(this.glow, boxOver(this.canvas, this.look(), target.index));
  }
}

function isIn(canvas, { clientX, clientY }) {
  const { left, right, top, bottom } = canvas.getBoundingClientRect();
  return clientX >= left && clientX <= right && clientY >= top && clientY <= bottom;
}
