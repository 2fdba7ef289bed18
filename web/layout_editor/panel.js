// The elements around the canvas: toolbar, message, list of boxes, boxes as text.

import { PRESETS } from "./arrange.js";
import { hasArea } from "./boxes.js";
import { colour } from "./drawing.js";
import { GRIDS } from "./snapping.js";
import { say } from "./texts.js";

const STYLE = new URL("style.css", import.meta.url).href;

export class Panel {
  constructor(editor, signal) {
    this.editor = editor;
    this.signal = signal;
    this.canvas = element("canvas", { className: "msd-canvas", tabIndex: 0 });
    this.canvas.setAttribute("role", "application");
    this.canvas.setAttribute("aria-label", say("canvas"));
    this.message = element("div", { className: "msd-message" });
    this.message.setAttribute("role", "status");
    this.list = element("div", { className: "msd-list" });
    this.text = element("textarea", { className: "msd-text", title: say("text"), hidden: true });
    this.text.spellcheck = false;
    this.listen(this.text, "input", () => editor.type(this.text.value));
    // "widget-expands" has Nodes 2.0 of older pages give the editor the node's free height
    this.element = element("div", { className: "msd-editor widget-expands" });
    const style = element("link", { rel: "stylesheet", href: STYLE });
    this.element.append(style, this.toolbar(), this.canvas, this.message, this.list, this.text);
    // what happens in the panel is not for the graph beneath, besides the middle button and zoom
    for (const type of ["pointerdown", "pointermove", "pointerup"]) {
      this.listen(this.element, type, (event) => isMiddle(event) || event.stopPropagation());
    }
    this.listen(this.element, "keydown", (event) => event.stopPropagation());
  }

  toolbar() {
    const { editor } = this;
    const bar = element("div", { className: "msd-toolbar" });
    this.tools = [
      this.button("+", "add", () => editor.add()),
      this.button("⇋", "mirror", () => editor.mirror()),
      this.button("⇄", "swap", () => editor.swap()),
      this.button("⇹", "distribute", () => editor.distribute()),
    ];
    this.presets = this.choice("layouts", Object.keys(PRESETS), (name) => {
      editor.preset(name);
      this.presets.value = "";
    });
    this.presets.prepend(element("option", { value: "", textContent: say("layouts") }));
    this.presets.value = "";
    this.grids = this.choice("snap", Object.keys(GRIDS), (name) => editor.snapTo(name));
    this.asText = this.button("{ }", "asText", () => this.toggleText());
    bar.append(...this.tools, this.presets, this.grids, this.asText);
    return bar;
  }

  toggleText() {
    this.text.hidden = !this.text.hidden;
    this.list.hidden = !this.text.hidden;
    this.asText.setAttribute("aria-pressed", String(!this.text.hidden));
    this.text.value = this.editor.text;
    this.editor.take(this.editor.host.read());
    this.editor.redraw();
  }

  /** Brings the elements to the editor's state. */
  update() {
    const { editor } = this;
    const off = editor.readOnly;
    for (const tool of [...this.tools, this.presets, this.grids, this.asText]) tool.disabled = off;
    this.text.disabled = off;
    this.grids.value = editor.grid;
    this.message.textContent = editor.message;
    this.message.classList.toggle("msd-fault", Boolean(editor.fault));
    const typing = document.activeElement === this.text;
    if (!typing && !editor.fault) this.text.value = editor.text;
    this.updateList();
  }

  updateList() {
    const { boxes, selected, context, readOnly } = this.editor;
    const { subjects } = context;
    const entries = boxes.map((box, index) => [hasArea(box), subjects[index], index === selected]);
    const key = JSON.stringify([entries, readOnly], (name, value) =>
      name === "image" ? value?.src : value,
    );
    if (key === this.shown) return;
    const focused = document.activeElement;
    const active = this.list.contains(focused) ? focused.dataset.tool : null;
    if (active?.startsWith("name")) return; // a name is being typed
    this.shown = key;
    this.list.replaceChildren(...boxes.map((box, index) => this.row(box, index)));
    if (active) this.list.querySelector(`[data-tool="${active}"]`)?.focus();
  }

  row(box, index) {
    const { editor } = this;
    const subject = editor.context.subjects[index];
    const row = element("div", { className: "msd-row" });
    row.dataset.box = index;
    row.classList.toggle("msd-selected", index === editor.selected);
    const number = this.button(`${index + 1}`, "select", () => editor.choose(index), index);
    number.style.setProperty("--msd-colour", colour(index));
    const image = element("img", { className: "msd-thumbnail", alt: "" });
    if (subject?.image) image.src = subject.image.src;
    else image.style.visibility = "hidden";
    const name = element("input", { value: subject?.name ?? "" });
    name.disabled = Boolean(subject?.fixed) || editor.readOnly;
    label(name, say("name", index + 1));
    name.dataset.tool = `name${index}`;
    this.listen(name, "change", () => editor.rename(index, name.value.trim()));
    this.listen(name, "blur", () => editor.redraw());
    this.listen(name, "keydown", (event) => event.key === "Enter" && name.blur());
    const notes = [!hasArea(box) && say("noArea"), subject?.everywhere && say("wholePicture")];
    const note = element("span", { className: "msd-note" });
    note.textContent = notes.filter(Boolean).join(", ");
    const tools = [
      this.button("▲", "up", () => editor.reorder(index, -1), index),
      this.button("▼", "down", () => editor.reorder(index, 1), index),
      this.button(hasArea(box) ? "▣" : "▢", "area", () => editor.toggleArea(index), index),
      this.button("✕", "remove", () => editor.remove(index), index),
    ];
    tools[0].disabled = index === 0;
    tools[1].disabled = index === editor.boxes.length - 1;
    row.append(number, image, name, note);
    if (!editor.readOnly) row.append(...tools);
    return row;
  }

  button(text, key, act, index) {
    const made = element("button", { type: "button", textContent: text });
    const number = index === undefined ? "" : index + 1;
    label(made, say(key, number));
    made.dataset.tool = key + (index ?? "");
    this.listen(made, "click", act);
    return made;
  }

  choice(key, options, act) {
    const made = element("select");
    label(made, say(key));
    made.dataset.tool = key;
    made.append(...options.map((value) => element("option", { value, textContent: say(value) })));
    this.listen(made, "change", () => act(made.value));
    return made;
  }

  listen(target, type, handler) {
    target.addEventListener(type, handler, { signal: this.signal });
  }
}

/** Whether a pointer event is of the middle button, which moves the graph. */
export function isMiddle(event) {
  return event.button === 1 || Boolean(event.buttons & 4);
}

function element(kind, properties = {}) {
  return Object.assign(document.createElement(kind), properties);
}

function label(target, text) {
  target.title = text;
  target.setAttribute("aria-label", text);
}
