// Where a value comes from, in every combination of nodes that are not sent.

import assert from "node:assert/strict";
import test from "node:test";

import { isLinked, openedFrom, origin, passedSlot, placeOf } from "../../web/layout_editor/links.js";
import { add, link, linkIn, linkOut, newGraph, newSubgraph, stand } from "./graph.mjs";

const MUTED = 2;
const BYPASSED = 4;
const SEEN = "MSD_SUBJECTS";
const GIVES = { outputs: { subjects: SEEN } };
const TAKES = { inputs: { subjects: SEEN } };
const CHANGES = { inputs: { clip: "CLIP", subjects: SEEN }, ...GIVES };
const ANY = { inputs: { "": "*" }, outputs: { "": "*" }, isVirtualNode: true };

const nodeOf = (target, name = "subjects") => origin(placeOf(target), name)?.node ?? null;

/** A source and a target in a graph. */
function ends(graph = newGraph()) {
  return [graph, add(graph, "Source", GIVES), add(graph, "Target", TAKES)];
}

// what stands between the two: the name of its input, and whether the source is seen through it
const BETWEEN = {
  "a node": [CHANGES, "subjects", "itself"],
  "a bypassed node": [{ ...CHANGES, mode: BYPASSED }, "subjects", "source"],
  "a muted node": [{ ...CHANGES, mode: MUTED }, "subjects", null],
  "a reroute": [ANY, "", "source"],
  "a bypassed reroute": [{ ...ANY, mode: BYPASSED }, "", "source"],
  "a muted reroute": [{ ...ANY, mode: MUTED }, "", null],
  "a bypassed node without such an input": [
    { inputs: { clip: "CLIP" }, ...GIVES, mode: BYPASSED }, "clip", null,
  ],
};

for (const [name, [made, input, seen]] of Object.entries(BETWEEN)) {
  test(`what comes through ${name}`, () => {
    const [graph, source, target] = ends();
    const between = add(graph, "Between", made);
    link(source, 0, between, input);
    link(between, 0, target, "subjects");
    assert.equal(nodeOf(target), { itself: between, source, null: null }[seen]);
  });
}

// a bypassed reroute takes anything, and so a bypassed node before it gives on its first input
const FIRST_INPUT = { "a bypassed node": null, "a bypassed node without such an input": "source" };

for (const [one, [made, input, first]] of Object.entries(BETWEEN)) {
  test(`what comes through ${one} and another after it`, () => {
    for (const [other, [more, into, second]] of Object.entries(BETWEEN)) {
      const [graph, source, target] = ends();
      const between = add(graph, "First", made);
      const last = add(graph, "Second", more);
      link(source, 0, between, input);
      link(between, 0, last, into);
      link(last, 0, target, "subjects");
      const any = other === "a bypassed reroute" && one in FIRST_INPUT;
      const earlier = { itself: between, source, null: null }[any ? FIRST_INPUT[one] : first];
      assert.equal(nodeOf(target), { itself: last, source: earlier, null: null }[second], other);
    }
  });
}

test("a bypassed node gives on its input of the same number, the same type, or one that fits", () => {
  const slots = (...types) => types.map((type) => ({ type }));
  const cases = [
    [["IMAGE", "IMAGE"], ["IMAGE", "IMAGE"], 1, "IMAGE", 1],
    [["CLIP", "IMAGE"], ["IMAGE"], 0, "IMAGE", 1],
    [["*"], ["IMAGE"], 0, "IMAGE", 0],
    [["CLIP", "*", "IMAGE"], ["IMAGE"], 0, "IMAGE", 2], // the very type goes first
    [["CLIP", "IMAGE,MASK"], ["IMAGE"], 0, "image", 1],
    [["CLIP", "IMAGE"], ["MASK"], 0, "IMAGE,MASK", -1],
    [["CLIP", "MASK"], ["*"], 0, "IMAGE,MASK", 1],
    [["CLIP"], ["IMAGE"], 0, "IMAGE", -1],
    [["CLIP", "VAE"], ["IMAGE", "MASK"], 1, "*", 1],
    [["CLIP"], ["IMAGE", "MASK"], 1, "*", 0],
    [[], ["IMAGE"], 0, "*", -1],
    [[], ["IMAGE"], 0, "IMAGE", -1],
  ];
  for (const [inputs, outputs, slot, type, expected] of cases) {
    const node = { inputs: slots(...inputs), outputs: slots(...outputs) };
    assert.equal(passedSlot(node, slot, type), expected, JSON.stringify([inputs, outputs, type]));
  }
});

