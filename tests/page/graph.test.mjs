// The subjects that the editor shows: names, thumbnails, what only a run tells.

import assert from "node:assert/strict";
import test from "node:test";

import "./scripts.mjs";
import { add, link, linkIn, linkOut, newGraph, newSubgraph, stand } from "./graph.mjs";

const { rewriteLine, subjectsOf: subjectsAt } = await import("../../web/layout_editor/graph.js");
const { placeOf } = await import("../../web/layout_editor/links.js");
const subjectsOf = (node, names) => subjectsAt(placeOf(node), names);

const MUTED = 2;
const BYPASSED = 4;
const SUBJECTS = "MSD_SUBJECTS";
const outputs = { subjects: SUBJECTS };
const PICTURES = { image_1: "IMAGE", image_2: "IMAGE" };
const ENCODE = { clip: "CLIP", phrases: "STRING", ...PICTURES, subjects: SUBJECTS };
const REROUTE = { inputs: { "": "*" }, outputs: { "": "*" }, isVirtualNode: true };

function encode(graph, phrases, mode = 0) {
  return add(graph, "EncodeSubjects", { inputs: ENCODE, outputs, widgets: { phrases }, mode });
}

function passing(graph, type, mode = 0, widgets = {}) {
  const inputs = { subjects: SUBJECTS, number: "INT" };
  return add(graph, type, { inputs, outputs, widgets, mode });
}

/** A layout behind these nodes, each linked to the next. */
function behind(...nodes) {
  const layout = add(nodes[0].graph, "LayoutBoxes", { inputs: { subjects: SUBJECTS } });
  [...nodes, layout].reduce((from, to) => (link(from, 0, to, "subjects"), to));
  return layout;
}

function shown(layout, names) {
  const told = ({ name, everywhere }) => name + (everywhere ? " (all)" : "");
  return subjectsOf(layout, names).map(told);
}

function text(graph, type, widgets, more = {}) {
  return add(graph, type, { outputs: { STRING: "STRING" }, widgets, ...more });
}

test("a chain of encoders, each of them on, bypassed or muted", () => {
  const expected = {
    "0 0": ["cat", "dog", "bird"], "0 4": ["cat", "dog"], "0 2": [],
    "4 0": ["bird"], "4 4": [], "4 2": [],
    "2 0": ["bird"], "2 4": [], "2 2": [],
  };
  for (const [modes, names] of Object.entries(expected)) {
    const [one, two] = modes.split(" ").map(Number);
    const graph = newGraph();
    const layout = behind(encode(graph, "cat\ndog", one), encode(graph, "bird", two));
    assert.deepEqual(shown(layout), names, modes);
  }
});

test("nodes in between, on or bypassed or muted", () => {
  for (const type of ["SubjectOptions", "BackgroundSubject", "SaveSubjects"]) {
    for (const mode of [0, BYPASSED, MUTED]) {
      const graph = newGraph();
      const layout = behind(encode(graph, "cat\ndog"), passing(graph, type, mode, { number: 2 }));
      const on = type === "BackgroundSubject" && mode === 0;
      assert.deepEqual(shown(layout), mode === MUTED ? [] : ["cat", on ? "dog (all)" : "dog"]);
    }
  }
});

test("a subject that is switched off does not act, unless its switch is linked to who knows what", () => {
  const graph = newGraph();
  const options = passing(graph, "SubjectOptions", 0, { number: 2, enabled: false });
  const layout = behind(encode(graph, "cat\ndog"), options);
  assert.deepEqual(subjectsOf(layout).map((one) => Boolean(one.off)), [false, true]);
  options.widgets[1].value = true;
  assert.deepEqual(subjectsOf(layout).map((one) => Boolean(one.off)), [false, false]);
});

test("a linked number says which subject is the scene", () => {
  const graph = newGraph();
  const scene = passing(graph, "BackgroundSubject", 0, { number: 1 });
  const layout = behind(encode(graph, "cat\ndog"), scene);
  const two = add(graph, "PrimitiveInt", { outputs: { INT: "INT" }, widgets: { value: 2 } });
  link(two, 0, scene, "number");
  assert.deepEqual(shown(layout), ["cat", "dog (all)"]);
});

// nodes whose text is what they give, and some that make it anew
const TEXTS = {
  PrimitiveNode: [{ value: "cat\ndog" }, { isVirtualNode: true }, ["cat", "dog"]],
  PrimitiveString: [{ value: "cat\ndog" }, {}, ["cat", "dog"]],
  PrimitiveStringMultiline: [{ value: "cat\ndog" }, {}, ["cat", "dog"]],
  "Text Multiline": [{ text: "cat\ndog" }, {}, ["cat", "dog"]],
  "String Literal": [{ string: "cat\ndog" }, {}, ["cat", "dog"]],
  "a muted one": [{ value: "cat\ndog" }, { mode: MUTED }, ["own"]],
  "a bypassed one": [{ value: "cat\ndog" }, { mode: BYPASSED }, ["own"]],
  StringConcatenate: [{ string_a: "cat", string_b: "dog", delimiter: "" }, {}, ["?"]],
  "a wildcard": [{ text: "{cat|dog}", seed: 1 }, {}, ["?"]],
  "a file's text": [{ file: "cat.txt" }, {}, ["?"]],
  "a language model": [{}, {}, ["?"]],
  ComfySwitchNode: [{ switch: true }, {}, ["?"]],
  "workflow>a group of nodes": [{ value: "cat" }, {}, ["?"]],
};

