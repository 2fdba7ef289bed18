// The layout editor: its state, and what may be done with it. Drawing, gestures and the panel
// around the canvas are in files of their own.

import { distributed, mirrored, PRESETS, swapped } from "./arrange.js";
import { BoxError, formatBoxes, hasArea, moved, parseBoxes, tidy, withoutArea } from "./boxes.js";
import { paint } from "./drawing.js";
import { Gestures } from "./gestures.js";
import { Panel } from "./panel.js";
import { say } from "./texts.js";

const NEW_BOX = [0.35, 0.35, 0.65, 0.65];
const BESIDE = 0.04; // how far a new box lies from the one that it would hide
const NO_CONTEXT = { width: 1024, height: 1024, subjects: [], picture: null, source: "boxes" };

export class LayoutEditor {
  /**
   * @param host what the editor edits:
   *   `read()` and `write(text)`: the node's value; `write` is one step of undo.
   *   `context()`: `width` and `height` in pixels; `subjects`, a list of `name`, `image` (or null)
   *   and `everywhere`; `picture`, an image or null; `source`, "boxes" where this editor gives
   *   them, else a key of texts.js that says who does; `shown`, `names` and `unused` of the last
   *   run where it does not.
   *   `rename(index, name)`; `grid` (a key of GRIDS), which is remembered with the node.
   */
  constructor(host) {
    this.host = host;
    this.boxes = [];
    this.text = null; // the value that the boxes were read from
    this.seen = null; // value and context of the last look at them
    this.selected = -1;
    this.second = -1; // what the selected box is swapped with
    this.guides = [];
    this.fault = null;
    this.context = NO_CONTEXT;
    this.ending = new AbortController();
    this.panel = new Panel(this, this.ending.signal);
    this.gestures = new Gestures(this, this.panel.canvas, this.ending.signal);
    this.sizes = new ResizeObserver(() => this.redraw());
    this.sizes.observe(this.panel.canvas);
  }

  get element() {
    return this.panel.element;
  }

  get grid() {
    return this.host.grid;
  }

  get aspect() {
    return this.context.width / this.context.height;
  }

  get readOnly() {
    return this.context.source !== "boxes";
  }

  /** Takes in what has changed outside: the value, linked nodes, their pictures, the theme. */
  refresh() {
    if (this.gestures.drag) return;
    const { readOnly } = this;
    this.context = this.host.context();
    const text = this.host.read();
    const { color, backgroundColor } = getComputedStyle(this.panel.canvas);
    const seen = JSON.stringify([text, this.context, color, backgroundColor], (name, value) =>
      value instanceof HTMLImageElement ? [value.src, value.complete] : value,
    );
    if (seen === this.seen) return;
    this.seen = seen;
    if (text !== this.text || readOnly !== this.readOnly) this.take(text);
    if (this.readOnly && this.context.shown) this.boxes = this.context.shown;
    this.redraw();
  }

  /** Reads boxes from a text; a faulty one leaves the last good boxes and a message. */
  take(text) {
    this.text = text;
    this.boxes = this.parse(text) ?? this.boxes;
    this.second = -1;
    if (this.selected >= this.boxes.length) this.selected = -1;
  }

  /** The boxes of a text; of a faulty one there are none, but a message. */
  parse(text) {
    this.fault = null;
    try {
      return parseBoxes(text);
    } catch (error) {
      if (!(error instanceof BoxError)) throw error;
      this.fault = say(error.key, error.number);
      return null;
    }
  }

  /** Boxes typed as text: good ones become the node's value. */
  type(text) {
    if (!this.parse(text)) return this.redraw();
    this.take(text);
    this.seen = null;
    this.host.write(text);
    this.redraw();
  }

  /** Shows boxes without making them the node's value: the middle of a drag. */
  draft(boxes, selected, guides = []) {
    this.boxes = boxes;
    this.selected = selected;
    this.guides = guides;
    this.redraw();
  }