test("nothing comes where nothing is linked, or there is no such input", () => {
  const [, , target] = ends();
  assert.equal(nodeOf(target), null);
  assert.equal(nodeOf(target, "none"), null);
});

test("a loop has no origin", () => {
  const [graph, , target] = ends();
  const [one, other] = [add(graph, "Reroute", ANY), add(graph, "Reroute", ANY)];
  link(one, 0, other, "");
  link(other, 0, one, "");
  link(other, 0, target, "subjects");
  assert.equal(nodeOf(target), null);
});

test("a primitive is the value itself", () => {
  const graph = newGraph();
  const outputs = { STRING: "STRING" };
  const primitive = add(graph, "PrimitiveNode", { outputs, isVirtualNode: true });
  const target = add(graph, "Target", { inputs: { phrases: "STRING" } });
  link(primitive, 0, target, "phrases");
  assert.equal(origin(placeOf(target), "phrases"), null); // it has its widget once it is linked
  primitive.widgets.push({ name: "value", value: "dog" });
  const [own] = primitive.widgets;
  assert.deepEqual(origin(placeOf(target), "phrases"), { value: "dog", own });
});

test("another node that is only drawn tells itself where its output comes from", () => {
  const [graph, source, target] = ends();
  const held = add(graph, "Held", TAKES);
  const id = link(source, 0, held, "subjects");
  const hub = { outputs: { a: "*", b: SEEN }, isVirtualNode: true };
  const getInputLink = (slot) => (slot === 1 ? graph.getLink(id) : null);
  link(add(graph, "Hub", { ...hub, getInputLink }), 1, target, "subjects");
  assert.equal(nodeOf(target), source);
  const resolveVirtualOutput = (slot) => (slot === 1 ? { node: source, slot: 0 } : undefined);
  link(add(graph, "Hub", { ...hub, resolveVirtualOutput }), 1, target, "subjects");
  assert.equal(nodeOf(target), source);
  link(add(graph, "Hub", { ...hub, getInputLink: () => null }), 1, target, "subjects");
  assert.equal(nodeOf(target), null);
});

// KJNodes' nodes and Easy-Use's; asking them would make them complain in the page
const complains = { getInputLink: () => assert.fail("it was asked") };
const setter = (name, type = "SetNode") => [type, { ...ANY, widgets: { Constant: name } }];
const getter = (name, type = "GetNode", more = {}) => [
  type,
  { ...ANY, inputs: {}, widgets: { Constant: name }, ...complains, ...more },
];
const SEES_OUTSIDE = { resolveVirtualOutput: complains.getInputLink };

test("a Get node gives what comes into the Set node of its name", () => {
  for (const [set, get] of [["SetNode", "GetNode"], ["easy setNode", "easy getNode"]]) {
    const [graph, source, target] = ends();
    const other = add(graph, "Other", GIVES);
    for (const [from, name] of [[other, "b"], [source, "a"]]) {
      link(from, 0, add(graph, ...setter(name, set)), "");
    }
    link(add(graph, ...getter("a", get)), 0, target, "subjects");
    assert.equal(nodeOf(target), source);
    graph.nodes.find((node) => node.type === get).widgets[0].value = "b";
    assert.equal(nodeOf(target), other);
  }
});

