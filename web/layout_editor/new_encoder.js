// Encode Subjects for a layout that has none.

import { isLinked } from "./links.js";
import { placeFor } from "./room.js";
import { widget } from "./values.js";

const BESIDE = 60;
const MADE_FOR = "CLIPTextEncode"; // the CLIP that it uses is the checkpoint's, LoRAs and all

/** The nodes that take both a layout, of this node, and subjects: Apply MS-Diffusion. */
export function takersOf(layout) {
  return targets(layout, 0).filter((node) => node.findInputSlot("subjects") >= 0);
}

/** A layout that is not told the subjects of the model that it lays out is, from now on. */
export function joinLayout(layout) {
  if (isLinked(layout, "subjects")) return;
  const taker = takersOf(layout).find((node) => isLinked(node, "subjects"));
  const link = taker.graph.getLink(taker.inputs[taker.findInputSlot("subjects")].link);
  const from = layout.graph.getNodeById(link.origin_id);
  from?.connect(link.origin_slot, layout, layout.findInputSlot("subjects"));
}

/**
 * Adds Encode Subjects for a layout, linked to it, to who takes both, and to what it needs where
 * there is one such thing only.
 *
 * @param notes what is to be said of it is added here.
 */
export function makeEncoder(layout, notes) {
  const { graph } = layout;
  const made = LiteGraph.createNode("EncodeSubjects");
  const left = layout.pos[0] - made.size[0] - BESIDE;
  made.pos = placeFor(graph, [left, layout.pos[1]], made.size);
  graph.add(made);
  widget(made, "phrases").value = "";
  const takers = takersOf(layout).filter((node) => !isLinked(node, "subjects"));
  for (const node of [layout, ...takers]) made.connect(0, node, node.findInputSlot("subjects"));
  const missing = ["clip", "clip_vision"].filter((name) => !linkOnly(graph, made, name));
  notes.push(missing.length ? ["encoderNeeds", missing.join(", ")] : ["encoderMade"]);
  return made;
}

/** Links what there is only one of; whether there is. */
export function linkOnly(graph, made, name) {
  const slot = made.findInputSlot(name);
  const { type } = made.inputs[slot];
  const given = graph.nodes.flatMap((node) =>
    (node.outputs ?? []).map((output, number) => ({ node, output, number })),
  );
  const fitting = given.filter(({ output }) => output.type === type);
  const used = fitting.filter(({ node, number }) =>
    targets(node, number).some((target) => target.type === MADE_FOR),
  );
  const [only, ...more] = used.length ? used : fitting;
  if (!only || more.length) return false;
  only.node.connect(only.number, made, slot);
  return true;
}

function targets({ graph, outputs }, slot) {
  const links = (outputs[slot]?.links ?? []).map((id) => graph.getLink(id));
  return links.map((link) => graph.getNodeById(link?.target_id)).filter(Boolean);
}
