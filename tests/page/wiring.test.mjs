// Which subject and which input of Encode Subjects a dropped picture is for, and what is refused.

import assert from "node:assert/strict";
import test from "node:test";

import "./scripts.mjs";
import { add, link, linkIn, linkOut, newGraph, newSubgraph, stand } from "./graph.mjs";

const { plan } = await import("../../web/layout_editor/wiring.js");
const { placeOf } = await import("../../web/layout_editor/links.js");

const SUBJECTS = "MSD_SUBJECTS";
const outputs = { subjects: SUBJECTS };
const PICTURES = { image_1: "IMAGE", image_2: "IMAGE", image_3: "IMAGE", image_4: "IMAGE" };
const ENCODE = { clip: "CLIP", phrases: "STRING", ...PICTURES, subjects: SUBJECTS };

/** Encode Subjects with these phrases, and pictures at the inputs with these numbers. */
function encode(graph, phrases, numbers, after = null) {
  const node = add(graph, "EncodeSubjects", { inputs: ENCODE, outputs, widgets: { phrases } });
  for (const number of numbers) {
    const loader = add(graph, "LoadImage", { outputs: { IMAGE: "IMAGE" }, widgets: { image: "a" } });
    link(loader, 0, node, `image_${number}`);
  }
  if (after) link(after, 0, node, "subjects");
  return node;
}

function layoutOf(graph, source) {
  const inputs = { subjects: SUBJECTS };
  const layout = add(graph, "LayoutBoxes", { inputs, findInputSlot: () => 0 });
  if (source) link(source, 0, layout, "subjects");
  return placeOf(layout);
}

/** The subject and the input of each picture; `line` says that its name is there already. */
function planned(layout, index, count = 1, names = []) {
  return plan(layout, names, index, count).map(({ subject, replaced, input, named }) => [
    subject,
    replaced?.name ?? input,
    replaced ? "replaced" : named ? "line" : "new",
  ]);
}

function refused(key, layout, index, count = 1, names = []) {
  assert.throws(() => plan(layout, names, index, count), { key });
}

test("a box with a picture has it replaced, any other is the next subject's", () => {
  const graph = newGraph();
  const layout = layoutOf(graph, encode(graph, "cat\ndog", [1, 2]));
  assert.deepEqual(planned(layout, 0), [[0, "image_1", "replaced"]]);
  assert.deepEqual(planned(layout, 1), [[1, "image_2", "replaced"]]);
  for (const index of [2, 5, -1]) assert.deepEqual(planned(layout, index), [[2, "image_3", "new"]]);
});

test("of several pictures the others are added", () => {
  const graph = newGraph();
  const layout = layoutOf(graph, encode(graph, "cat\ndog", [1, 2]));
  const [third, fourth] = [[2, "image_3", "new"], [3, "image_4", "new"]];
  assert.deepEqual(planned(layout, -1, 2), [third, fourth]);
  assert.deepEqual(planned(layout, 0, 3), [[0, "image_1", "replaced"], third, fourth]);
  refused("full", layout, -1, 3);
});

test("a line without a picture is the next one's", () => {
  const graph = newGraph();
  const layout = layoutOf(graph, encode(graph, "cat\ndog\nbird", [1]));
  assert.deepEqual(planned(layout, 1), [[1, "image_2", "line"]]);
  assert.deepEqual(planned(layout, -1), [[1, "image_2", "line"]]);
  assert.deepEqual(planned(layout, 1, 3).at(-1), [3, "image_4", "new"]);
  refused("pictureFirst", layout, 2);
});

test("subjects of an earlier encoder keep theirs, the last encoder gets what is new", () => {
  const graph = newGraph();
  const first = encode(graph, "cat\ndog", [1, 2]);
  const layout = layoutOf(graph, encode(graph, "bird", [1], first));
  assert.deepEqual(planned(layout, 1), [[1, "image_2", "replaced"]]);
  assert.deepEqual(planned(layout, 3), [[3, "image_2", "new"]]);
  const { encoder } = plan(layout, [], -1, 1)[0];
  assert.equal(encoder.node.widgets[0].value, "bird");
});

