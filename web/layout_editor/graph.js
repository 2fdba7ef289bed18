// What the nodes linked to Layout Boxes tell: the picture's size, names and thumbnails.

import { api } from "../../../scripts/api.js";

const DEEPEST = 32; // links followed from one node to the next; graphs may have loops for a moment
const PASSING = new Set(["SubjectOptions", "BackgroundSubject", "SaveSubjects"]);
const pictures = new Map(); // address → image element
const MOST_PICTURES = 64;
const BYPASSED = 4; // LiteGraph's mode of a node whose first input goes straight through

/**
 * The node and output that a node's input gets its value from, through reroutes and into and out
 * of subgraphs; null where nothing is linked or the way is not known.
 */
export function origin(node, name, depth = DEEPEST) {
  const slot = slotOf(node, name);
  return slot < 0 ? null : follow(node.graph, linkOf(node, slot), depth);
}

function follow(graph, link, depth) {
  if (!link || depth <= 0) return null;
  if (graph.inputNode && String(link.origin_id) === String(graph.inputNode.id)) {
    const name = graph.inputs?.[link.origin_slot]?.name;
    const outside = instanceOf(graph);
    return outside && name ? origin(outside, name, depth - 1) : null;
  }
  const node = graph.getNodeById(link.origin_id);
  if (!node) return null;
  if (node.subgraph) {
    const inside = node.subgraph.outputs?.[link.origin_slot]?.linkIds?.[0];
    return follow(node.subgraph, getLink(node.subgraph, inside), depth - 1);
  }
  if (node.type === "Reroute" || node.mode === BYPASSED) {
    return node.inputs?.length ? follow(graph, linkOf(node, 0), depth - 1) : null;
  }
  return { node, slot: link.origin_slot };
}

function slotOf(node, name) {
  return node?.inputs?.findIndex((input) => input.name === name) ?? -1;
}

function isLinked(node, name) {
  const slot = slotOf(node, name);
  return slot >= 0 && node.isInputConnected(slot);
}

/** The link into a node's input; null where there is none, or the node is in no graph (yet). */
function linkOf(node, slot) {
  if (!node.graph) return null;
  // a subgraph's own getInputLink is about what leaves it
  if (node.subgraph) return getLink(node.graph, node.inputs[slot].link);
  return node.getInputLink(slot);
}

function getLink(graph, id) {
  return id == null ? null : graph.getLink(id);
}

/** A node that stands for this subgraph. */
function instanceOf(graph) {
  const root = graph.rootGraph;
  const graphs = root ? [root, ...(root.subgraphs?.values() ?? [])] : [];
  return graphs.flatMap((one) => one.nodes).find((node) => node.subgraph === graph);
}

/** The value of an input: its own, or a linked node's widget; undefined where only a run tells. */
export function valueOf(node, name, depth = DEEPEST) {
  if (!isLinked(node, name)) return widget(node, name)?.value;
  const from = origin(node, name, depth);
  if (!from || depth <= 0) return undefined;
  const given = from.node.outputs?.[from.slot]?.name;
  if (given === "width" || given === "height") {
    const size = imageSize(from.node, "image", depth - 1);
    if (size) return size[given];
  }
  const told = widget(from.node, given) ?? widget(from.node, "value");
  if (told) return valueOf(from.node, told.name, depth - 1);
  return from.node.type === "PrimitiveNode" ? from.node.widgets?.[0]?.value : undefined;
}

/** Width and height of the picture that reaches an input, or nothing where only a run tells. */
function imageSize(node, name, depth) {
  const from = origin(node, name, depth)?.node;
  if (!from || depth <= 0) return null;
  const [width, height] = ["width", "height"].map((side) => valueOf(from, side, depth - 1));
  if (width > 0 && height > 0) return { width, height }; // as Upscale Image makes it
  const image = fileOf(from);
  if (image) return image.complete && { width: image.naturalWidth, height: image.naturalHeight };
  const before = pictureInput(from);
  return before ? imageSize(from, before, depth - 1) : null;
}

/**
 * The subjects that reach an input, in their order.
 *
 * @returns a list of `name`, `image` (or null), `everywhere`; `line`, where the name is a line that
 *   can be changed; `fixed`, where it cannot. What only a run tells is one `unknown` subject.
 */
export function subjectsOf(node, depth = DEEPEST) {
  const from = origin(node, "subjects", depth)?.node;
  if (!from || depth <= 0) return [];
  if (PASSING.has(from.type)) {
    const subjects = subjectsOf(from, depth - 1);
    const number = widget(from, "number")?.value;
    if (from.type !== "BackgroundSubject" || !subjects[number - 1]) return subjects;
    return subjects.map((one, index) =>
      index === number - 1 ? { ...one, everywhere: true } : one,
    );
  }
  if (from.type !== "EncodeSubjects") {
    return [{ name: "", image: null, unknown: true, fixed: true }];
  }
  const text = String(valueOf(from, "phrases") ?? "").trimEnd();
  const own = text ? text.split(/\r?\n/) : [];
  const linked = origin(from, "phrases") !== null;
  const subjects = own.map((name, line) => ({
    name: name.trim(),
    image: imageOf(from, `image_${line + 1}`),
    line: linked ? null : { node: from, number: line },
    fixed: linked,
  }));
  return [...subjectsOf(from, depth - 1), ...subjects];
}

/** Writes a new phrase into its line of Encode Subjects; an empty one changes nothing. */
export function rewriteLine({ node, number }, phrase) {
  const phrases = widget(node, "phrases");
  if (!phrase) return;
  const lines = phrases.value.split(/\r?\n/);
  lines[number] = phrase;
  phrases.value = lines.join("\n");
  phrases.callback?.(phrases.value);
}

/** The picture that reaches an input, as far as a node before it shows one; else null. */
export function imageOf(node, name, depth = DEEPEST) {
  const from = origin(node, name, depth)?.node;
  if (!from || depth <= 0) return null;
  const shown = fileOf(from) ?? from.imgs?.[0];
  if (shown) return shown;
  const before = pictureInput(from);
  return before ? imageOf(from, before, depth - 1) : null;
}

/** The picture of a node that loads a file, or null. */
function fileOf(node) {
  const file = widget(node, "image")?.value;
  return typeof file === "string" && file ? picture(fileAddress(file)) : null;
}

function pictureInput(node) {
  return node.inputs?.find((one) => one.type === "IMAGE" && isLinked(node, one.name))?.name;
}

/** The address of a file as LoadImage names it: "folder/name.png [output]". */
function fileAddress(file) {
  const [, path, type = "input"] = file.match(/^(.*?)(?: \[(\w+)\])?$/);
  const at = path.lastIndexOf("/");
  const where = { filename: path.slice(at + 1), subfolder: path.slice(0, Math.max(at, 0)), type };
  return api.apiURL(`/view?${new URLSearchParams(where)}`);
}

function picture(address) {
  if (!pictures.has(address)) {
    if (pictures.size >= MOST_PICTURES) pictures.delete(pictures.keys().next().value);
    pictures.set(address, Object.assign(new Image(), { src: address }));
  }
  return pictures.get(address);
}

function widget(node, name) {
  return node.widgets?.find((one) => one.name === name);
}
