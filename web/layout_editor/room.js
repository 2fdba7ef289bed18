// Room for a new node among the others.

const GAP = 20;
const TITLE = 30; // a node's title lies above its place

/** The place nearest below the wanted one where a node of this size covers no other. */
export function placeFor(graph, [left, top], [width, height]) {
  const hit = (node, at) =>
    node.pos[0] < left + width &&
    left < node.pos[0] + node.size[0] &&
    node.pos[1] - TITLE < at + height &&
    at - TITLE < node.pos[1] + node.size[1];
  let at = top;
  for (let below; (below = graph.nodes.find((node) => hit(node, at))); ) {
    at = below.pos[1] + below.size[1] + TITLE + GAP;
  }
  return [left, at];
}
