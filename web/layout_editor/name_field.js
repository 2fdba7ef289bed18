// A field over a box, in which its subject is named.

import { element, label } from "./elements.js";
import { boxOver, lay, targetAt } from "./over.js";
import { Teller } from "./teller.js";
import { say } from "./texts.js";
import { nameOf } from "./words.js";

const HEIGHT = 24;
const WIDTH = 120; // at least

/**
 * Fires `ask` ({ index }) when a box is to be named; `rename` ({ index, name }), and then `named`
 * ({ entered }) when the field closes: whether by Enter.
 */
export class NameField extends Teller {
  constructor(root, canvas, look, signal) {
    super();
    Object.assign(this, { root, canvas, look, index: -1 });
    this.input = element("input", { className: "msd-name-field", hidden: true });
    this.input.dataset.tool = "nameField";
    root.append(this.input);
    const listen = (type, handler) => this.input.addEventListener(type, handler, { signal });
    listen("keydown", (event) => this.key(event));
    listen("blur", () => this.close());
    const ask = (event) => {
      const { index } = targetAt(canvas, look(), event);
      if (index >= 0) this.fire("ask", { index });
    };
    canvas.addEventListener("dblclick", ask, { signal });
  }

  get open() {
    return this.index >= 0;
  }

  show(index) {
    const { canvas, input } = this;
    const view = this.look();
    this.index = index;
    input.value = nameOf(view, index);
    label(input, say("name", index + 1));
    input.hidden = false;
    const { left, top, width, height } = boxOver(canvas, view, index);
    const across = Math.max(Math.min(width, canvas.clientWidth - 2 * (left - canvas.offsetLeft)), WIDTH);
    const middle = left + width / 2 - across / 2;
    const most = canvas.offsetLeft + canvas.clientWidth - across;
    lay(input, {
      left: Math.max(canvas.offsetLeft, Math.min(middle, most)),
      top: top + (height - HEIGHT) / 2,
      width: across,
    });
    input.focus({ preventScroll: true });
    input.select();
  }

  key({ key, isComposing }) {
    if (isComposing || (key !== "Enter" && key !== "Escape")) return;
    this.close(key === "Enter", key === "Enter");
    if (!this.open) this.canvas.focus({ preventScroll: true });
  }

  close(given = true, entered = false) {
    if (!this.open) return;
    const { index, input } = this;
    this.index = -1; // hiding it is a blur, too
    input.hidden = true;
    const name = input.value.trim();
    const known = nameOf(this.look(), index);
    if (given && name && name !== known) this.fire("rename", { index, name });
    this.fire("named", { entered });
  }
}
