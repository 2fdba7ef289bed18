// Shapes as the canvas paints them: opaque inside and clear outside, in a colour.

import { pictureOf } from "../pictures.js";

const stencils = new WeakMap(); // an image → its canvas
const tinted = document.createElement("canvas");

/** The shape in a file as a canvas, or null while it loads, and where it is missing. */
export function stencilOf({ image, mirrored }) {
  const picture = pictureOf(image);
  if (!picture.complete || !picture.naturalWidth) return null;
  const key = mirrored ? "mirrored" : "plain";
  const known = stencils.get(picture) ?? {};
  known[key] ??= made(picture, mirrored);
  stencils.set(picture, known);
  return known[key];
}

/** Whether the picture of a shape is not there. */
export function isMissing({ image }) {
  const picture = pictureOf(image);
  return picture.complete && !picture.naturalWidth;
}

function made(picture, mirrored) {
  const { naturalWidth: width, naturalHeight: height } = picture;
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const context = canvas.getContext("2d");
  if (mirrored) context.setTransform(-1, 0, 0, 1, width, 0);
  context.drawImage(picture, 0, 0);
  const pixels = context.getImageData(0, 0, width, height);
  for (let at = 0; at < pixels.data.length; at += 4) pixels.data[at + 3] = pixels.data[at];
  context.putImageData(pixels, 0, 0);
  return canvas;
}

/** Paints a stencil into a rectangle in a colour, its edge soft by some pixels. */
export function paintStencil(context, stencil, { x, y, width, height }, colour, soft = 0) {
  Object.assign(tinted, { width: stencil.width, height: stencil.height });
  const tint = tinted.getContext("2d");
  tint.drawImage(stencil, 0, 0);
  tint.globalCompositeOperation = "source-in";
  tint.fillStyle = colour;
  tint.fillRect(0, 0, tinted.width, tinted.height);
  if (soft > 0) context.filter = `blur(${soft / 2}px)`;
  context.drawImage(tinted, x, y, width, height);
  context.filter = "none";
}
