// Pictures that reach an input, as far as a node before it shows one.

import { api } from "../../../scripts/api.js";
import { isLinked, origin } from "./links.js";

const DEEPEST = 32; // nodes that are asked one after another; a graph may be a loop for a moment
const pictures = new Map(); // address → image element
const MOST_PICTURES = 64;

/** The picture that reaches an input of the node at a place, or null. */
export function imageOf(place, name, depth = DEEPEST) {
  const from = origin(place, name);
  if (!from?.node || depth <= 0) return null;
  const shown = fileOf(from.node) ?? from.node.imgs?.[0];
  if (shown) return shown;
  const before = pictureInput(from.node);
  return before ? imageOf(from, before, depth - 1) : null;
}

/** The picture of a node that loads a file, or null. */
export function fileOf(node) {
  const file = fileName(node);
  return file ? pictureOf(file) : null;
}

/** The file that a node loads, as LoadImage names it; "" where it loads none. */
export function fileName(node) {
  const file = node.widgets?.find((one) => one.name === "image")?.value;
  return typeof file === "string" ? file : "";
}

/** The picture in a file; with `channel` "rgb" without its transparency, hidden colours and all. */
export function pictureOf(file, channel) {
  return picture(fileAddress(file, channel));
}

/** The name of the first input through which a node gets a picture. */
export function pictureInput(node) {
  return node.inputs?.find((one) => one.type === "IMAGE" && isLinked(node, one.name))?.name;
}

/** The address of a file as LoadImage names it: "folder/name.png [output]". */
function fileAddress(file, channel) {
  const [, path, type = "input"] = file.match(/^(.*?)(?: \[(\w+)\])?$/);
  const at = path.lastIndexOf("/");
  const where = { filename: path.slice(at + 1), subfolder: path.slice(0, Math.max(at, 0)), type };
  if (channel) where.channel = channel;
  return api.apiURL(`/view?${new URLSearchParams(where)}`);
}

/** The picture at an address, loaded once. */
export function picture(address) {
  if (!pictures.has(address)) {
    if (pictures.size >= MOST_PICTURES) pictures.delete(pictures.keys().next().value);
    pictures.set(address, Object.assign(new Image(), { src: address }));
  }
  return pictures.get(address);
}
