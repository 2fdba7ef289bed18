// Paints the layout on its canvas.

import { lineOf } from "./box_lines.js";
import { clamp, HANDLES, handlePoint } from "./boxes.js";
import { colour, colourOf, css, haloOf } from "./colours.js";
import { pictureFrame, placed, pointOn } from "./frame.js";
import { handleBox, isOff, isScene, layers } from "./hits.js";
import { paintLabel, paintWords } from "./lettering.js";
import { paintStencil, stencilOf } from "./painting/stencils.js";
import { zoomOf } from "./pointer.js";
import { GRIDS } from "./snapping.js";
import { say } from "./texts.js";
import { themeOf } from "./theme.js";
import { nameOf } from "./words.js";

const HANDLE = 8; // side of a handle
const EDGE = 1.5; // of a halo, on each side of an outline
const GREY = [200, 200, 200];
const ZOOMS = [0.5, 4]; // beyond them the canvas gets neither coarser nor finer

/**
 * @param canvas an element with a size on the page; its CSS gives the colours of the theme.
 * @param view the editor's, see there.
 */
export function paint(canvas, view) {
  const { clientWidth: width, clientHeight: height } = canvas;
  if (!width || !height) return;
  const zoom = clamp(zoomOf(canvas), ...ZOOMS);
  const sharpness = zoom * (window.devicePixelRatio || 1); // one pixel for each of the screen's
  const [pixelWidth, pixelHeight] = [Math.round(width * sharpness), Math.round(height * sharpness)];
  if (canvas.width !== pixelWidth) canvas.width = pixelWidth;
  if (canvas.height !== pixelHeight) canvas.height = pixelHeight;
  const context = canvas.getContext("2d");
  context.setTransform(sharpness, 0, 0, sharpness, 0, 0);
  context.clearRect(0, 0, width, height);
  const frame = pictureFrame(width, height, view.aspect);
  // on the screen no line gets thinner where the graph is zoomed out
  const lines = { fine: Math.max(1, 1.5 / zoom), unit: Math.max(1, 1 / zoom) };
  const sheet = { context, frame, ...themeOf(canvas), ...lines };
  paintPicture(sheet, view);
  paintOutlines(sheet, view);
  for (const box of view.unused) paintUnused(sheet, placed(frame, box));
  for (const index of layers(view)) paintBox(sheet, view, index);
  const { stroke } = view; // of a box that is to come, or has no area yet
  if (stroke && !layers(view).includes(stroke.index)) paintShape(sheet, view, stroke.index);
  // a scene lies beneath, but what it is resized by lies on top
  if (isScene(view, view.selected) && !view.all && !view.tool) paintHandles(sheet, view, view.selected);
  if (view.dragging) paintGuides(sheet, view.guides);
}

function paintPicture({ context, frame, sheet, text, fine }, { picture, fitted, grid, backdrop }) {
  context.fillStyle = css(sheet);
  context.fillRect(frame.x, frame.y, frame.width, frame.height);
  context.globalAlpha = backdrop.brightness;
  if (picture && fitted) drawFitted(context, picture, frame);
  else if (picture) context.drawImage(picture, frame.x, frame.y, frame.width, frame.height);
  context.strokeStyle = text;
  context.lineWidth = fine;
  context.globalAlpha = 0.2;
  for (const at of GRIDS[grid]) for (const axis of [0, 1]) line(context, frame, axis, at);
  context.globalAlpha = 0.9;
  context.strokeRect(frame.x, frame.y, frame.width, frame.height);
  context.globalAlpha = 1;
}

/** A picture as large as fits into a rectangle, in its own aspect ratio. */
function drawFitted(context, image, { x, y, width, height }) {
  const [w, h] = [image.naturalWidth, image.naturalHeight];
  const scale = Math.min(width / w, height / h);
  const left = x + (width - w * scale) / 2;
  context.drawImage(image, left, y + (height - h * scale) / 2, w * scale, h * scale);
}

