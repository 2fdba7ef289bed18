// Values of inputs, as far as the page knows them before anything runs.

import { isLinked, origin } from "./links.js";
import { fileOf, pictureInput } from "./pictures.js";

const DEEPEST = 32; // nodes that are asked one after another; a graph may be a loop for a moment
const GROUP = /^workflow[>/]/; // a node for several, of old workflows: whose is which widget?
// what the only widget of a node is called that does no more than to hold a text
const TEXT = /^(text|string|str|prompt|phrases|value|content)$/i;

/**
 * The value of an input of the node at a place, as it would be sent: its own, or that of a linked
 * node's widget; undefined where only a run tells.
 */
export function valueOf(place, name, depth = DEEPEST) {
  return holderOf(place, name, depth)?.value;
}

/** What has this value: a widget, or an object like one for the size of a picture. */
export function holderOf(place, name, depth = DEEPEST) {
  const from = origin(place, name);
  if (!from) return widget(place.node, name);
  if (!from.node) return from.widget ?? from.own;
  if (depth <= 0 || GROUP.test(from.node.type)) return undefined;
  const given = from.node.outputs?.[from.slot]?.name;
  if (given === "width" || given === "height") {
    const size = imageSize(from, "image", depth - 1);
    if (size) return { value: size[given] };
  }
  const told = widget(from.node, given) ?? widget(from.node, "value") ?? onlyText(from);
  return told && holderOf(from, told.name, depth - 1);
}

/** Gives a widget another value, as a person does. */
export function setValue(widget, value) {
  widget.value = value;
  widget.callback?.(value);
}

/** The only widget of a node that has nothing to change its text by, or nothing. */
function onlyText({ node, slot }) {
  const own = node.widgets?.filter((one) => one.type !== "button") ?? [];
  const fed = node.inputs?.some((one) => isLinked(node, one.name) && one.name !== own[0]?.name);
  if (own.length !== 1 || fed || node.outputs[slot].type !== "STRING") return undefined;
  return own[0].type !== "combo" && TEXT.test(own[0].name) ? own[0] : undefined;
}

/** Width and height of the picture that reaches an input, or nothing where only a run tells. */
function imageSize(place, name, depth) {
  const from = origin(place, name);
  if (!from?.node || depth <= 0) return null;
  const [width, height] = ["width", "height"].map((side) => valueOf(from, side, depth - 1));
  if (width > 0 && height > 0) return { width, height }; // as Upscale Image makes it
  const image = fileOf(from.node);
  if (image) return image.complete && { width: image.naturalWidth, height: image.naturalHeight };
  const before = pictureInput(from.node);
  return before ? imageSize(from, before, depth - 1) : null;
}

export function widget(node, name) {
  return node.widgets?.find((one) => one.name === name);
}

/** The widget that keeps an input's value: the node's own, or that of a subgraph's node. */
export function keeperOf(place, name) {
  return origin(place, name)?.widget ?? widget(place.node, name);
}

/** Gives an input a value where it is kept, as if it had been typed there, as far as its limits allow. */
export function setInput(place, name, value) {
  const target = keeperOf(place, name);
  const { min = -Infinity, max = Infinity } = target.options ?? {};
  setValue(target, Math.max(min, Math.min(max, value)));
}