test("a Get node without its Set node gives nothing, and one of another pack is not taken", () => {
  for (const name of ["a", ""]) {
    const [graph, source, target] = ends();
    link(source, 0, add(graph, ...setter(name, name ? "easy setNode" : "SetNode")), "");
    link(add(graph, ...getter(name)), 0, target, "subjects");
    assert.equal(nodeOf(target), null);
  }
});

test("a Set node's own output is what comes into it; its mode does not matter to Get nodes", () => {
  for (const mode of [0, MUTED, BYPASSED]) {
    const [graph, source, target] = ends();
    const set = add(graph, ...setter("a"));
    link(source, 0, set, "");
    link(set, 0, target, "subjects");
    assert.equal(nodeOf(target), source);
    set.mode = mode;
    link(add(graph, ...getter("a")), 0, target, "subjects");
    assert.equal(nodeOf(target), source);
  }
});

test("a Get node finds the only Set node around its subgraph, if it looks there", () => {
  const [root, source] = ends();
  const subgraph = newSubgraph(root, {}, {});
  stand(root, subgraph);
  const target = add(subgraph, "Target", TAKES);
  link(source, 0, add(root, ...setter("a")), "");
  link(add(subgraph, ...getter("a")), 0, target, "subjects");
  assert.equal(nodeOf(target), null); // as of an older KJNodes
  link(add(subgraph, ...getter("a", "GetNode", SEES_OUTSIDE)), 0, target, "subjects");
  assert.equal(nodeOf(target), source);
  const inside = add(subgraph, "Inside", GIVES);
  const near = add(subgraph, ...setter("a"));
  link(inside, 0, near, "");
  assert.equal(nodeOf(target), inside);
  near.widgets[0].value = "b";
  add(root, ...setter("a"));
  assert.equal(nodeOf(target), null); // of two, none is sent
});

test("what comes out of a subgraph", () => {
  const [root, , target] = ends();
  const subgraph = newSubgraph(root, {}, { first: SEEN, second: SEEN });
  const [one, two] = [add(subgraph, "One", GIVES), add(subgraph, "Two", GIVES)];
  linkOut(one, 0, subgraph, 0);
  linkOut(two, 0, subgraph, 1);
  const outer = stand(root, subgraph);
  link(outer, 1, target, "subjects");
  assert.equal(nodeOf(target), two);
  two.mode = MUTED;
  assert.equal(nodeOf(target), null);
  two.mode = 0;
  outer.mode = MUTED;
  assert.equal(nodeOf(target), null);
});

test("what comes into a subgraph", () => {
  const [root, source] = ends();
  const subgraph = newSubgraph(root, { clip: "CLIP", subjects: SEEN }, {});
  const target = add(subgraph, "Target", TAKES);
  linkIn(subgraph, 1, target, "subjects");
  assert.equal(nodeOf(target), null); // its node is not there
  const outer = stand(root, subgraph);
  assert.equal(nodeOf(target), null);
  link(source, 0, outer, "subjects");
  assert.equal(nodeOf(target), source);
});

test("a bypassed subgraph gives on its own input of the type", () => {
  const [root, source, target] = ends();
  const subgraph = newSubgraph(root, { clip: "CLIP", subjects: SEEN }, { out: SEEN });
  linkOut(add(subgraph, "Inside", GIVES), 0, subgraph, 0);
  const outer = stand(root, subgraph, { mode: BYPASSED });
  link(source, 0, outer, "subjects");
  link(outer, 0, target, "subjects");
  assert.equal(nodeOf(target), source);
});

test("a way through a subgraph leads out where it came in", () => {
  const [root] = ends();
  const subgraph = newSubgraph(root, { subjects: SEEN }, { out: SEEN });
  const inside = add(subgraph, "Inside", { ...CHANGES, mode: BYPASSED });
  linkIn(subgraph, 0, inside, "subjects");
  linkOut(inside, 0, subgraph, 0);
  const made = [1, 2].map((number) => {
    const source = add(root, `Source ${number}`, GIVES);
    const target = add(root, `Target ${number}`, TAKES);
    const outer = stand(root, subgraph);
    link(source, 0, outer, "subjects");
    link(outer, 0, target, "subjects");
    return [source, target];
  });
  for (const [source, target] of made) assert.equal(nodeOf(target), source);
});