  /** Makes the boxes the node's value. */
  commit(boxes = this.boxes, selected = this.selected) {
    this.text = formatBoxes(boxes);
    this.seen = null;
    this.fault = null;
    this.second = -1;
    this.draft(boxes, selected);
    this.host.write(this.text);
    return true;
  }

  choose(selected, second = -1) {
    this.selected = selected;
    this.second = second;
    this.redraw();
  }

  /** Selects the next box, round and round. */
  step(by) {
    const count = this.boxes.length;
    if (!count) return false;
    const from = this.selected < 0 && by < 0 ? 0 : this.selected;
    this.choose((from + by + count) % count);
    return true;
  }

  /** Lets go of the box, then of the keyboard. */
  leave() {
    if (this.selected >= 0) this.choose(-1);
    else this.panel.canvas.blur();
    return true;
  }

  nudge([x, y], pixels) {
    const box = this.boxes[this.selected];
    if (!hasArea(box)) return false;
    const { width, height } = this.context;
    return this.replace(this.selected, moved(box, (x * pixels) / width, (y * pixels) / height));
  }

  replace(index, box) {
    const boxes = [...this.boxes];
    boxes[index] = box;
    return this.commit(boxes);
  }

  add(box = NEW_BOX) {
    let added = box;
    const taken = (one) => this.boxes.some((other) => `${other}` === `${one}`);
    for (let tries = 0; taken(added) && tries < 8; tries++) added = moved(added, BESIDE, BESIDE);
    return this.commit([...this.boxes, tidy(added)], this.boxes.length);
  }

  duplicate() {
    const box = this.boxes[this.selected];
    return hasArea(box) ? this.add(box) : false;
  }

  remove(index) {
    const boxes = this.boxes.filter((_, other) => other !== index);
    return this.commit(boxes, Math.min(this.selected, boxes.length - 1));
  }

  /** Swaps a box with its neighbour in the list, and so the subjects' places. */
  reorder(index, by) {
    const to = index + by;
    if (to < 0 || to >= this.boxes.length) return;
    this.commit(swapped(this.boxes, index, to), to);
  }

  /** Takes the area away from a box, or gives it one. */
  toggleArea(index) {
    this.selected = index;
    this.replace(index, hasArea(this.boxes[index]) ? withoutArea() : NEW_BOX);
  }

  mirror() {
    this.commit(mirrored(this.boxes));
  }

  distribute() {
    this.commit(distributed(this.boxes));
  }

  swap() {
    if (this.boxes.length < 2) return;
    const first = Math.max(this.selected, 0);
    const second = this.second >= 0 ? this.second : (first + 1) % this.boxes.length;
    this.commit(swapped(this.boxes, first, second), second);
  }

  preset(name) {
    this.commit(PRESETS[name], -1);
  }

  snapTo(grid) {
    this.host.grid = grid;
    this.redraw();
  }

  rename(index, name) {
    this.host.rename(index, name);
    this.refresh();
  }

  /** What the line under the canvas says. */
  get message() {
    const { source, subjects, note } = this.context;
    if (this.readOnly) return [say(source), note].filter(Boolean).join(" ");
    if (this.fault) return this.fault;
    if (!this.boxes.length) return say("empty");
    const known = subjects.length && !subjects.some((subject) => subject.unknown);
    if (known && subjects.length !== this.boxes.length) {
      return say("count", this.boxes.length, subjects.length);
    }
    return "";
  }

  /** Paints at the next frame, once however often it is asked for. */
  redraw() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      if (this.ending.signal.aborted) return;
      // a new row in the list would take room from the canvas beneath the pointer
      if (!this.gestures.drag) this.panel.update();
      paint(this.panel.canvas, {
        boxes: this.boxes,
        selected: this.selected,
        second: this.second,
        subjects: this.context.subjects,
        picture: this.context.picture,
        unused: this.context.unused ?? [],
        aspect: this.aspect,
        grid: this.grid,
        guides: this.guides,
        dragging: Boolean(this.gestures.drag?.moved),
      });
    });
  }

  /** Ends every listener. */
  destroy() {
    this.ending.abort();
    this.sizes.disconnect();
    cancelAnimationFrame(this.frame);
  }
}
