// What the mouse, a finger, a pen and the keyboard do on the canvas.

import * as geometry from "./boxes.js";
import { pictureFrame, pointOn } from "./drawing.js";
import { snapLines, snapMove, snapPoint } from "./snapping.js";

const CLICK = 4; // a press that moves less than these pixels is a click
const MAGNET = 7; // pixels within which an edge snaps to another
const GRAB = { mouse: 8, pen: 12, touch: 20 }; // pixels around a handle
const NUDGE = 8; // pixels of the picture: one cell of the latent
const LARGE_NUDGE = 64;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const AXES = { n: "ns", s: "ns", e: "ew", w: "ew", nw: "nwse", se: "nwse", ne: "nesw", sw: "nesw" };

export class Gestures {
  /** @param signal ends all listeners. */
  constructor(editor, canvas, signal) {
    this.editor = editor;
    this.canvas = canvas;
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
    // the page zooms the graph by two fingers; one of them is drawing
    for (const type of ["touchstart", "touchmove"]) {
      const stop = (event) => this.drag && event.stopPropagation();
      window.addEventListener(type, stop, { signal, capture: true });
    }
    // a double click on the graph would open its search box
    listen("dblclick", (event) => event.stopPropagation());
  }

  press(event) {
    if (event.button === 1) return; // the middle button moves the graph
    event.stopPropagation();
    if (event.button !== 0 || this.drag) return;
    event.preventDefault();
    this.canvas.focus({ preventScroll: true });
    if (this.editor.readOnly) return;
    const point = this.point(event);
    const { boxes: before, selected } = this.editor;
    const start = [event.clientX, event.clientY];
    const drag = { pointer: event.pointerId, from: point, start, before, selected, moved: false };
    this.drag = { ...drag, ...this.aim(event, point) };
    this.canvas.setPointerCapture(event.pointerId);
  }

  /** What a press at this point takes hold of: a handle, a box, or the empty picture. */
  aim(event, point) {
    const { boxes, selected } = this.editor;
    const draws = event.ctrlKey || event.metaKey || (boxes[selected] && !this.hasArea(selected));
    if (draws) return { kind: "draw" };
    const handle = this.handleAt(event);
    if (handle) return { kind: "resize", handle, index: selected };
    const under = this.boxesAt(point);
    if (!under.length) return { kind: "draw" };
    if (event.shiftKey && selected >= 0) {
      const second = under.find((index) => index !== selected);
      if (second !== undefined) this.editor.choose(selected, second);
      return { kind: "none" };
    }
    const again = under.includes(selected);
    const index = again ? selected : under[0];
    this.editor.choose(index);
    const beneath = under[(under.indexOf(index) + 1) % under.length];
    return { kind: "shift", index, next: again ? beneath : index };
  }

  move(event) {
    if (!this.drag) return this.hover(event);
    if (event.pointerId !== this.drag.pointer) return;
    event.stopPropagation();
    const [x, y] = this.drag.start;
    const far = Math.hypot(event.clientX - x, event.clientY - y) >= CLICK;
    if (!far && !this.drag.moved) return;
    this.drag.moved = true;
    this[this.drag.kind]?.(event, this.point(event));
  }

  draw(event, point) {
    const { before, from } = this.drag;
    const { selected } = this.editor;
    this.drag.index ??= before[selected] && !this.hasArea(selected) ? selected : before.length;
    const [start] = this.snap(event, from);
    const [end, guides] = this.snap(event, point);
    this.show(geometry.between(start, end), guides);
  }

  resize(event, point) {
    const { handle, before, index } = this.drag;
    const [caught, guides] = this.snap(event, point);
    const axes = [/[ew]/.test(handle), /[ns]/.test(handle)];
    this.show(geometry.resized(before[index], handle, caught), guides.filter((g) => axes[g.axis]));
  }

  /** Moves the box under way. The name differs from `move`, the event's handler. */
  shift(event, point) {
    const { from, before, index } = this.drag;
    const box = geometry.moved(before[index], point[0] - from[0], point[1] - from[1]);
    if (event.altKey) return this.show(box, []);
    const [[dx, dy], guides] = snapMove(box, this.lines(), this.reach());
    this.show(geometry.moved(box, dx, dy), guides);
  }

  show(box, guides) {
    const boxes = [...this.drag.before];
    boxes[this.drag.index] = box;
    this.editor.draft(boxes, this.drag.index, guides);
  }

