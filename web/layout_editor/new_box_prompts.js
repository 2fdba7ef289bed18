// Box Prompts for a layout that has none.

import { linkOnly } from "./new_encoder.js";
import { placeFor } from "./room.js";
import { placesAround, sampledWith } from "./sampled.js";

const BESIDE = 60;

/**
 * Adds Box Prompts, linked to these nodes and to the CLIP of the prompt that is sampled with them.
 *
 * @param applying places of nodes that take box prompts.
 * @returns what is to be said of it.
 */
export function makeBoxPrompts(applying) {
  const [first] = applying;
  const { graph } = first.node;
  const made = LiteGraph.createNode("BoxPrompts");
  const left = first.node.pos[0] - made.size[0] - BESIDE;
  made.pos = placeFor(graph, [left, first.node.pos[1]], made.size);
  graph.add(made);
  for (const { node } of applying) {
    if (node.graph === graph) made.connect(0, node, node.findInputSlot("box_prompts"));
  }
  return [[linkClip(made, first) ? "boxPromptsMade" : "boxPromptsNeed"]];
}

/** Links the CLIP of the positive prompt, else the only one; whether there is such a one. */
function linkClip(made, apply) {
  const { graph } = made;
  const prompts = sampledWith(apply, placesAround(apply)).flat();
  const encoders = prompts.map(({ node }) => node).filter((node) => node?.graph === graph);
  for (const encoder of encoders) {
    const link = graph.getLink(encoder.inputs[encoder.findInputSlot("clip")]?.link);
    const from = link && graph.getNodeById(link.origin_id);
    if (!from) continue;
    from.connect(link.origin_slot, made, made.findInputSlot("clip"));
    return true;
  }
  return linkOnly(graph, made, "clip");
}
