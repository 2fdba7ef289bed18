// The layout editor: its state. The panel and the gestures tell it by events what a person does; it
// changes the state, and shows them and the canvas what has become of it.

import { Arrivals } from "./arrivals.js";
import { areaBefore, BoxError, formatBoxes, parseBoxes, remembering } from "./boxes.js";
import { paint } from "./drawing.js";
import { Drops } from "./drops.js";
import { FullPage } from "./full_page.js";
import { Gestures } from "./gestures.js";
import { listen } from "./hearing.js";
import { Menu } from "./menu.js";
import { NameField } from "./name_field.js";
import { Painting } from "./painting/painting.js";
import { followed, formatShapes, parseShapes } from "./painting/shapes.js";
import { stencilOf } from "./painting/stencils.js";
import { Panel } from "./panel.js";
import { zoomOf } from "./pointer.js";
import { RowOptions } from "./row_options.js";
import { RowWords } from "./row_words.js";
import { say } from "./texts.js";
import { viewOf } from "./view.js";
import { described, spoken } from "./words.js";

const NO_CONTEXT = { width: 1024, height: 1024, subjects: [], picture: null, source: "boxes" };

export class LayoutEditor {
  /** @param host what the editor edits: see host.js. */
  constructor(host) {
    this.host = host;
    this.boxes = [];
    this.shapes = []; // painted, of boxes
    this.text = null; // the value that the boxes were read from
    this.seen = null; // value and context of the last look at them
    this.selected = -1;
    this.all = false; // whether every box is selected
    this.second = -1; // what the selected box is swapped with
    this.told = []; // the boxes that have been spoken of
    this.guides = [];
    this.fault = null;
    this.notice = null; // `text` and whether it is `faulty`: what became of pictures
    this.context = NO_CONTEXT;
    this.ending = new AbortController();
    this.panel = new Panel(() => this.view, this.signal);
    this.canvas = this.panel.canvas;
    const look = () => this.view;
    const over = [this.element, this.canvas, look, this.signal];
    this.gestures = new Gestures(this.canvas, look, this.signal);
    this.drops = new Drops(...over);
    this.menu = new Menu(...over);
    this.nameField = new NameField(...over);
    const { moving } = this.panel.list;
    const busy = () =>
      this.gestures.holding || this.menu.open || this.nameField.open || moving.holding;
    this.fullPage = new FullPage(this.element, () => host.key, busy, this.signal);
    this.panel.bar.append(this.fullPage.button);
    this.arrivals = new Arrivals(this);
    this.rowOptions = new RowOptions(this);
    this.rowWords = new RowWords(this);
    this.painting = new Painting(this);
    listen(this);
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

  /** What the panel, the gestures and the painting are shown: see view.js. */
  get view() {
    return viewOf(this);
  }

  /** Says something until the next change. */
  tell(text, faulty = false) {
    this.notice = text ? { text, faulty } : null;
    this.redraw();
  }

  /** Takes in what has changed outside: the value, linked nodes, their pictures, the theme. */
  refresh() {
    if (this.gestures.holding || this.painting.stroke) return;
    this.fullPage.keep();
    const { readOnly } = this;
    this.context = this.host.context();
    const text = this.host.read();
    const options = this.host.readOptions();
    const { color, backgroundColor } = getComputedStyle(this.canvas);
    const { names, backdrop } = this.host;
    const shapes = this.host.readShapes();
    if (shapes !== formatShapes(this.shapes)) this.shapes = parseShapes(shapes);
    const loaded = this.shapes.map((shape) => Boolean(shape && stencilOf(shape)));
    const look = [color, backgroundColor, zoomOf(this.canvas), names, backdrop, shapes, loaded];
    const seen = JSON.stringify([text, options, this.context, look], (name, value) =>
      value instanceof HTMLImageElement ? [value.src, value.complete] : value,
    );
    if (seen === this.seen) return;
    this.seen = seen;
    if (text !== this.text || readOnly !== this.readOnly) this.take(text);
    this.rowOptions.take(options);
    if (this.readOnly && this.context.shown) this.boxes = this.context.shown;
    this.redraw();
  }

  /** Reads boxes from a text; a faulty one leaves the last good boxes and a message. */
  take(text) {
    this.text = text;
    const boxes = this.parse(text);
    if (boxes) this.boxes = remembering(boxes, this.host.areas);
    this.told = this.boxes;
    this.second = -1;
    this.all = false;
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
    this.write(this.host.names, this.rowOptions.follow((options) => options), {});
    this.redraw();
  }

  /** Shows boxes without making them the node's value: the middle of a drag. */
  draft({ boxes, selected, all = false, guides = [] }) {
    this.notice = null;
    this.boxes = boxes;
    this.selected = selected;
    this.all = all;
    this.guides = guides;
    this.redraw();
  }

  /** Makes the boxes the node's value. */
  commit({ boxes, selected, all, gone = [], order = null, shapes, ...change }) {
    this.shapes = shapes ?? followed(this.shapes, this.told, boxes, change);
    this.text = formatBoxes(boxes);
    this.seen = null;
    this.fault = null;
    this.second = -1;
    this.draft({ boxes, selected, all });
    const { names } = this.host;
    const kept = (list) =>
      order ? order.map((from) => list[from]) : list.filter((_, index) => !gone.includes(index));
    this.panel.list.follow(kept);
    this.write(kept(names), this.rowOptions.follow(kept), { gone, order });
    this.speak();
  }

  write(names, options, moved) {
    const areas = this.boxes.map(areaBefore);
    const shapes = formatShapes(this.shapes.slice(0, this.boxes.length));
    const moves = { ...moved, count: this.boxes.length };
    this.host.write(this.text, { areas, names, shapes, ...options, moves });
    this.context = { ...this.context, words: this.host.words };
  }

  speak() {
    this.panel.speak(spoken(this.told, this.view));
    this.told = this.boxes;
  }

  /** Does what a function of edits.js says. */
  edit(change) {
    const layout = change(this.view);
    if (layout) this.commit(layout);
  }

  choose({ selected, second = -1, all = false }) {
    const same = selected === this.selected && all === this.all;
    Object.assign(this, { selected, second, all });
    if (!same) this.speak();
    this.redraw();
  }

  snapTo(grid) {
    this.host.grid = grid;
    this.redraw();
  }

  changeBackdrop(change, done) {
    this.host.changeBackdrop(change, done);
    this.refresh();
  }

  resize(size) {
    this.host.resize(size);
    this.refresh();
  }

  rename(index, name) {
    this.host.rename(index, name, this.arrivals.step);
    this.refresh();
    if (index in this.boxes) this.panel.speak(described(this.view, index));
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