  release(event) {
    if (!this.drag || event.pointerId !== this.drag.pointer) return;
    event.stopPropagation();
    const { moved, kind, next } = this.drag;
    this.drag = null;
    if (this.canvas.hasPointerCapture(event.pointerId)) {
      this.canvas.releasePointerCapture(event.pointerId);
    }
    if (moved && kind !== "none") return this.editor.commit();
    if (kind === "draw") this.editor.choose(-1);
    if (kind === "shift") this.editor.choose(next);
  }

  /** Takes the drag back as if it had not been. */
  giveUp() {
    const { before, selected, pointer } = this.drag;
    this.drag = null;
    if (this.canvas.hasPointerCapture(pointer)) this.canvas.releasePointerCapture(pointer);
    this.editor.draft(before, selected);
  }

  key(event) {
    const handled = this.drag ? this.keyInDrag(event) : this.keyAlone(event);
    if (!handled) return;
    event.preventDefault();
    event.stopPropagation();
  }

  keyInDrag(event) {
    if (event.key === "Escape") this.giveUp();
    return !event.ctrlKey && !event.metaKey; // nothing else happens in the middle of a drag
  }

  keyAlone(event) {
    const { editor } = this;
    const { key } = event;
    const command = event.ctrlKey || event.metaKey;
    if (key === "Tab") return editor.step(event.shiftKey ? -1 : 1);
    if (key === "Escape") return editor.leave();
    if (editor.selected < 0 || editor.readOnly) return false;
    if (key in ARROWS && !command) {
      return editor.nudge(ARROWS[key], event.shiftKey ? LARGE_NUDGE : NUDGE);
    }
    if (key === "Delete" || key === "Backspace") return editor.remove(editor.selected);
    if (command && key.toLowerCase() === "d") return editor.duplicate();
    return false;
  }

  hover(event) {
    const handle = !this.editor.readOnly && this.handleAt(event);
    const over = this.boxesAt(this.point(event)).length;
    const cursor = handle ? `${AXES[handle]}-resize` : over ? "move" : "crosshair";
    this.canvas.style.cursor = this.editor.readOnly ? "default" : cursor;
  }

  /** The handle of the selected box near the pointer, if any. */
  handleAt(event) {
    const box = this.editor.boxes[this.editor.selected];
    if (!box || !geometry.hasArea(box)) return null;
    const at = this.position(event);
    const frame = this.frame();
    const distance = (handle) => {
      const [x, y] = pointOn(frame, geometry.handlePoint(box, handle));
      return Math.max(Math.abs(x - at[0]), Math.abs(y - at[1]));
    };
    const handle = geometry.HANDLES.reduce((a, b) => (distance(b) < distance(a) ? b : a));
    return distance(handle) <= (GRAB[event.pointerType] ?? GRAB.mouse) ? handle : null;
  }

  /** Boxes at a point, the smallest first: one inside another can be reached. */
  boxesAt(point) {
    const { boxes } = this.editor;
    const size = (index) => geometry.area(boxes[index]);
    return [...boxes.keys()]
      .filter((index) => this.hasArea(index) && geometry.contains(boxes[index], point))
      .sort((a, b) => size(a) - size(b) || b - a);
  }

  hasArea(index) {
    return geometry.hasArea(this.editor.boxes[index]);
  }

  snap(event, point) {
    return event.altKey ? [point, []] : snapPoint(point, this.lines(), this.reach());
  }

  lines() {
    const { before, index } = this.drag;
    const others = before.filter((box, other) => other !== index && geometry.hasArea(box));
    return snapLines(others, this.editor.grid);
  }

  reach() {
    const { width, height } = this.frame();
    return [MAGNET / width, MAGNET / height];
  }

  frame() {
    const { clientWidth, clientHeight } = this.canvas;
    return pictureFrame(clientWidth, clientHeight, this.editor.aspect);
  }

  /** The pointer in pixels of the canvas, whatever the zoom of graph and page. */
  position(event) {
    const rect = this.canvas.getBoundingClientRect();
    const scale = this.canvas.clientWidth / rect.width;
    return [(event.clientX - rect.left) * scale, (event.clientY - rect.top) * scale];
  }

  /** The pointer in shares of the picture. */
  point(event) {
    const [x, y] = this.position(event);
    const frame = this.frame();
    return [(x - frame.x) / frame.width, (y - frame.y) / frame.height];
  }
}
