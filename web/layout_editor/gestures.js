// What the mouse, a finger, a pen and the keyboard do on the canvas.

import { dragged, grasp } from "./drags.js";
import { pictureFrame } from "./frame.js";
import { cursorAt } from "./hits.js";
import { askedBy } from "./keys.js";
import { grabOf, isMiddle, positionOn } from "./pointer.js";
import { Teller } from "./teller.js";

const CLICK = 4; // a press that moves less than these pixels is a click

/**
 * Fires `draft` ({ boxes, selected, all, guides }) in the middle of a drag, `commit` (what a function
 * of edits.js gives) when boxes have changed, and `choose` ({ selected, second, all }).
 */
export class Gestures extends Teller {
  /**
   * @param look gives the editor's view.
   * @param signal ends all listeners.
   */
  constructor(canvas, look, signal) {
    super();
    this.canvas = canvas;
    this.look = look;
    this.drag = null;
    const listen = (type, handler) => canvas.addEventListener(type, handler, { signal });
    listen("pointerdown", (event) => this.press(event));
    listen("pointermove", (event) => this.move(event));
    listen("pointerup", (event) => this.release(event));
    listen("lostpointercapture", (event) => this.release(event));
    listen("pointercancel", (event) => event.pointerId === this.drag?.pointer && this.giveUp());
    listen("keydown", (event) => this.key(event));
    listen("contextmenu", (event) => {
      if (!this.drag) return;
      event.preventDefault();
      event.stopPropagation();
    });
    // the page zooms the graph by two fingers; one of them is drawing. It counts fingers, too
    const stop = (event) => this.drag && event.stopPropagation();
    window.addEventListener("touchmove", stop, { signal, capture: true });
    // a double click on the graph would open its search box
    listen("dblclick", (event) => event.stopPropagation());
  }

  /** Whether a button or a finger is down. */
  get holding() {
    return Boolean(this.drag);
  }

  /** Whether what is held has been moved. */
  get dragging() {
    return Boolean(this.drag?.draft);
  }

  press(event) {
    const view = this.look();
    if (isMiddle(event) || view.panning) return;
    event.stopPropagation();
    if (this.drag) return this.pinch(event);
    if (event.button !== 0) return;
    event.preventDefault();
    this.canvas.focus({ preventScroll: true });
    if (view.readOnly) return;
    const keys = { ctrl: event.ctrlKey || event.metaKey, shift: event.shiftKey };
    const drag = grasp(view, { ...this.place(event, view), grab: grabOf(event), ...keys });
    this.drag = { ...drag, pointer: event.pointerId, start: [event.clientX, event.clientY] };
    if (drag.choose) this.fire("choose", drag.choose);
    this.canvas.setPointerCapture(event.pointerId);
  }

  /** A second finger: both zoom the graph, unless the first one has begun to draw. */
  pinch(event) {
    if (event.pointerType === "touch" && !this.dragging) this.giveUp();
  }

  move(event) {
    const { drag } = this;
    if (!drag) return this.hover(event);
    if (event.pointerId !== drag.pointer) return;
    event.stopPropagation();
    const far = Math.hypot(event.clientX - drag.start[0], event.clientY - drag.start[1]) >= CLICK;
    if (drag.kind === "none" || (!far && !drag.draft)) return;
    const view = this.look();
    const place = this.place(event, view);
    const ways = { grid: view.grid, free: event.altKey, proportional: event.shiftKey };
    drag.draft = dragged(drag, { ...place, ...ways });
    this.fire("draft", drag.draft);
  }

  release(event) {
    const { drag } = this;
    if (event.pointerId !== drag?.pointer) return;
    event.stopPropagation();
    this.letGo();
    if (drag.draft) this.fire("commit", drag.draft);
    else if (drag.click !== undefined) this.fire("choose", { selected: drag.click });
  }

  /** Takes the drag back as if it had not been. */
  giveUp() {
    const { boxes, selected, all } = this.drag;
    this.letGo();
    this.fire("draft", { boxes, selected, all, guides: [] });
  }

  letGo() {
    const { pointer } = this.drag;
    this.drag = null;
    if (this.canvas.hasPointerCapture(pointer)) this.canvas.releasePointerCapture(pointer);
  }

  key(event) {
    const ctrl = event.ctrlKey || event.metaKey;
    const handled = this.drag ? this.keyInDrag(event, ctrl) : this.keyAlone(event, ctrl);
    if (!handled) return;
    event.preventDefault();
    event.stopPropagation();
  }

  keyInDrag(event, ctrl) {
    if (event.key === "Escape") this.giveUp();
    return !ctrl; // nothing else happens in the middle of a drag
  }

  keyAlone(event, ctrl) {
    const { key, shiftKey: shift, altKey: alt } = event;
    const asked = askedBy({ key, shift, ctrl, alt }, this.look());
    if (asked?.commit) this.fire("commit", asked.commit);
    if (asked?.choose) this.fire("choose", asked.choose);
    if (asked?.leave) this.canvas.blur();
    return asked;
  }

  hover(event) {
    const view = this.look();
    const { frame, at } = this.place(event, view);
    this.canvas.style.cursor = view.panning ? "grab" : cursorAt(view, frame, at, grabOf(event));
  }

  /** The pointer and the picture on the canvas. */
  place(event, view) {
    const { clientWidth, clientHeight } = this.canvas;
    const frame = pictureFrame(clientWidth, clientHeight, view.aspect);
    return { frame, at: positionOn(this.canvas, event) };
  }
}