function paintBox(sheet, view, index) {
  const { context, frame } = sheet;
  const place = placed(frame, view.boxes[index]);
  const selected = view.all || index === view.selected;
  const faint = isOff(view, index) ? 0.3 : 1;
  const filled = (selected ? 0.35 : 0.25) * faint;
  const painted = view.shapes[index] || view.stroke?.index === index;
  if (painted) paintShape(sheet, view, index, place, faint);
  else {
    context.fillStyle = colour(index, view.isResult ? filled / 3 : filled);
    context.fillRect(place.x, place.y, place.width, place.height);
  }
  const image = view.subjects[index]?.image;
  // over a result it would hide what the subject has become; else it may be missing, or to come
  if (!view.isResult && !painted && image?.complete && image.naturalWidth) {
    context.globalAlpha = (selected ? 0.75 : 0.6) * faint;
    drawFitted(context, image, place);
    context.globalAlpha = 1;
  }
  paintOutline(sheet, place, index, selected ? 3 : 2, dashesOf(view, index, painted));
  const label = `${index + 1}  ${nameOf(view, index)}`.trim();
  paintLabel(context, label, place, colourOf(index));
  paintWords(context, lineOf(view.words?.lines, index), place, colourOf(index));
  if (selected && !view.all && !view.tool && !isScene(view, index)) paintHandles(sheet, view, index);
}

/** A painted area, or the stroke that is being painted. */
function paintShape({ context, frame }, { shapes, stroke, size }, index, place, faint) {
  const strong = colour(index, 0.55 * faint);
  if (stroke?.index === index) return paintStencil(context, stroke.mask, frame, strong);
  const stencil = stencilOf(shapes[index]);
  const soft = (shapes[index].soft * frame.width) / size[0];
  if (stencil) paintStencil(context, stencil, place, strong, soft);
}

function dashesOf({ second, ...view }, index, painted) {
  if (index === second) return [6, 4];
  return painted || isOff(view, index) ? [2, 3] : [];
}

/** The areas that a run has found, each in its box's colour. */
function paintOutlines(sheet, view) {
  const { context, frame, unit } = sheet;
  const isDrawn = (index) => index < view.boxes.length && !isScene(view, index);
  context.lineJoin = "round";
  for (const [index, lines] of view.outlines.entries()) {
    if (!isDrawn(index)) continue;
    context.beginPath();
    for (const line of lines) {
      for (const [number, point] of line.entries()) {
        const at = pointOn(frame, point);
        if (number) context.lineTo(...at);
        else context.moveTo(...at);
      }
      context.closePath();
    }
    context.strokeStyle = css(haloOf(index, sheet.sheet));
    context.lineWidth = (1.5 + 2 * EDGE) * unit;
    context.stroke();
    context.strokeStyle = colour(index);
    context.lineWidth = 1.5 * unit;
    context.stroke();
  }
  context.lineJoin = "miter";
}

/** A line with its halo, which is seen on any sheet and any picture. */
function paintOutline({ context, sheet, unit }, { x, y, width, height }, index, line, dashes) {
  context.strokeStyle = css(haloOf(index, sheet));
  context.lineWidth = (line + 2 * EDGE) * unit;
  context.strokeRect(x, y, width, height);
  context.strokeStyle = colour(index);
  context.lineWidth = line * unit;
  context.setLineDash(dashes);
  context.strokeRect(x, y, width, height);
  context.setLineDash([]);
}

function paintHandles(sheet, view, index) {
  const { context, frame } = sheet;
  const box = handleBox(view.boxes[index], frame);
  for (const handle of HANDLES) {
    const [atX, atY] = pointOn(frame, handlePoint(box, handle));
    const place = { x: atX - HANDLE / 2, y: atY - HANDLE / 2, width: HANDLE, height: HANDLE };
    paintOutline(sheet, place, index, 1.5, []);
    context.fillStyle = "white";
    context.fillRect(place.x, place.y, HANDLE, HANDLE);
  }
}

function paintUnused({ context, text, fine }, { x, y, width, height }) {
  context.strokeStyle = text;
  context.lineWidth = fine;
  context.setLineDash([3, 3]);
  context.strokeRect(x, y, width, height);
  context.setLineDash([]);
  paintLabel(context, say("unused"), { x, y, width }, GREY);
}

function paintGuides({ context, frame, text, fine }, guides) {
  context.strokeStyle = text;
  context.setLineDash([2, 4]);
  context.lineWidth = fine;
  for (const axis of [0, 1]) line(context, frame, axis, 0.5); // the picture's centre
  context.setLineDash([]);
  context.strokeStyle = "rgb(230 60 140)";
  for (const { axis, at } of guides) line(context, frame, axis, at);
}

function line(context, frame, axis, at) {
  const [x, y] = pointOn(frame, [at, at]);
  context.beginPath();
  context.moveTo(axis ? frame.x : x, axis ? y : frame.y);
  context.lineTo(axis ? frame.x + frame.width : x, axis ? y : frame.y + frame.height);
  context.stroke();
}
