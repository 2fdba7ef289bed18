// What the mouse, a finger and a pen do on the canvas while a brush or the lasso is taken.

import { hasArea } from "../boxes.js";
import { pictureFrame, pointIn } from "../frame.js";
import { isScene } from "../hits.js";
import { isMiddle, positionOn } from "../pointer.js";
import { Teller } from "../teller.js";
import { copyInto, fillAround, fillBox, newMask, stroke } from "./masks.js";
import { isMissing, stencilOf } from "./stencils.js";

/** Fires `stroke` and, at the end, `painted` ({ index, mask }); `put` where the tool is put down. */
export class Painter extends Teller {
  constructor(canvas, look, signal) {
    super();
    Object.assign(this, { canvas, look });
    this.held = null;
    // before what the canvas does without these tools
    const listen = (type, act) => canvas.addEventListener(type, act, { signal, capture: true });
    listen("pointerdown", (event) => this.press(event));
    listen("pointermove", (event) => this.move(event));
    listen("pointerup", (event) => this.release(event));
    for (const type of ["pointercancel", "lostpointercapture"]) listen(type, () => this.giveUp());
    listen("contextmenu", (event) => this.look().tool && stop(event));
    listen("dblclick", (event) => this.look().tool && stop(event));
    listen("keydown", (event) => this.key(event));
    // the page zooms the graph by two fingers, and counts the one that paints
    const hold = (event) => this.held && event.stopPropagation();
    window.addEventListener("touchmove", hold, { signal, capture: true });
  }

  /** The mask under way, as `index` of its box and `mask`, with the `lasso` so far; or null. */
  get stroke() {
    return this.held;
  }

  press(event) {
    const view = this.look();
    if (!view.tool || view.readOnly || view.panning || isMiddle(event)) return;
    stop(event);
    if (this.held || event.button === 1) return;
    this.canvas.focus({ preventScroll: true });
    const chosen = view.selected in view.boxes && !isScene(view, view.selected);
    const index = chosen ? view.selected : view.boxes.length;
    const erases = event.button === 2 || event.altKey;
    const base = maskOf(view, index, erases);
    if (!base) return; // the shape is still loading
    const points = [this.point(event)];
    const mask = newMask(view.aspect);
    const { tool } = view;
    this.held = { index, base, mask, erases, points, tool, pointer: event.pointerId };
    this.canvas.setPointerCapture(event.pointerId);
    this.paint();
  }

  move(event) {
    const { tool, panning } = this.look();
    // a button that is down here moves the graph
    if (!this.held && (!tool || panning || event.buttons)) return;
    event.stopImmediatePropagation();
    this.canvas.style.cursor = "crosshair";
    if (event.pointerId !== this.held?.pointer) return;
    this.held.points.push(this.point(event));
    this.paint();
  }

  /** Paints the whole stroke anew: where it crosses itself, nothing is seen of that. */
  paint() {
    const { base, mask, points, erases, tool } = this.held;
    copyInto(mask, base);
    if (tool === "lasso") fillAround(mask, points, { erases });
    else stroke(mask, points, { erases, size: this.look().brush });
    this.fire("stroke");
  }

  release(event) {
    if (event.pointerId !== this.held?.pointer) return;
    stop(event);
    const { index, mask } = this.letGo();
    this.fire("painted", { index, mask });
  }

  giveUp() {
    if (!this.held) return;
    this.letGo();
    this.fire("stroke");
  }

  letGo() {
    const { held } = this;
    this.held = null;
    if (this.canvas.hasPointerCapture(held.pointer)) this.canvas.releasePointerCapture(held.pointer);
    return held;
  }

  key(event) {
    if (event.key !== "Escape" || !this.look().tool) return;
    stop(event);
    if (this.held) this.giveUp();
    else this.fire("put");
  }

  point(event) {
    const { clientWidth, clientHeight } = this.canvas;
    const frame = pictureFrame(clientWidth, clientHeight, this.look().aspect);
    return pointIn(frame, positionOn(this.canvas, event));
  }
}

/** What a stroke begins with: the box's shape; without one its rectangle, where something is erased. */
function maskOf({ boxes, shapes, aspect, stroke: saved }, index, erases) {
  const mask = newMask(aspect);
  const box = boxes[index];
  if (saved?.index === index) return saved.mask;
  if (!box || !hasArea(box)) return mask;
  const shape = shapes[index];
  if (!shape || isMissing(shape)) {
    if (erases) fillBox(mask, box);
    return mask;
  }
  const stencil = stencilOf(shape);
  if (!stencil) return null;
  fillBox(mask, box, stencil);
  return mask;
}

function stop(event) {
  event.preventDefault();
  event.stopImmediatePropagation();
}
