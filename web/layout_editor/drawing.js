// Paints the layout on its canvas.

import { HANDLES, handlePoint, hasArea } from "./boxes.js";
import { GRIDS } from "./snapping.js";
import { say } from "./texts.js";

export const MARGIN = 10; // around the picture, so that handles on its edge can be grabbed
export const HANDLE = 8; // side of a handle
const SHARPNESS = 2; // canvas pixels for each of the page's, for a node that is zoomed in
const LABEL_HEIGHT = 18;
// Okabe and Ito's colours, which stay apart for colour-blind eyes; the preview has the same
export const COLOURS = [
  [230, 159, 0],
  [86, 180, 233],
  [0, 158, 115],
  [240, 228, 66],
  [204, 121, 167],
  [213, 94, 0],
  [0, 114, 178],
  [200, 200, 200],
];

export function colour(index, opacity = 1) {
  return `rgb(${COLOURS[index % COLOURS.length].join(" ")} / ${opacity})`;
}

/** Where the picture lies on a canvas of this size: as large as fits, in its aspect ratio. */
export function pictureFrame(width, height, aspect) {
  const room = [Math.max(width - 2 * MARGIN, 1), Math.max(height - 2 * MARGIN, 1)];
  const w = Math.min(room[0], room[1] * aspect);
  const h = w / aspect;
  return { x: (width - w) / 2, y: (height - h) / 2, width: w, height: h };
}

/**
 * @param canvas an element with a size on the page; its CSS gives the colours of the theme.
 * @param state `boxes`, `selected` and `second` (indices or -1), `subjects`, `picture`, `aspect`,
 *   `unused`, `grid`, `guides` and `dragging`, as the editor keeps them.
 */
export function paint(canvas, state) {
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
  const frame = pictureFrame(width, height, state.aspect);
  paintPicture(context, frame, state, theme);
  for (const { box, name } of state.unused) paintUnused(context, placed(frame, box), name, theme);
  const order = [...state.boxes.keys()].filter((index) => index !== state.selected);
  if (state.selected >= 0) order.push(state.selected);
  for (const index of order) {
    if (hasArea(state.boxes[index])) paintBox(context, frame, state, index);
  }
  if (state.dragging) paintGuides(context, frame, state.guides, theme);
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

function paintBox(context, frame, state, index) {
  const box = state.boxes[index];
  const { x, y, width, height } = placed(frame, box);
  const selected = index === state.selected;
  context.fillStyle = colour(index, selected ? 0.35 : 0.25);
  context.fillRect(x, y, width, height);
  const subject = state.subjects[index];
  if (subject?.image) paintThumbnail(context, subject.image, { x, y, width, height }, selected);
  context.strokeStyle = colour(index);
  context.lineWidth = selected ? 3 : 2;
  context.setLineDash(index === state.second ? [6, 4] : []);
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

function paintUnused(context, { x, y, width, height }, name, theme) {
  context.strokeStyle = theme.line;
  context.lineWidth = 1;
  context.setLineDash([3, 3]);
  context.strokeRect(x, y, width, height);
  context.setLineDash([]);
  const label = [name, say("unused")].filter(Boolean).join(" · ");
  paintLabel(context, label, { x, y, width }, "rgb(200 200 200)");
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

/** A point of the picture, in pixels of the canvas. */
export function pointOn(frame, [x, y]) {
  return [frame.x + x * frame.width, frame.y + y * frame.height];
}

function placed(frame, [x0, y0, x1, y1]) {
  const [x, y] = pointOn(frame, [x0, y0]);
  return { x, y, width: (x1 - x0) * frame.width, height: (y1 - y0) * frame.height };
}

function shortened(context, text, room) {
  if (context.measureText(text).width <= room) return text;
  let kept = text;
  while (kept.length > 1 && context.measureText(`${kept}…`).width > room) kept = kept.slice(0, -1);
  return kept.length > 2 ? `${kept}…` : text.split(" ")[0]; // the number at least
}