for (const [type, [widgets, more, names]] of Object.entries(TEXTS)) {
  test(`phrases that come from ${type}`, () => {
    const graph = newGraph();
    const encoder = encode(graph, "own");
    link(text(graph, type, widgets, more), 0, encoder, "phrases");
    const found = subjectsOf(behind(encoder));
    assert.deepEqual(found.map((one) => (one.unknown ? "?" : one.name)), names);
    assert.ok(found.every((one) => one.fixed && !one.line));
  });
}

test("phrases come through a text's own link, reroutes and out of a subgraph", () => {
  const graph = newGraph();
  const subgraph = newSubgraph(graph, {}, { STRING: "STRING" });
  linkOut(text(subgraph, "PrimitiveString", { value: "cat" }), 0, subgraph, 0);
  const second = text(graph, "Text", { text: "own" }, { inputs: { text: "STRING" } });
  const reroute = add(graph, "Reroute (rgthree)", REROUTE);
  const encoder = encode(graph, "own");
  link(stand(graph, subgraph), 0, second, "text");
  link(second, 0, reroute, "");
  link(reroute, 0, encoder, "phrases");
  assert.deepEqual(shown(behind(encoder)), ["cat"]);
});

test("an encoder in a subgraph that is used twice has each time the phrases from outside", () => {
  const graph = newGraph();
  const inputs = { phrases: "STRING", subjects: SUBJECTS };
  const subgraph = newSubgraph(graph, inputs, outputs);
  const encoder = encode(subgraph, "own");
  linkIn(subgraph, 0, encoder, "phrases");
  linkIn(subgraph, 1, encoder, "subjects");
  linkOut(encoder, 0, subgraph, 0);
  const [one, two] = ["cat", "dog"].map((value) => {
    const outer = stand(graph, subgraph);
    link(text(graph, "PrimitiveString", { value }), 0, outer, "phrases");
    return outer;
  });
  assert.deepEqual(shown(behind(one, two)), ["cat", "dog"]);
  two.widgets.push({ name: "phrases", value: "bird" });
  two.inputs[0].link = null;
  assert.deepEqual(shown(behind(one, two)), ["cat", "bird"]);
});

test("the pictures are those that come, in the order of their inputs", () => {
  const graph = newGraph();
  const encoder = encode(graph, "cat");
  const gives = { outputs: { IMAGE: "IMAGE" } };
  const load = (image, mode) => add(graph, "LoadImage", { ...gives, widgets: { image }, mode });
  const inputs = { vae: "VAE", image: "IMAGE" };
  const scale = add(graph, "ImageScale", { ...gives, inputs, mode: BYPASSED });
  link(load("cat.png", MUTED), 0, encoder, "image_1");
  link(load("dog.png", 0), 0, scale, "image");
  link(scale, 0, encoder, "image_2");
  const [{ image }] = subjectsOf(behind(encoder));
  assert.match(image.src, /filename=dog.png/);
});

test("what only a run tells takes the names that the known ones leave", () => {
  const graph = newGraph();
  const loaded = add(graph, "LoadSubjects", { outputs });
  const scene = passing(graph, "BackgroundSubject", 0, { number: 2 });
  const layout = behind(loaded, encode(graph, "bird"), scene);
  assert.deepEqual(shown(layout), ["", "bird (all)"]);
  assert.deepEqual(shown(layout, ["cat", "bird"]), ["cat", "bird (all)"]);
  assert.deepEqual(shown(layout, ["cat", "dog", "bird"]), ["cat", "dog (all)", "bird"]);
  assert.deepEqual(shown(layout, ["bird"]), ["", "bird (all)"]); // an earlier run's
});

test("of two nodes that only a run tells of, one subject each has its name", () => {
  const graph = newGraph();
  const encoder = encode(graph, "own");
  link(text(graph, "a language model", {}), 0, encoder, "phrases");
  const layout = behind(add(graph, "LoadSubjects", { outputs }), encoder);
  assert.deepEqual(shown(layout, ["cat", "dog"]), ["cat", "dog"]);
  assert.deepEqual(shown(layout, ["cat", "dog", "bird"]), ["", ""]);
});

test("a new name goes into its line of the node that is on", () => {
  const graph = newGraph();
  const [first, second] = [encode(graph, "cat\ndog"), encode(graph, "bird", BYPASSED)];
  const [, { line }] = subjectsOf(behind(first, second));
  rewriteLine(line, "wolf");
  rewriteLine(line, "");
  assert.equal(first.widgets[0].value, "cat\nwolf");
  assert.equal(second.widgets[0].value, "bird");
});

test("encoders that are linked in a loop end somewhere", () => {
  const graph = newGraph();
  const [one, two] = [encode(graph, "cat"), encode(graph, "dog")];
  const layout = behind(one, two);
  link(two, 0, one, "subjects");
  assert.ok(shown(layout).length < 100);
});