test("a node in subgraphs in subgraphs gets what comes from outside", () => {
  const [root, source] = ends();
  const outer = newSubgraph(root, { a: SEEN }, {});
  const inner = newSubgraph(root, { b: SEEN }, {});
  const target = add(inner, "Target", TAKES);
  linkIn(inner, 0, target, "subjects");
  linkIn(outer, 0, stand(outer, inner), "b");
  const off = stand(root, outer, { mode: BYPASSED });
  link(add(root, "Other", GIVES), 0, off, "a");
  const on = stand(root, outer);
  link(source, 0, on, "a");
  assert.equal(nodeOf(target), source); // through the one that is on
});

test("a widget on a subgraph's node is the value of what it stands for inside", () => {
  const root = newGraph();
  const subgraph = newSubgraph(root, { phrases: "STRING", other: "STRING" }, {});
  const target = add(subgraph, "Target", { inputs: { phrases: "STRING", other: "STRING" } });
  linkIn(subgraph, 0, target, "phrases");
  linkIn(subgraph, 1, target, "other");
  const holder = stand(root, subgraph, { widgets: { phrases: "cat" } });
  const [widget] = holder.widgets;
  assert.deepEqual(origin(placeOf(target), "phrases"), { value: "cat", widget });
  assert.equal(origin(placeOf(target), "other"), null);
});

test("in a subgraph that stands in a graph twice, the node through which it was opened counts", () => {
  const root = newGraph();
  const subgraph = newSubgraph(root, { phrases: "STRING" }, {});
  const target = add(subgraph, "Target", { inputs: { phrases: "STRING" } });
  linkIn(subgraph, 0, target, "phrases");
  stand(root, subgraph, { widgets: { phrases: "cat" } });
  const other = stand(root, subgraph, { widgets: { phrases: "dog" } });
  assert.equal(origin(placeOf(target), "phrases").value, "cat");
  openedFrom.set(subgraph, other);
  assert.equal(origin(placeOf(target), "phrases").value, "dog");
});

/** As Use Everywhere notes what it will link when the prompt is made. */
function broadcast(graph, from, to) {
  graph.extra = {
    ue_links: [{ downstream: to.id, downstream_slot: 0, upstream: String(from), upstream_slot: 0 }],
  };
}

test("what Use Everywhere broadcasts into an input comes from there, if the pack is installed", () => {
  const [graph, source, target] = ends();
  const muted = add(graph, "Muted", { ...GIVES, mode: MUTED });
  link(muted, 0, target, "subjects"); // a broadcast takes its place
  broadcast(graph, source.id, target);
  assert.equal(nodeOf(target), null);
  globalThis.app = { ue_modified_prompt: () => {} };
  try {
    assert.equal(nodeOf(target), source);
    target.inputs[0].link = null;
    assert.equal(nodeOf(target), source);
    assert.equal(isLinked(target, "subjects"), true);
    assert.equal(nodeOf(add(graph, "Other", TAKES)), null);
  } finally {
    delete globalThis.app;
  }
  assert.equal(isLinked(target, "subjects"), false);
});

test("a broadcast goes into a subgraph through its node, and comes from its inputs", () => {
  const [root, source] = ends();
  const subgraph = newSubgraph(root, { a: SEEN }, {});
  const target = add(subgraph, "Target", TAKES);
  broadcast(subgraph, -10, target);
  broadcast(root, source.id, stand(root, subgraph));
  globalThis.app = { ue_modified_prompt: () => {} };
  try {
    assert.equal(nodeOf(target), source);
  } finally {
    delete globalThis.app;
  }
});
