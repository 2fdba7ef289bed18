// Where the value of an input comes from, found as the page finds it when it makes the prompt:
// through nodes that are bypassed or only drawn, into and out of subgraphs.
//
// A place is a node (`node`) and, for one in a subgraph, the place of the node that stands for this
// subgraph (`within`): the same subgraph may stand in a graph twice, linked to other nodes.

const MUTED = 2; // modes of LiteGraph
const BYPASSED = 4;
const MOST_STEPS = 500; // a graph may be a loop for a moment
const GETTER = /([Gg])etNode$/; // of KJNodes, Easy-Use and others, each with its SetNode

export const openedFrom = new WeakMap(); // a subgraph → the node through which it was opened last

/** The place of a node; in a subgraph that is used twice, as it was opened, or the first one on. */
export function placeOf(node) {
  const root = node.graph?.rootGraph;
  if (!root || root === node.graph) return { node, within: null };
  const graphs = [root, ...(root.subgraphs?.values() ?? [])];
  const shown = graphs.flatMap((one) => one.nodes).filter((one) => one.subgraph === node.graph);
  const opened = shown.find((one) => one === openedFrom.get(node.graph));
  const holder = opened ?? shown.find(({ mode }) => mode !== MUTED && mode !== BYPASSED) ?? shown[0];
  return { node, within: holder ? placeOf(holder) : null };
}

/**
 * What gives an input its value: the place of a node that runs, with the `slot` of its output; or
 * a `value` that is sent as it is, with the `widget` of a subgraph's node that holds it, or a
 * primitive's `own`; null where nothing comes, so that the input's own value counts.
 */
export function origin(place, name) {
  const slot = slotOf(place.node, name);
  return slot < 0 ? null : intoInput(place, slot, place.node.inputs[slot].type, MOST_STEPS);
}

/** Whether a link ends in an input, whatever comes along it. */
export function isLinked(node, name) {
  const slot = slotOf(node, name);
  return slot >= 0 && hasLink(node, slot);
}

function hasLink(node, slot) {
  return node.isInputConnected(slot) || !!broadcastInto(node, slot);
}

function slotOf(node, name) {
  return node.inputs?.findIndex((input) => input.name === name) ?? -1;
}

function intoInput({ node, within }, slot, type, steps) {
  return along(linkInto(node, slot), { graph: node.graph, within }, type, steps);
}

/** `type` is what the input at the end takes: a bypassed node gives it one that fits. */
function along(link, { graph, within }, type, steps) {
  if (!link || steps <= 0) return null;
  if (graph.inputNode && String(link.origin_id) === String(graph.inputNode.id)) {
    return within && outside(within, link.origin_slot, steps - 1);
  }
  const node = graph.getNodeById(link.origin_id);
  return node ? fromOutput({ node, within }, link.origin_slot, type, steps - 1) : null;
}

/** What comes into a subgraph: what is linked to the node that stands for it, or its widget. */
function outside(place, slot, steps) {
  const { node } = place;
  const input = node.inputs[slot];
  if (!input) return null;
  if (hasLink(node, slot)) return intoInput(place, slot, input.type, steps);
  const widget = node.getWidgetFromSlot?.(input);
  return widget ? { value: widget.value, widget } : null;
}

/** The place of the node in a subgraph that an input of the subgraph's node feeds, however deep. */
export function targetOf({ node, within }, name) {
  const place = { node, within };
  if (!node.subgraph) return place;
  const [number] = node.subgraph.inputs.find((input) => input.name === name)?.linkIds ?? [];
  const link = getLink(node.subgraph, number);
  const next = link && node.subgraph.getNodeById(link.target_id);
  return next && targetOf({ node: next, within: place }, next.inputs[link.target_slot].name);
}

