// The prompts that are sampled with a layout, as far as the page knows their texts.

import { isSentAsIs } from "./prompt.js";
import { origin } from "./links.js";
import { holderOf, valueOf } from "./values.js";

const MUTED = 2; // modes of LiteGraph
const BYPASSED = 4;
const DEEPEST = 32; // nodes that are asked one after another; a graph may be a loop for a moment
const POSITIVE = ["positive", "conditioning", "cond1"]; // names of a sampler's or guider's prompt
// widgets with the text of a node that encodes one; what is first is read by CLIP-L
const ENCODERS = {
  CLIPTextEncode: ["text"],
  CLIPTextEncodeSDXL: ["text_l", "text_g"],
  AutoLayout: ["prompt"],
};
const WITH_SUBJECTS = ["ApplyMSDiffusion"];
export const APPLYING = [...WITH_SUBJECTS, "ApplyBoxPrompts"]; // what takes a layout for a model
const UNKNOWN = { text: undefined, holders: [] };

/**
 * What is sampled with a layout, for each Apply MS-Diffusion that it reaches.
 *
 * @param place of a Layout Boxes.
 * @returns a list of `sampled`, the positive prompts of each sampler; `auto`, Auto Layout's prompt
 *   or null; `weight`, of all subjects, undefined where only a run tells; and whether that is
 *   `overruled` by a list of weights. A prompt is its `text`, undefined where only a run tells, and the `holders`,
 *   widgets in which it is written.
 */
export function promptsOf(place) {
  const places = placesAround(place);
  return appliedTo(place, places).map((apply) => ({
    auto: autoOf(apply),
    weight: valueOf(apply, "weight"),
    overruled: Boolean(String(valueOf(apply, "subject_weights") ?? "").trim()),
    sampled: sampledWith(apply, places),
  }));
}

/** The prompts of each sampler whose model comes from a node; a prompt also has its `node`. */
export function sampledWith(apply, places) {
  return places
    .filter(positiveOf)
    .filter((each) => comesFrom(each, ["MODEL"], (from) => isSame(from, apply)))
    .map((each) => encodedAt(each, positiveOf(each), DEEPEST));
}

/** The same as plain data: `fixed` is a prompt that the page cannot write. */
export function plainPrompts(place) {
  const plain = ({ text, holders }) => ({ text, fixed: !holders.length });
  return promptsOf(place).map(({ auto, sampled, ...one }) => ({
    ...one,
    auto: auto && plain(auto),
    sampled: sampled.map((texts) => texts.map(plain)),
  }));
}

/** The places of all nodes of a workflow that run. */
export function placesAround({ node: { graph } }) {
  const root = graph?.rootGraph ?? graph;
  return root ? [...running(root, null, DEEPEST)] : [];
}

/** Those of each Apply MS-Diffusion, or of other types, that a Layout Boxes reaches. */
export function appliedTo(place, places, types = WITH_SUBJECTS) {
  return places.filter(
    (each) =>
      types.includes(each.node.type) &&
      comesFrom(each, ["MSD_LAYOUT"], (from) => isSame(from, place)),
  );
}

/** The places of all nodes that run, those in subgraphs once for each node that stands for them. */
function* running(graph, within, depth) {
  for (const node of depth > 0 ? graph.nodes : []) {
    if (node.mode === MUTED || node.mode === BYPASSED) continue;
    yield { node, within };
    if (node.subgraph) yield* running(node.subgraph, { node, within }, depth - 1);
  }
}

/** The name of the input by which a node gets the prompt that it samples with; else nothing. */
function positiveOf({ node }) {
  if (!ofType(node, "MODEL").length) return undefined;
  return ofType(node, "CONDITIONING").find((name) => POSITIVE.includes(name));
}

/** Whether something on the way of inputs of these types to a place is what is looked for. */
export function comesFrom(place, types, isIt, seen = new Set()) {
  return ofType(place.node, ...types).some((name) => {
    const from = origin(place, name);
    if (!from?.node || seen.has(from.node)) return false;
    seen.add(from.node);
    return isIt(from) || comesFrom(from, types, isIt, seen);
  });
}

function autoOf(place) {
  const from = origin(place, "auto_layout");
  return from?.node?.type === "AutoLayout" ? promptAt(from) : null;
}

/** The prompts that an input gets, encoded: several where they are combined. */
function encodedAt(place, name, depth) {
  const from = origin(place, name);
  if (!from?.node || depth <= 0) return [UNKNOWN];
  if (from.node.type in ENCODERS) return [promptAt(from)];
  // what encodes no text passes prompts on: that of the output's name, else all that it gets
  const passed = ofType(from.node, "CONDITIONING");
  const encodes = ofType(from.node, "CLIP").length || ofType(from.node, "STRING").length;
  if (encodes || !passed.length) return [UNKNOWN];
  const given = from.node.outputs?.[from.slot]?.name;
  const names = passed.includes(given) ? [given] : passed;
  return names.flatMap((each) => encodedAt(from, each, depth - 1));
}

function promptAt(place) {
  const { node } = place;
  const holders = ENCODERS[node.type].map((name) => holderOf(place, name));
  const text = holders[0]?.value;
  const known = typeof text === "string" && isSentAsIs(text);
  return { text: known ? text : undefined, holders: holders.filter(Boolean), node };
}

export function ofType(node, ...types) {
  const fitting = (node.inputs ?? []).filter((input) => types.includes(input.type));
  return fitting.map((input) => input.name);
}

export function isSame(one, other) {
  if (!one || !other) return one === other;
  return one.node === other.node && isSame(one.within, other.within);
}
