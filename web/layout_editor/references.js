// What the encoder gets of a subject's picture, as Encode Subjects makes it: cut out by its mask,
// black outside. Before a run it is known where picture and mask come from one Load Image.

import { blacken, isInsideOut, visibleBounds } from "./cutout.js";
import { isLinked, origin } from "./links.js";
import { fileName, imageOf, picture, pictureOf } from "./pictures.js";
import { valueOf } from "./values.js";

const LOADERS = new Set(["LoadImage", "LoadImageOutput"]);
const FINEST = 512; // pixels that a mask is measured in, at most
const SHOWN = 128; // pixels of what is shown, at most
const DEEPEST = 8; // nodes before a picture that a run's picture is compared by
const MOST_CUT = 64;
const cut = new Map(); // what was cut out, by file and side of the mask

/**
 * @param name the input of a picture, such as "image_2".
 * @param line of the phrase, counted from 0.
 * @returns `image`, an image element or null; `mask`, what is wrong with the mask: "insideOut",
 *   "emptyMask" or nothing; `from`, the `node` and its input `mask`; `maskFixed`, where the page
 *   cannot turn it round.
 */
export function referenceOf(place, name, line) {
  const input = name.replace("image", "mask");
  const from = { node: place.node, mask: input };
  const maskFixed = isLinked(place.node, "invert_masks");
  const inverted = valueOf(place, "invert_masks");
  const file = loadedBy(origin(place, name));
  const mask = maskOf(place, input);
  if (file && !mask) return { image: shownWhole(file), from };
  if (file && mask.file === file && inverted !== undefined) {
    const made = cutOf(file, mask.opaque !== Boolean(inverted));
    if (made) return { ...made, from, maskFixed };
  }
  const told = toldBy(place, line);
  if (!told) return { image: imageOf(place, name), from };
  const faulty = told.inside_out ? "insideOut" : undefined;
  return { image: picture(told.picture), mask: faulty, from, maskFixed };
}

/** Keeps what a run told of the pictures of an Encode Subjects. */
export function keepRun(place, told) {
  place.node.msdLastRun = { told, of: sourceOf(place) };
}

/** What the last run told of a subject, if all is still as it was. */
function toldBy(place, line) {
  const run = place.node.msdLastRun;
  return run?.told?.[line]?.picture && run.of === sourceOf(place) ? run.told[line] : null;
}

/** All that shapes the pictures of a node, as text: the nodes before it with their values. */
function sourceOf(place, depth = DEEPEST) {
  const { node } = place;
  const told = (name) => {
    const from = origin(place, name);
    if (!from?.node) return from?.value ?? null;
    const own = from.node.widgets?.map((one) => one.value);
    return [from.node.id, from.slot, own, depth > 0 ? sourceOf(from, depth - 1) : null];
  };
  const shaping = (input) => /^(IMAGE|MASK)$/.test(input.type) && isLinked(node, input.name);
  const inputs = node.inputs?.filter(shaping).map(({ name }) => [name, told(name)]);
  return JSON.stringify([inputs, valueOf(place, "invert_masks")]);
}

/** The file whose picture (not mask) comes, of a node that loads it; "" where it is another. */
function loadedBy(from) {
  return from?.node && LOADERS.has(from.node.type) && from.slot === 0 ? fileName(from.node) : "";
}

/**
 * The mask that comes to an input, by the file whose alpha it is and whether it is white where that
 * is opaque; without a file where it is another mask; null where none comes.
 */
function maskOf(place, name) {
  const from = origin(place, name);
  if (!from?.node) return null;
  if (from.node.type === "InvertMask") {
    const before = maskOf(from, "mask");
    return before && { ...before, opaque: !before.opaque };
  }
  const loaded = LOADERS.has(from.node.type) && from.slot === 1;
  return { file: loaded ? fileName(from.node) : "", opaque: false };
}

/** A whole picture: Load Image takes its transparency away, and what was hidden is seen. */
function shownWhole(file) {
  return /\.jpe?g(\s|$)/i.test(file) ? pictureOf(file) : pictureOf(file, "rgb");
}

/** A file's picture, cut out by its own alpha; null while it is loading, or where it cannot be. */
function cutOf(file, opaque) {
  const [alpha, colours] = [pictureOf(file), pictureOf(file, "rgb")];
  const [width, height] = [alpha.naturalWidth, alpha.naturalHeight];
  if (!alpha.complete || !colours.complete || !width) return null;
  if (colours.naturalWidth !== width || colours.naturalHeight !== height) return null;
  const key = `${opaque} ${file}`;
  if (!cut.has(key)) {
    if (cut.size >= MOST_CUT) cut.delete(cut.keys().next().value);
    cut.set(key, cutOut(alpha, colours, opaque));
  }
  return cut.get(key);
}

function cutOut(alpha, colours, opaque) {
  const scale = Math.min(FINEST / Math.max(alpha.naturalWidth, alpha.naturalHeight), 1);
  const size = [alpha.naturalWidth, alpha.naturalHeight].map((side) => Math.max(side * scale, 1));
  const { pixels: own } = drawn(alpha, size);
  const { canvas, pixels } = drawn(colours, size);
  const { width, height, data } = pixels;
  const levels = Uint8Array.from({ length: width * height }, (_, index) =>
    opaque ? own.data[4 * index + 3] : 255 - own.data[4 * index + 3],
  );
  const bounds = visibleBounds(levels, width, height);
  if (!bounds) return { image: null, mask: "emptyMask" };
  blacken(data, levels);
  canvas.getContext("2d").putImageData(pixels, 0, 0);
  const mask = isInsideOut(levels, width, height) ? "insideOut" : undefined;
  return { image: cropped(canvas, bounds), mask };
}

function drawn(image, [width, height]) {
  const canvas = sheet(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  return { canvas, pixels: context.getImageData(0, 0, canvas.width, canvas.height) };
}

function cropped(canvas, { left, top, width, height }) {
  const scale = Math.min(SHOWN / Math.max(width, height), 1);
  const small = sheet(Math.max(width * scale, 1), Math.max(height * scale, 1));
  const context = small.getContext("2d");
  context.drawImage(canvas, left, top, width, height, 0, 0, small.width, small.height);
  return Object.assign(new Image(), { src: small.toDataURL() });
}

function sheet(width, height) {
  const canvas = document.createElement("canvas");
  return Object.assign(canvas, { width: Math.round(width), height: Math.round(height) });
}