function fromOutput(place, slot, type, steps) {
  const { node } = place;
  if (node.mode === MUTED) return null;
  if (node.mode === BYPASSED) {
    const passed = passedSlot(node, slot, type);
    return passed < 0 ? null : intoInput(place, passed, node.inputs[passed].type, steps);
  }
  if (node.subgraph) {
    const inside = node.subgraph.outputs[slot]?.linkIds?.[0];
    const held = { graph: node.subgraph, within: place };
    return along(getLink(node.subgraph, inside), held, type, steps);
  }
  return node.isVirtualNode ? drawnOnly(place, slot, type, steps) : { ...place, slot };
}

/**
 * The input that a bypassed node gives on at an output: the one with the same number where its
 * type fits, else the first of the very type, else the first that fits; -1 where none does.
 */
export function passedSlot({ inputs, outputs }, slot, type) {
  if (!type || type === "*") return inputs.length > slot ? slot : inputs.length ? 0 : -1;
  const fitting = (input) => fits(input.type, outputs[slot]?.type) && fits(input.type, type);
  if (inputs[slot] && fitting(inputs[slot])) return slot;
  const same = inputs.findIndex((input) => input.type === type);
  return same < 0 ? inputs.findIndex(fitting) : same;
}

/** Whether two types may be linked; a type may be several ("IMAGE,MASK"), or any ("*"). */
function fits(one, other) {
  const [these, those] = [one, other].map((type) => String(type || "*").toLowerCase().split(","));
  const any = these.includes("*") || those.includes("*");
  return any || these.some((type) => those.includes(type));
}

/** Nodes that are not sent: reroutes, pairs of Set and Get, primitives. */
function drawnOnly(place, slot, type, steps) {
  const { node, within } = place;
  if (node.type === "PrimitiveNode") {
    const widget = node.widgets?.[0];
    return widget ? { value: widget.value, own: widget } : null;
  }
  if (GETTER.test(node.type)) {
    const setter = setterOf(place);
    return setter && intoInput(setter, slot, type, steps);
  }
  const other = node.resolveVirtualOutput?.(slot);
  if (other) return fromOutput(placeOf(other.node), other.slot, type, steps);
  return along(node.getInputLink(slot), { graph: node.graph, within }, type, steps);
}

/**
 * The Set node whose name a Get node has: of its own graph, or the only one in those around it, if
 * it can see them. The node itself would tell, but also complain in the page where there is none.
 */
function setterOf({ node, within }) {
  const name = node.widgets?.[0]?.value;
  if (!name) return null;
  const type = node.type.replace(GETTER, (_, g) => `${g === "G" ? "S" : "s"}etNode`);
  const named = (one) => one.type === type && one.widgets?.[0]?.value === name;
  const own = node.graph.nodes.find(named);
  if (own) return { node: own, within };
  if (!node.resolveVirtualOutput) return null;
  const found = [];
  for (let around = within; around; around = around.within) {
    const setters = around.node.graph.nodes.filter(named);
    found.push(...setters.map((setter) => ({ node: setter, within: around.within })));
  }
  return found.length === 1 ? found[0] : null;
}

/** The link into a node's input; null where there is none, or the node is in no graph (yet). */
function linkInto(node, slot) {
  if (!node.graph || !node.inputs[slot]) return null;
  const broadcast = broadcastInto(node, slot);
  if (broadcast) return broadcast;
  // a subgraph's own getInputLink is about what leaves it
  if (node.subgraph) return getLink(node.graph, node.inputs[slot].link);
  return node.getInputLink(slot);
}

/**
 * The link that Use Everywhere will put into an input when the prompt is made: the pack keeps a list
 * of them in the graph, a moment behind. Saved graphs have it where the pack is not installed, too.
 */
function broadcastInto({ graph, id }, slot) {
  if (!globalThis.app?.ue_modified_prompt) return null;
  const made = graph?.extra?.ue_links?.find(
    (one) => String(one.downstream) === String(id) && one.downstream_slot === slot,
  );
  return made ? { origin_id: made.upstream, origin_slot: made.upstream_slot } : null;
}

function getLink(graph, id) {
  return id == null ? null : graph.getLink(id);
}
