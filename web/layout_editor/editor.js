// The layout editor: its state. The panel and the gestures tell it by events what a person does; it
// changes the state, and shows them and the canvas what has become of it.

import { BoxError, formatBoxes, parseBoxes } from "./boxes.js";
import { areCounted, chipsOf } from "./chips.js";
import { paint } from "./drawing.js";
import { Gestures } from "./gestures.js";
import { Panel } from "./panel.js";
import { counted, say } from "./texts.js";

const NO_CONTEXT = { width: 1024, height: 1024, subjects: [], picture: null, source: "boxes" };

export class LayoutEditor {
  /**
   * @param host what the editor edits:
   *   `read()` and `write(text)`: the node's value; `write` is one step of undo.
   *   `context()`: `width` and `height` in pixels; `subjects`, a list of `name`, `image` (or null),
   *   `everywhere` and `unknown` (see graph.js); `picture`, an image or null; `source`, "boxes"
   *   where this editor gives them, else a key of texts.js that says who does; where it does not,
   *   the boxes `shown`, those `unused` and the `note` of the last run; `prompts` (see chips.js).
   *   `rename(index, name)`; `mend(kind, index)`, what a chip's click does in other nodes; `grid` (a key of GRIDS), which is remembered with the node.
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
    this.panel = new Panel(this.signal);
    this.canvas = this.panel.canvas;
    this.gestures = new Gestures(this.canvas, () => this.view, this.signal);
    this.listen();
    this.sizes = new ResizeObserver(() => this.redraw());
    this.sizes.observe(this.canvas);
  }

  get element() {
    return this.panel.element;
  }

  /** Aborted when the editor ends. */
  get signal() {
    return this.ending.signal;
  }

  get readOnly() {
    return this.context.source !== "boxes";
  }

  /** What the panel, the gestures and the painting are shown. */
  get view() {
    const { boxes, selected, second, guides, text } = this;
    const { width, height, subjects, picture, unused = [], prompts } = this.context;
    const { readOnly, miscounted } = this;
    const faulty = Boolean(this.fault);
    const size = [width, height];
    return {
      boxes,
      selected, // indices, -1 where there is none
      second,
      guides, // lines that the box has snapped to, as in snapping.js
      dragging: this.gestures.dragging,
      text,
      message: this.message,
      faulty, // the text cannot be read
      miscounted, // more or fewer boxes than subjects
      readOnly,
      grid: this.host.grid,
      size, // of the picture, in its pixels
      aspect: width / height,
      subjects,
      picture,
      unused, // boxes that no subject has taken
      chips: chipsOf({ boxes, subjects, size, prompts, readOnly, faulty }),
    };
  }

  /** What the line under the canvas says. */
  get message() {
    const { source, subjects, note } = this.context;
    if (this.readOnly) return [say(source), note].filter(Boolean).join(" ");
    if (this.fault) return this.fault;
    if (!this.boxes.length && !this.miscounted) return say("empty");
    const unknown = subjects.filter((subject) => subject.unknown);
    if (unknown.some((subject) => !subject.name)) return say("namesFromRun");
    if (!this.miscounted) return "";
    const boxes = counted(this.boxes.length, "box", "boxes");
    return say("count", boxes, counted(subjects.length, "subject", "subjects"));
  }

  /** Whether there are more or fewer boxes than subjects. */
  get miscounted() {
    const { subjects } = this.context;
    if (this.readOnly || this.fault || !areCounted(subjects)) return false;
    return subjects.length !== this.boxes.length;
  }

  listen() {
    const choose = ({ selected, second }) => this.choose(selected, second);
    this.gestures.on({
      choose,
      draft: (layout) => this.draft(layout),
      commit: (layout) => this.commit(layout),
    });
    this.panel.on({
      choose,
      edit: (change) => this.edit(change),
      type: (text) => this.type(text),
      reread: () => this.reread(),
      rename: ({ index, name }) => this.rename(index, name),
      mend: ({ kind, index }) => this.mend(kind, index),
      snap: (grid) => this.snapTo(grid),
      redraw: () => this.redraw(),
    });
  }

  /** Takes in what has changed outside: the value, linked nodes, their pictures, the theme. */
  refresh() {
    if (this.gestures.holding) return;
    const { readOnly } = this;
    this.context = this.host.context();
    const text = this.host.read();
    const { color, backgroundColor } = getComputedStyle(this.canvas);
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

  reread() {
    this.take(this.host.read());
    this.redraw();
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
  draft({ boxes, selected, guides }) {
    this.boxes = boxes;
    this.selected = selected;
    this.guides = guides;
    this.redraw();
  }

  /** Makes the boxes the node's value. */
  commit({ boxes, selected }) {
    this.text = formatBoxes(boxes);
    this.seen = null;
    this.fault = null;
    this.second = -1;
    this.draft({ boxes, selected, guides: [] });
    this.host.write(this.text);
  }

  /** Does what a function of edits.js says. */
  edit(change) {
    const layout = change(this.view);
    if (layout) this.commit(layout);
  }

  choose(selected, second = -1) {
    this.selected = selected;
    this.second = second;
    this.redraw();
  }

  snapTo(grid) {
    this.host.grid = grid;
    this.redraw();
  }

  rename(index, name) {
    this.host.rename(index, name);
    this.refresh();
  }

  mend(kind, index) {
    this.host.mend(kind, index);
    this.refresh();
  }

  /** Paints at the next frame, once however often it is asked for. */
  redraw() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      if (this.signal.aborted) return;
      const { view } = this;
      // a new row in the list would take room from the canvas beneath the pointer
      if (!this.gestures.holding) this.panel.update(view);
      paint(this.canvas, view);
    });
  }

  /** Ends every listener. */
  destroy() {
    this.ending.abort();
    this.sizes.disconnect();
    cancelAnimationFrame(this.frame);
  }
}
