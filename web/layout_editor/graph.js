// What the nodes linked to Layout Boxes tell: the picture's size, names and thumbnails.

import { api } from "../../../scripts/api.js";

const DEEPEST = 32; // links followed from one node to the next; graphs may have loops for a moment
const PASSING = new Set(["SubjectOptions", "BackgroundSubject", "SaveSubjects"]);
const pictures = new Map(); // address → image element
const MOST_PICTURES = 64;

/**
 * The node and output that a node's input gets its value from, through reroutes and into and out
 * of subgraphs; null where nothing is linked or the way is not known.
 */
export function origin(node, name, depth = DEEPEST) {
  const input = node?.inputs?.find((one) => one.name === name);
  return input ? follow(node.graph, input.link, depth) : null;
}

function follow(graph, linkId, depth) {
  const link = linkId == null ? null : getLink(graph, linkId);
  if (!link || depth <= 0) return null;
  const inputNode = graph.inputNode;
  if (inputNode && String(link.origin_id) === String(inputNode.id)) {
    const name = graph.inputs?.[link.origin_slot]?.name;
    const outside = instanceOf(graph);
    return outside && name ? origin(outside, name, depth - 1) : null;
  }
  const node = graph.getNodeById(link.origin_id);
  if (!node) return null;
  if (node.subgraph) {
    const inside = node.subgraph.outputs?.[link.origin_slot]?.linkIds?.[0];
    return follow(node.subgraph, inside, depth - 1);
  }
  if (node.type === "Reroute" || node.mode === BYPASSED) {
    return follow(graph, node.inputs?.[0]?.link, depth - 1);
  }
  return { node, slot: link.origin_slot };
}

const BYPASSED = 4; // LiteGraph's mode of a node whose first input goes straight through

function getLink(graph, id) {
  return graph.getLink?.(id) ?? graph.links?.get?.(id) ?? graph.links?.[id];
}

/** A node that stands for this subgraph. */
function instanceOf(graph) {
  const root = graph.rootGraph;
  const graphs = root ? [root, ...(root.subgraphs?.values() ?? [])] : [];
  return graphs.flatMap((one) => one.nodes).find((node) => node.subgraph === graph);
}

/** The value of an input: its own, or a linked node's widget; undefined where only a run tells. */
export function valueOf(node, name) {
  const input = node.inputs?.find((one) => one.name === name);
  if (input?.link == null) return widget(node, name)?.value;
  const from = origin(node, name);
  if (!from) return undefined;
  const output = from.node.outputs?.[from.slot];
  const widgets = from.node.widgets ?? [];
  if (["width", "height"].includes(output?.name) && origin(from.node, "image")) {
    const image = imageOf(from.node, "image");
    if (image?.complete) return output.name === "width" ? image.naturalWidth : image.naturalHeight;
  }
  const source = widgets.find((one) => one.name === output?.name) ?? widgets.find((one) => one.name === "value");
  if (source) return valueOf(from.node, source.name);
  return from.node.type === "PrimitiveNode" ? widgets[0]?.value : undefined;
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
    return subjects.map((one, index) => (index === number - 1 ? { ...one, everywhere: true } : one));
  }
  if (from.type !== "EncodeSubjects") return [{ name: "", image: null, unknown: true, fixed: true }];
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
  const file = widget(from, "image")?.value;
  if (typeof file === "string" && file) return picture(fileAddress(file));
  if (from.imgs?.length) return from.imgs[0];
  const before = from.inputs?.find((input) => input.type === "IMAGE" && input.link != null);
  return before ? imageOf(from, before.name, depth - 1) : null;
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