test("a line without a picture gets it in its own encoder", () => {
  const graph = newGraph();
  const first = encode(graph, "cat\ndog", [1]);
  const layout = layoutOf(graph, encode(graph, "bird", [1], first));
  const [{ subject, encoder, input }] = plan(layout, [], 1, 1);
  assert.deepEqual([subject, encoder.node, input], [1, first, "image_2"]);
});

test("pictures come after the last one that is connected, so that names keep theirs", () => {
  const graph = newGraph();
  const layout = layoutOf(graph, encode(graph, "cat\ndog", [1, 3]));
  assert.deepEqual(planned(layout, 2), [[2, "image_4", "new"]]);
  refused("full", layoutOf(graph, encode(graph, "cat\ndog", [1, 4])), 2);
});

test("fewer lines than pictures are refused", () => {
  const graph = newGraph();
  refused("uneven", layoutOf(graph, encode(graph, "cat", [1, 2])), -1);
});

test("linked phrases are not added to, but their pictures can be other ones", () => {
  const graph = newGraph();
  const encoder = encode(graph, "own", [1]);
  const string = { outputs: { STRING: "STRING" }, widgets: { value: "cat\ndog" } };
  link(add(graph, "PrimitiveString", string), 0, encoder, "phrases");
  const layout = layoutOf(graph, encoder);
  assert.deepEqual(planned(layout, 0), [[0, "image_1", "replaced"]]);
  assert.deepEqual(planned(layout, 1), [[1, "image_2", "line"]]);
  refused("phrasesLinked", layout, -1, 2);
});

test("subjects that only a run tells are waited for", () => {
  const graph = newGraph();
  const loaded = add(graph, "LoadSubjects", { outputs });
  const layout = layoutOf(graph, encode(graph, "bird", [1], loaded));
  refused("runFirst", layout, 2);
  const names = ["cat", "dog", "bird"];
  assert.deepEqual(planned(layout, -1, 1, names), [[3, "image_2", "new"]]);
  refused("pictureElsewhere", layout, 0, 1, names);
});

test("where no Encode Subjects is the last, there is none to add to", () => {
  const graph = newGraph();
  refused("noEncoder", layoutOf(graph, add(graph, "LoadSubjects", { outputs })), -1, 1, ["cat"]);
  assert.deepEqual(planned(layoutOf(graph), 1, 2), [[0, "image_1", "new"], [1, "image_2", "new"]]);
  refused("full", layoutOf(graph), -1, 5);
});

test("a picture from outside the encoder's subgraph is changed there", () => {
  const graph = newGraph();
  const subgraph = newSubgraph(graph, { picture: "IMAGE" }, outputs);
  const encoder = encode(subgraph, "cat", []);
  linkIn(subgraph, 0, encoder, "image_1");
  linkOut(encoder, 0, subgraph, 0);
  const outer = stand(graph, subgraph);
  const loader = add(graph, "LoadImage", { outputs: { IMAGE: "IMAGE" }, widgets: { image: "a" } });
  link(loader, 0, outer, "picture");
  const layout = layoutOf(graph, outer);
  refused("outsideSubgraph", layout, 0);
  assert.deepEqual(planned(layout, 1), [[1, "image_2", "new"]]);
});

test("a picture out of a subgraph gives way to another", () => {
  const graph = newGraph();
  const subgraph = newSubgraph(graph, {}, { picture: "IMAGE" });
  const gives = { outputs: { IMAGE: "IMAGE" }, widgets: { image: "a" } };
  linkOut(add(subgraph, "LoadImage", gives), 0, subgraph, 0);
  const encoder = encode(graph, "cat", []);
  link(stand(graph, subgraph), 0, encoder, "image_1");
  assert.deepEqual(planned(layoutOf(graph, encoder), 0), [[0, "image_1", "replaced"]]);
});
