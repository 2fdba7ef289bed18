// Another picture for a subject that has one.

import { origin } from "./links.js";
import { addLoader, setFile } from "./loader.js";
import { pictureInput } from "./pictures.js";
import { Refusal } from "./refusal.js";

const DEEPEST = 32; // nodes one after another; a graph may be a loop for a moment

/**
 * Has an input of Encode Subjects get another picture: from its Load Image where that feeds nothing
 * else, through whatever lies between; else from a new one.
 *
 * @returns what is to be said of it.
 */
export function exchangePicture({ place, name }, file) {
  const { node } = place;
  const mask = name.replace("image", "mask");
  let loader = loaderBefore(place, name);
  if (loader && feedsOnly(loader, node, [name, mask])) setFile(loader, file);
  else {
    loader = addLoader(node, file);
    loader.connect(0, node, node.findInputSlot(name));
  }
  if (!origin(place, mask) || comesFrom(place, mask, loader)) return [];
  node.disconnectInput(node.findInputSlot(mask));
  return [["maskUnlinked", mask]];
}

/** Refuses a picture that comes into the subgraph from outside, where others may use it. */
export function checkExchange({ place, name }) {
  const { graph } = place.node;
  for (let from = origin(place, name); from; from = from.within) {
    if (from.node.graph === graph) return;
  }
  throw new Refusal("outsideSubgraph");
}

function loaderBefore(place, name, depth = DEEPEST) {
  const from = origin(place, name);
  if (!from?.node || depth <= 0 || from.node.graph !== place.node.graph) return null;
  if (from.node.type === "LoadImage") return from.node;
  const before = pictureInput(from.node);
  return before ? loaderBefore(from, before, depth - 1) : null;
}

/** Whether all that a node gives ends in these inputs of another one. */
function feedsOnly(node, goal, names, depth = DEEPEST) {
  const { graph } = node;
  const links = node.outputs.flatMap(({ links }) => links ?? []).map((id) => graph.getLink(id));
  return links.length > 0 && depth > 0 && links.every(({ target_id, target_slot }) => {
    const to = graph.getNodeById(target_id);
    if (to === goal) return names.includes(to.inputs[target_slot].name);
    return Boolean(to?.outputs) && feedsOnly(to, goal, names, depth - 1);
  });
}

/** Whether a node has a part in what reaches an input. */
function comesFrom(place, name, node, depth = DEEPEST) {
  const from = origin(place, name);
  if (!from?.node || depth <= 0) return false;
  if (from.node === node) return true;
  return (from.node.inputs ?? []).some((input) => comesFrom(from, input.name, node, depth - 1));
}
