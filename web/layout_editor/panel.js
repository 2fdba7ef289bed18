// The elements of the editor: toolbar, canvas, message, list of boxes, boxes as text.

import { PRESETS } from "./arrange.js";
import { Backdrop } from "./backdrop.js";
import { added, allDistributed, allMirrored, cleared, exchanged, preset } from "./edits.js";
import { button, choice, element, label } from "./elements.js";
import { everything } from "./keys.js";
import { BoxList } from "./list.js";
import { PaintBar } from "./painting/paint_bar.js";
import { isMiddle } from "./pointer.js";
import { Enlarged } from "./row/enlarged.js";
import { SizeBar } from "./size_bar.js";
import { GRIDS } from "./snapping.js";
import { Teller } from "./teller.js";
import { say } from "./texts.js";

const STYLE = new URL("style.css", import.meta.url).href;

/**
 * Fires `edit` (a function of edits.js, from the layout to the next), `choose` ({ selected, all }),
 * `type` (boxes as text), `reread` (the value is to be read again), `rename` ({ index, name }), `mend`
 * ({ kind, index } of a chip), `snap` (a key of GRIDS), `backdrop` ({ change, done }), `resize` ([width,
 * height] of the picture), `act` ({ index, changes }, of options.js), `words` ({ index, words }), `tell`
 * (a text), `undo`, `redraw`, and what paint_bar.js tells.
 */
export class Panel extends Teller {
  /**
   * @param look gives the editor's view.
   * @param signal ends all listeners.
   */
  constructor(look, signal) {
    super();
    this.look = look;
    this.signal = signal;
    this.canvas = element("canvas", { className: "msd-canvas", tabIndex: 0 });
    this.canvas.setAttribute("role", "application");
    this.canvas.setAttribute("aria-label", say("canvas"));
    this.message = element("div", { className: "msd-message" });
    this.message.setAttribute("role", "status");
    this.list = new BoxList(look, (type, detail) => this.fire(type, detail), signal);
    this.sizeBar = new SizeBar((type, detail) => this.fire(type, detail), signal);
    this.backdrop = new Backdrop((type, detail) => this.fire(type, detail), signal);
    this.paintBar = new PaintBar((type, detail) => this.fire(type, detail), signal);
    this.spoken = element("div", { className: "msd-spoken" });
    this.spoken.setAttribute("aria-live", "polite");
    this.text = element("textarea", { className: "msd-text", hidden: true });
    label(this.text, say("text"));
    this.text.spellcheck = false;
    this.listen(this.text, "input", () => this.fire("type", this.text.value));
    // "widget-expands" has Nodes 2.0 of older pages give the editor the node's free height
    this.element = element("msdiffusion-editor", { className: "msd-editor widget-expands" });
    const style = element("link", { rel: "stylesheet", href: STYLE });
    const parts = [this.canvas, this.message, this.list.element, this.list.status, this.text];
    this.enlarged = new Enlarged(this.element, this.list.element, signal);
    const bars = [this.toolbar(), this.choices(), this.sizeBar.element, this.paintBar.element];
    this.element.append(style, ...bars, ...parts, this.spoken);
    // what happens in the panel is not for the graph beneath, besides the middle button and zoom
    for (const type of ["pointerdown", "pointermove", "pointerup"]) {
      const stop = (event) => this.look().panning || isMiddle(event) || event.stopPropagation();
      this.listen(this.element, type, stop);
    }
    this.listen(this.element, "keydown", (event) => this.key(event));
  }

  /** No key is for the graph beneath, and "select all" means boxes wherever nothing is typed. */
  key(event) {
    event.stopPropagation();
    const all = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "a";
    if (!all || event.defaultPrevented || event.target.matches("input, textarea")) return;
    event.preventDefault();
    this.fire("choose", everything(this.look()));
  }

  /** Says what has changed to those who cannot see it. */
  speak(text) {
    this.spoken.textContent = text;
  }

  toolbar() {
    const { signal } = this;
    const edit = (change) => this.fire("edit", change);
    const tool = (text, key, change) => button(text, key, () => edit(change), signal);
    this.asText = button("{ }", "asText", () => this.toggleText(), signal);
    this.asText.setAttribute("aria-pressed", "false");
    this.tools = [
      tool("+", "add", (layout) => added(layout)),
      tool("⇋", "mirror", allMirrored),
      tool("⇄", "swap", exchanged),
      tool("⇹", "distribute", allDistributed),
      tool("⌫", "clear", cleared),
      this.asText,
    ];
    const undo = button("↶", "undo", () => this.fire("undo"), signal);
    this.bar = element("div", { className: "msd-toolbar" });
    this.bar.append(...this.tools, ...this.paintBar.buttons, undo);
    return this.bar;
  }

  /** Below the tools: ready-made layouts, what catches a box, what is behind the boxes. */
  choices() {
    const { signal } = this;
    const layOut = (name) => {
      this.fire("edit", () => preset(name));
      this.presets.value = "";
    };
    const named = new Map(PRESETS.map(({ names }) => [names[0], names.map((key) => say(key))]));
    const nameOf = (key) => named.get(key).join(" / ");
    this.presets = choice("layouts", [...named.keys()], layOut, signal, nameOf);
    this.presets.prepend(element("option", { value: "", textContent: say("layouts") }));
    this.presets.value = "";
    this.grids = choice("snap", Object.keys(GRIDS), (name) => this.fire("snap", name), signal);
    this.tools.push(this.presets, this.grids);
    const bar = element("div", { className: "msd-toolbar" });
    bar.append(this.presets, this.grids, ...this.backdrop.elements);
    return bar;
  }

  toggleText() {
    this.text.hidden = !this.text.hidden;
    this.list.element.hidden = !this.text.hidden;
    this.asText.setAttribute("aria-pressed", String(!this.text.hidden));
    this.fire("reread"); // broken text that is left gives way to the value
  }

  /** Brings the elements to the editor's view. */
  update(view) {
    for (const tool of this.tools) tool.disabled = view.readOnly;
    this.text.disabled = view.readOnly;
    this.grids.value = view.grid;
    this.message.textContent = view.message;
    this.message.title = view.message; // a long one scrolls
    this.message.classList.toggle("msd-fault", view.faulty || view.miscounted || view.unread);
    // text that is being typed stays, and broken text to be mended
    const kept = document.activeElement === this.text || view.faulty;
    if (this.text.hidden || !kept) this.text.value = view.text;
    this.sizeBar.update(view);
    this.backdrop.update(view);
    this.paintBar.update(view);
    this.list.update(view);
    this.enlarged.update();
  }

  listen(target, type, handler) {
    target.addEventListener(type, handler, { signal: this.signal });
  }
}
