// Paints the layout on its canvas.

import { HANDLES, handlePoint, hasArea } from "./boxes.js";
import { colour } from "./colours.js";
import { pictureFrame, placed, pointOn } from "./frame.js";
import { GRIDS } from "./snapping.js";
import { say } from "./texts.js";

const HANDLE = 8; // side of a handle
const SHARPNESS = 2; // canvas pixels for each of the page's, for a node that is zoomed in
const LABEL_HEIGHT = 18;

/**
 * @param canvas an element with a size on the page; its CSS gives the colours of the theme.
 * @param view the editor's, see there.
 */
export function paint(canvas, view) {
  const { clientWidth: width, clientHeight: height } = canvas;
  if (!width || !height) return;
  const sharpness = SHARPNESS * (window.devicePixelRatio || 1);
  const [pixelWidth, pixelHeight] = [Math.round(width * sharpness), Math.round(height * sharpness)];
  if (canvas.width !== pixelWidth) canvas.width = pixelWidth;
  if (canvas.height !== pixelHeight) canvas.height = pixelHeight;
  const context = canvas.getContext("2d");
  context.setTransform(sharpness, 0, 0, sharpness, 0, 0);
  context.clearRect(0, 0, width, height);
  const style = getComputedStyle(canvas);
  const theme = { text: style.color, background: style.backgroundColor, line: style.outlineColor };
  const frame = pictureFrame(width, height, view.aspect);
  paintPicture(context, frame, view, theme);
  for (const box of view.unused) paintUnused(context, placed(frame, box), theme);
  const order = [...view.boxes.keys()].filter((index) => index !== view.selected);
  if (view.selected >= 0) order.push(view.selected);
  for (const index of order) {
    if (hasArea(view.boxes[index])) paintBox(context, frame, view, index);
  }
  if (view.dragging) paintGuides(context, frame, view.guides, theme);
}

function paintPicture(context, frame, { picture, grid }, theme) {
  context.fillStyle = theme.background;
  context.fillRect(frame.x, frame.y, frame.width, frame.height);
  if (picture) {
    context.globalAlpha = 0.6;
    context.drawImage(picture, frame.x, frame.y, frame.width, frame.height);
    context.globalAlpha = 1;
  }
  context.strokeStyle = theme.line;
  context.lineWidth = 1;
  context.globalAlpha = 0.35;
  for (const at of GRIDS[grid]) for (const axis of [0, 1]) line(context, frame, axis, at);
  context.globalAlpha = 1;
  context.strokeRect(frame.x, frame.y, frame.width, frame.height);
}

function paintBox(context, frame, view, index) {
  const box = view.boxes[index];
  const { x, y, width, height } = placed(frame, box);
  const selected = index === view.selected;
  context.fillStyle = colour(index, selected ? 0.35 : 0.25);
  context.fillRect(x, y, width, height);
  const subject = view.subjects[index];
  if (subject?.image) paintThumbnail(context, subject.image, { x, y, width, height }, selected);
  context.strokeStyle = colour(index);
  context.lineWidth = selected ? 3 : 2;
  context.setLineDash(index === view.second ? [6, 4] : []);
  context.strokeRect(x, y, width, height);
  context.setLineDash([]);
  const label = subject?.name ? `${index + 1}  ${subject.name}` : `${index + 1}`;
  paintLabel(context, label, { x, y, width, height }, colour(index));
  if (!selected) return;
  context.fillStyle = "white";
  context.lineWidth = 1.5;
  for (const handle of HANDLES) {
    const [atX, atY] = pointOn(frame, handlePoint(box, handle));
    context.fillRect(atX - HANDLE / 2, atY - HANDLE / 2, HANDLE, HANDLE);
    context.strokeRect(atX - HANDLE / 2, atY - HANDLE / 2, HANDLE, HANDLE);
  }
}

function paintThumbnail(context, image, { x, y, width, height }, selected) {
  const [w, h] = [image.naturalWidth, image.naturalHeight];
  if (!image.complete || !w) return; // not there yet, or broken
  const scale = Math.min(width / w, height / h);
  context.globalAlpha = selected ? 0.75 : 0.6;
  const left = x + (width - w * scale) / 2;
  context.drawImage(image, left, y + (height - h * scale) / 2, w * scale, h * scale);
  context.globalAlpha = 1;
}

function paintLabel(context, text, { x, y, width }, ink) {
  context.font = "12px sans-serif";
  context.textBaseline = "middle";
  const shown = shortened(context, text, Math.max(width - 12, 10));
  context.fillStyle = "rgb(32 32 36 / 0.85)";
  context.fillRect(x + 2, y + 2, context.measureText(shown).width + 8, LABEL_HEIGHT);
  context.fillStyle = ink;
  context.fillText(shown, x + 6, y + 2 + LABEL_HEIGHT / 2);
}

function paintUnused(context, { x, y, width, height }, theme) {
  context.strokeStyle = theme.line;
  context.lineWidth = 1;
  context.setLineDash([3, 3]);
  context.strokeRect(x, y, width, height);
  context.setLineDash([]);
  paintLabel(context, say("unused"), { x, y, width }, "rgb(200 200 200)");
}

function paintGuides(context, frame, guides, theme) {
  context.strokeStyle = theme.text;
  context.setLineDash([2, 4]);
  context.lineWidth = 1;
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

function shortened(context, text, room) {
  if (context.measureText(text).width <= room) return text;
  let kept = text;
  while (kept.length > 1 && context.measureText(`${kept}…`).width > room) kept = kept.slice(0, -1);
  return kept.length > 2 ? `${kept}…` : text.split(" ")[0]; // the number at least
}
