// Graphs as the page has them, as plain data: nodes, links, subgraphs. Types are those of sockets.

import assert from "node:assert/strict";

/** A graph; the first is the root of the others. */
export function newGraph(root = null) {
  const links = new Map();
  const graph = {
    nodes: [],
    links,
    subgraphs: new Map(),
    getNodeById: (id) => graph.nodes.find((node) => String(node.id) === String(id)) ?? null,
    getLink: (id) => links.get(id),
  };
  graph.rootGraph = root ?? graph;
  return graph;
}

let ids = 0;

/**
 * Adds a node. `inputs` and `outputs` are objects of types by name, `widgets` one of values by
 * name; all else goes into the node.
 */
export function add(graph, type, { inputs = {}, outputs = {}, widgets = {}, ...more } = {}) {
  const slots = (types) => Object.entries(types).map(([name, kind]) => ({ name, type: kind }));
  const node = {
    id: ++ids,
    type,
    graph,
    mode: 0,
    inputs: slots(inputs).map((input) => ({ ...input, link: null })),
    outputs: slots(outputs),
    widgets: Object.entries(widgets).map(([name, value]) => ({ name, value })),
    isInputConnected: (slot) => node.inputs[slot]?.link != null,
    getInputLink: (slot) => graph.getLink(node.inputs[slot]?.link) ?? null,
    ...more,
  };
  graph.nodes.push(node);
  return node;
}

/** Links an output, by its place, to an input, by its name. */
export function link(from, slot, to, name) {
  const target_slot = to.inputs.findIndex((input) => input.name === name);
  const id = ++ids;
  const made = { id, origin_id: from.id, origin_slot: slot, target_id: to.id, target_slot };
  to.graph.links.set(id, made);
  to.inputs[target_slot].link = id;
  return id;
}

/** A subgraph with inputs and outputs, of types by name: its graph, and the ends inside. */
export function newSubgraph(root, inputs, outputs) {
  const graph = newGraph(root);
  const slots = (types) =>
    Object.entries(types).map(([name, type]) => ({ name, type, linkIds: [] }));
  Object.assign(graph, { inputs: slots(inputs), outputs: slots(outputs), inputNode: { id: -10 } });
  root.subgraphs.set(++ids, graph);
  return graph;
}

/** A node that stands for a subgraph in a graph. */
export function stand(graph, subgraph, more = {}) {
  const types = (slots) => Object.fromEntries(slots.map(({ name, type }) => [name, type]));
  const node = add(graph, "subgraph", {
    inputs: types(subgraph.inputs),
    outputs: types(subgraph.outputs),
    subgraph,
    getWidgetFromSlot: ({ name }) => node.widgets.find((widget) => widget.name === name),
    getInputLink: () => assert.fail("it is about what leaves the subgraph"),
    ...more,
  });
  return node;
}

/** Links an input of a subgraph, by its place, to an input of a node in it. */
export function linkIn(subgraph, slot, to, name) {
  return link({ id: subgraph.inputNode.id }, slot, to, name);
}

/** Links an output of a node in a subgraph to an output of the subgraph. */
export function linkOut(from, slot, subgraph, place) {
  const id = ++ids;
  subgraph.links.set(id, { id, origin_id: from.id, origin_slot: slot });
  subgraph.outputs[place].linkIds[0] = id;
}
