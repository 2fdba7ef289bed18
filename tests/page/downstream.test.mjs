// Which nodes sample with a layout, and which show what came of it.

import assert from "node:assert/strict";
import test from "node:test";

import "./scripts.mjs";
import { add, link, linkIn, newGraph, newSubgraph, stand } from "./graph.mjs";

const { downstream } = await import("../../web/layout_editor/downstream.js");
const { placeOf } = await import("../../web/layout_editor/links.js");

const LATENT = { LATENT: "LATENT" };
const IMAGE = { IMAGE: "IMAGE" };

/** A node with inputs by type, each linked to an output of another node. */
function made(graph, type, inputs, outputs = {}, from = {}) {
  const node = add(graph, type, { inputs, outputs });
  for (const [name, [source, slot]] of Object.entries(from)) link(source, slot, node, name);
  return node;
}

function layout(graph) {
  const outputs = { layout: "MSD_LAYOUT", preview: "IMAGE" };
  return add(graph, "LayoutBoxes", { inputs: { picture: "IMAGE" }, outputs });
}

/** A layout's way to a picture: the nodes. */
function row(graph, own, from = [own, 0]) {
  const inputs = { model: "MODEL", layout: "MSD_LAYOUT", auto_layout: "MSD_AUTO_LAYOUT" };
  const apply = made(graph, "ApplyMSDiffusion", inputs, { MODEL: "MODEL" }, { layout: from });
  const taken = { model: "MODEL", latent_image: "LATENT" };
  const sampler = made(graph, "KSampler", taken, LATENT, { model: [apply, 0] });
  const decode = made(graph, "VAEDecode", { samples: "LATENT" }, IMAGE, { samples: [sampler, 0] });
  const save = made(graph, "SaveImage", { images: "IMAGE" }, {}, { images: [decode, 0] });
  return { apply, sampler, decode, save };
}

function found(own) {
  const ids = (places) => places.map(({ node }) => node.id);
  const { samplers, finding, showing } = downstream(placeOf(own));
  return { samplers: ids(samplers), finding: ids(finding), showing: ids(showing) };
}

test("the sampler behind the layout, and the node that shows its picture", () => {
  const graph = newGraph();
  const [own, other] = [layout(graph), layout(graph)];
  const { sampler, decode, save } = row(graph, own);
  row(graph, other);
  assert.deepEqual(found(own), { samplers: [sampler.id], finding: [], showing: [decode.id, save.id] });
  assert.deepEqual(found(layout(graph)), { samplers: [], finding: [], showing: [] });
});

test("Apply Box Prompts samples with a layout, too, alone or behind Apply MS-Diffusion", () => {
  for (const behind of [false, true]) {
    const graph = newGraph();
    const own = layout(graph);
    const { apply, sampler, decode, save } = row(graph, own);
    const words = made(
      graph, "ApplyBoxPrompts", { model: "MODEL", layout: "MSD_LAYOUT" }, { MODEL: "MODEL" },
      { layout: [own, 0], ...(behind && { model: [apply, 0] }) },
    );
    link(words, 0, sampler, "model");
    const { samplers, showing } = found(own);
    assert.ok(samplers.includes(sampler.id));
    assert.deepEqual(showing, [decode.id, save.id]);
  }
});

test("a sampler that goes on from the result does not sample with the layout, but shows it", () => {
  const graph = newGraph();
  const own = layout(graph);
  const { sampler } = row(graph, own);
  const model = add(graph, "CheckpointLoaderSimple", { outputs: { MODEL: "MODEL" } });
  const inputs = { model: "MODEL", latent_image: "LATENT" };
  const second = made(graph, "KSampler", inputs, LATENT, { model: [model, 0], latent_image: [sampler, 0] });
  const decode = made(graph, "VAEDecode", { samples: "LATENT" }, IMAGE, { samples: [second, 0] });
  const save = made(graph, "SaveImage", { images: "IMAGE" }, {}, { images: [decode, 0] });
  const { samplers, showing } = found(own);
  assert.deepEqual(samplers, [sampler.id]);
  assert.ok(showing.includes(save.id));
});

test("a sampler with a guider samples with the layout", () => {
  const graph = newGraph();
  const own = layout(graph);
  const { apply } = row(graph, own);
  const guider = made(graph, "CFGGuider", { model: "MODEL" }, { GUIDER: "GUIDER" }, { model: [apply, 0] });
  const custom = made(graph, "SamplerCustomAdvanced", { guider: "GUIDER" }, LATENT, { guider: [guider, 0] });
  assert.ok(found(own).samplers.includes(custom.id));
});

test("drawings about the picture are not the picture", () => {
  const graph = newGraph();
  const own = layout(graph);
  const { apply, sampler, decode } = row(graph, own);
  const areas = made(
    graph, "ShowAreas", { model: "MODEL", samples: "LATENT" }, IMAGE, { model: [apply, 0], samples: [sampler, 0] },
  );
  const drawn = made(graph, "PreviewImage", { images: "IMAGE" }, {}, { images: [areas, 0] });
  const boxes = made(graph, "PreviewImage", { images: "IMAGE" }, {}, { images: [own, 1] });
  const next = layout(graph);
  link(decode, 0, next, "picture");
  const over = made(graph, "PreviewImage", { images: "IMAGE" }, {}, { images: [next, 1] });
  for (const { id } of [drawn, boxes, over]) assert.ok(!found(own).showing.includes(id));
});

test("areas are found where Auto Layout is connected", () => {
  const graph = newGraph();
  const own = layout(graph);
  const { apply, sampler } = row(graph, own);
  row(graph, own);
  const auto = add(graph, "AutoLayout", { outputs: { auto_layout: "MSD_AUTO_LAYOUT" } });
  link(auto, 0, apply, "auto_layout");
  assert.deepEqual(found(own).finding, [sampler.id]);
});

test("of a subgraph that stands in a graph twice each is another's", () => {
  const graph = newGraph();
  const subgraph = newSubgraph(graph, { layout: "MSD_LAYOUT" }, {});
  const inputs = { model: "MODEL", layout: "MSD_LAYOUT" };
  const apply = add(subgraph, "ApplyMSDiffusion", { inputs, outputs: { MODEL: "MODEL" } });
  linkIn(subgraph, 0, apply, "layout");
  const sampler = made(subgraph, "KSampler", { model: "MODEL" }, LATENT, { model: [apply, 0] });
  const [own, other] = [layout(graph), layout(graph)];
  const [one, two] = [stand(graph, subgraph), stand(graph, subgraph)];
  link(own, 0, one, "layout");
  link(other, 0, two, "layout");
  const [place] = downstream(placeOf(own)).samplers;
  assert.deepEqual([place.node.id, place.within.node.id], [sampler.id, one.id]);
  assert.equal(downstream(placeOf(own)).samplers.length, 1);
});
