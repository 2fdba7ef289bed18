// A field over a box, in which its subject is named, or the words of the box are written.

import { lineOf } from "./box_lines.js";
import { element, label } from "./elements.js";
import { boxOver, lay, targetAt } from "./over.js";
import { Teller } from "./teller.js";
import { say } from "./texts.js";
import { nameOf } from "./words.js";

const HEIGHT = 24;
// by what is written in it: its width at least, and what is known of it
const KINDS = {
  name: { width: 120, known: nameOf },
  words: { width: 240, known: ({ words }, index) => lineOf(words?.lines, index) },
};

/**
 * Fires `ask` ({ index }) when a box is double-clicked. When the field closes: `rename` ({ index,
 * name }), and then `named` ({ entered }), whether by Enter; or `words` ({ index, words }).
 */
export class NameField extends Teller {
  constructor(root, canvas, look, signal) {
    super();
    Object.assign(this, { root, canvas, look, index: -1, kind: "name" });
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

  /** @param kind of KINDS. */
  show(index, kind = "name") {
    const { canvas, input } = this;
    const view = this.look();
    Object.assign(this, { index, kind });
    const { width: least, known } = KINDS[kind];
    input.value = known(view, index);
    label(input, say(kind, index + 1));
    input.hidden = false;
    const { left, top, width, height } = boxOver(canvas, view, index);
    const across = Math.max(Math.min(width, canvas.clientWidth - 2 * (left - canvas.offsetLeft)), least);
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
    const { index, input, kind } = this;
    this.index = -1; // hiding it is a blur, too
    input.hidden = true;
    const text = input.value.trim();
    const changed = given && text !== KINDS[kind].known(this.look(), index).trim();
    if (kind === "words") return changed && this.fire("words", { index, words: text });
    if (changed && text) this.fire("rename", { index, name: text });
    this.fire("named", { entered });
  }
}
