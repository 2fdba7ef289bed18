// Which Box Prompts a layout has, and where the words of its boxes are written.

import assert from "node:assert/strict";
import test from "node:test";

import "./scripts.mjs";
import { add, link, linkIn, newGraph, newSubgraph, stand } from "./graph.mjs";

const { plainWords, followBoxes, rewriteLines, takesWords } = await import(
  "../../web/layout_editor/box_prompts.js"
);
const { placeOf } = await import("../../web/layout_editor/links.js");
const { mend } = await import("../../web/layout_editor/mending.js");

const WORDS = "MSD_BOX_PROMPTS";
const BYPASSED = 4;

function layoutIn(graph) {
  return add(graph, "LayoutBoxes", { outputs: { layout: "MSD_LAYOUT" } });
}

function apply(graph, layout, words, type = "ApplyBoxPrompts") {
  const inputs = { model: "MODEL", layout: "MSD_LAYOUT", auto_layout: "MSD_AUTO_LAYOUT", box_prompts: WORDS };
  const made = add(graph, type, { inputs, outputs: { MODEL: "MODEL" } });
  if (layout) link(layout, 0, made, "layout");
  if (words) link(words, 0, made, "box_prompts");
  return made;
}

function boxPrompts(graph, prompts, more = {}) {
  const inputs = { clip: "CLIP", prompts: "STRING" };
  return add(graph, "BoxPrompts", { inputs, outputs: { box_prompts: WORDS }, widgets: { prompts }, ...more });
}

function text(node) {
  return node.widgets[0].value;
}

test("the words of the nodes that apply the layout, and of no others", () => {
  for (const type of ["ApplyBoxPrompts", "ApplyMSDiffusion"]) {
    const graph = newGraph();
    const [own, other] = [layoutIn(graph), layoutIn(graph)];
    apply(graph, own, boxPrompts(graph, "a mug\na hat"), type);
    apply(graph, other, boxPrompts(graph, "a cat"), type);
    assert.deepEqual(plainWords(placeOf(own)), { lines: ["a mug", "a hat"], fixed: null, needsArea: true });
    assert.equal(plainWords(placeOf(layoutIn(graph))), null);
  }
});

test("a layout without words may get some where a node applies it", () => {
  const graph = newGraph();
  const own = layoutIn(graph);
  assert.ok(!takesWords(placeOf(own)));
  apply(graph, own, null, "ApplyMSDiffusion");
  assert.ok(takesWords(placeOf(own)));
  assert.equal(plainWords(placeOf(own)), null);
  const other = layoutIn(graph);
  apply(graph, other, boxPrompts(graph, "a mug", { mode: BYPASSED }));
  assert.deepEqual([plainWords(placeOf(other)), takesWords(placeOf(other))], [null, false]);
  const third = layoutIn(graph); // words that another pack makes
  apply(graph, third, add(graph, "WordsOfSomeKind", { outputs: { words: WORDS }, widgets: { prompts: "a mug" } }));
  assert.deepEqual([plainWords(placeOf(third)), takesWords(placeOf(third))], [null, false]);
});

test("words from another node are shown, and not written", () => {
  const graph = newGraph();
  const [own, words] = [layoutIn(graph), boxPrompts(graph, "own")];
  const given = add(graph, "PrimitiveString", { outputs: { STRING: "STRING" }, widgets: { value: "a mug" } });
  link(given, 0, words, "prompts");
  apply(graph, own, words);
  const { lines, fixed } = plainWords(placeOf(own));
  assert.deepEqual([lines, fixed], [["a mug"], "wordsElsewhere"]);
  rewriteLines(placeOf(own), () => ["a hat"]);
  assert.deepEqual([text(given), text(words)], ["a mug", "own"]);
});

test("of several Box Prompts none is chosen, but in all of them words go with their boxes", () => {
  const graph = newGraph();
  const own = layoutIn(graph);
  const both = [boxPrompts(graph, "a mug\na hat"), boxPrompts(graph, "one\ntwo")];
  for (const words of both) apply(graph, own, words);
  assert.equal(plainWords(placeOf(own)).fixed, "wordsSeveral");
  followBoxes(placeOf(own), { order: [1, 0], count: 2 });
  assert.deepEqual(both.map(text), ["a hat\na mug", "two\none"]);
});

test("a text without any words is left as it is", () => {
  const graph = newGraph();
  const [own, words] = [layoutIn(graph), boxPrompts(graph, "")];
  apply(graph, own, words);
  followBoxes(placeOf(own), { count: 3 });
  assert.equal(text(words), "");
});

test("in a subgraph the words are written where the subgraph keeps them", () => {
  const graph = newGraph();
  const subgraph = newSubgraph(graph, { layout: "MSD_LAYOUT", prompts: "STRING" }, {});
  const inner = boxPrompts(subgraph, "own");
  linkIn(subgraph, 0, apply(subgraph, null, inner), "layout");
  linkIn(subgraph, 1, inner, "prompts");
  const own = layoutIn(graph);
  const outer = stand(graph, subgraph);
  outer.widgets.push({ name: "prompts", value: "a mug" });
  link(own, 0, outer, "layout");
  const { lines, fixed } = plainWords(placeOf(own));
  assert.deepEqual([lines, fixed], [["a mug"], null]);
  rewriteLines(placeOf(own), () => ["a hat"]);
  assert.deepEqual([text(outer), text(inner)], ["a hat", "own"]);
});

test("words need an area, unless Auto Layout finds it or another node may place it", () => {
  const needs = (areas, between) => {
    const graph = newGraph();
    const own = layoutIn(graph);
    let from = own;
    if (between) {
      from = add(graph, between, { inputs: { layout: "MSD_LAYOUT" }, outputs: { layout: "MSD_LAYOUT" } });
      link(own, 0, from, "layout");
    }
    const applied = apply(graph, from, boxPrompts(graph, "a mug"), "ApplyMSDiffusion");
    if (areas !== null) {
      const outputs = { auto_layout: "MSD_AUTO_LAYOUT" };
      link(add(graph, "AutoLayout", { outputs, widgets: { areas } }), 0, applied, "auto_layout");
    }
    return plainWords(placeOf(own)).needsArea;
  };
  assert.deepEqual([needs(null), needs(true), needs(false), needs(null, "SweepLayout")], [true, false, true, false]);
});

test("a subject that its box's words do not name is put in front of them", () => {
  const graph = newGraph();
  const [own, words] = [layoutIn(graph), boxPrompts(graph, "on wood\na hat")];
  apply(graph, own, words, "ApplyMSDiffusion");
  mend(placeOf(own), "unnamed", [{ name: "mug" }, { name: "hat" }], 0);
  assert.equal(text(words), "mug, on wood\na hat");
});
