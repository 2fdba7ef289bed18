// Which prompts are sampled with a layout: along the links, as far as their texts are known.

import assert from "node:assert/strict";
import test from "node:test";

import "./scripts.mjs";
import { add, link, linkIn, linkOut, newGraph, newSubgraph, stand } from "./graph.mjs";

const { promptsOf } = await import("../../web/layout_editor/sampled.js");
const { placeOf } = await import("../../web/layout_editor/links.js");
const { mend } = await import("../../web/layout_editor/mending.js");

const MUTED = 2;
const BYPASSED = 4;
const COND = "CONDITIONING";
const DOG = { name: "dog" };

function layout(graph) {
  return add(graph, "LayoutBoxes", { outputs: { layout: "MSD_LAYOUT" } });
}

function apply(graph, from, slot = 0, name = "layout") {
  const inputs = { model: "MODEL", layout: "MSD_LAYOUT", auto_layout: "MSD_AUTO_LAYOUT" };
  const made = add(graph, "ApplyMSDiffusion", { inputs, outputs: { MODEL: "MODEL" } });
  link(from, slot, made, name);
  return made;
}

function sampler(graph, model, positive, slot = 0, more = {}) {
  const inputs = { model: "MODEL", positive: COND, negative: COND };
  const made = add(graph, "KSampler", { inputs, outputs: { LATENT: "LATENT" }, ...more });
  if (model) link(model, 0, made, "model");
  if (positive) link(positive, slot, made, "positive");
  return made;
}

function encode(graph, text) {
  const inputs = { clip: "CLIP", text: "STRING" };
  return add(graph, "CLIPTextEncode", { inputs, outputs: { [COND]: COND }, widgets: { text } });
}

function autoLayout(graph, prompt) {
  const inputs = { clip: "CLIP", prompt: "STRING" };
  const outputs = { auto_layout: "MSD_AUTO_LAYOUT", positive: COND };
  return add(graph, "AutoLayout", { inputs, outputs, widgets: { prompt } });
}

function between(graph, type, inputs, outputs, ...links) {
  const made = add(graph, type, { inputs, outputs });
  for (const [from, slot, name] of links) link(from, slot, made, name);
  return made;
}

function texts(node) {
  return promptsOf(placeOf(node)).map(({ auto, sampled }) => [
    auto?.text, sampled.map((each) => each.map(({ text }) => text)),
  ]);
}

test("the sampler behind Apply MS-Diffusion, and no other", () => {
  const graph = newGraph();
  const [own, other] = [layout(graph), layout(graph)];
  sampler(graph, apply(graph, own), encode(graph, "a dog"));
  sampler(graph, apply(graph, other), encode(graph, "a cat"));
  sampler(graph, null, encode(graph, "a bird"));
  assert.deepEqual(texts(own), [[undefined, [["a dog"]]]]);
  assert.deepEqual(texts(layout(graph)), []);
});

test("through nodes that change the layout, the model or what is encoded", () => {
  const graph = newGraph();
  const own = layout(graph);
  const crop = between(graph, "CropLayout", { layout: "MSD_LAYOUT" }, { layout: "MSD_LAYOUT" }, [own, 0, "layout"]);
  const lora = between(
    graph, "LoraLoaderModelOnly", { model: "MODEL" }, { MODEL: "MODEL" }, [apply(graph, crop), 0, "model"],
  );
  const pair = { positive: COND, negative: COND };
  const control = between(
    graph, "ControlNetApplyAdvanced", { ...pair, control_net: "CONTROL_NET" }, pair,
    [encode(graph, "a dog"), 0, "positive"], [encode(graph, "blurry"), 0, "negative"],
  );
  sampler(graph, lora, control);
  assert.deepEqual(texts(own), [[undefined, [["a dog"]]]]);
});

test("combined prompts are several; what encodes in an unknown way is not known", () => {
  const graph = newGraph();
  const own = layout(graph);
  const applied = apply(graph, own);
  const both = { conditioning_1: COND, conditioning_2: COND };
  const combine = between(
    graph, "ConditioningCombine", both, { [COND]: COND },
    [encode(graph, "a dog"), 0, "conditioning_1"], [encode(graph, "a cat"), 0, "conditioning_2"],
  );
  sampler(graph, applied, combine);
  const strange = between(graph, "PromptFromWildcards", { clip: "CLIP", seed: "INT" }, { [COND]: COND });
  sampler(graph, applied, strange);
  sampler(graph, applied, null);
  sampler(graph, applied, encode(graph, "a {red|blue} dog"));
  assert.deepEqual(texts(own), [[undefined, [["a dog", "a cat"], [undefined], [undefined], [undefined]]]]);
});

test("a guider's prompt counts as a sampler's", () => {
  const graph = newGraph();
  const own = layout(graph);
  between(
    graph, "BasicGuider", { model: "MODEL", conditioning: COND }, { GUIDER: "GUIDER" },
    [apply(graph, own), 0, "model"], [encode(graph, "a dog"), 0, "conditioning"],
  );
  assert.deepEqual(texts(own), [[undefined, [["a dog"]]]]);
});

test("nodes that do not run are passed over", () => {
  for (const mode of [MUTED, BYPASSED]) {
    const graph = newGraph();
    const own = layout(graph);
    sampler(graph, apply(graph, own), encode(graph, "a dog"), 0, { mode });
    assert.deepEqual(texts(own), [[undefined, []]]);
  }
});

test("Auto Layout's prompt, and the sampler that takes it from there", () => {
  const graph = newGraph();
  const own = layout(graph);
  const applied = apply(graph, own);
  const auto = autoLayout(graph, "a dog");
  link(auto, 0, applied, "auto_layout");
  sampler(graph, applied, auto, 1);
  assert.deepEqual(texts(own), [["a dog", [["a dog"]]]]);
});

test("into and out of subgraphs", () => {
  const graph = newGraph();
  const subgraph = newSubgraph(graph, { layout: "MSD_LAYOUT", text: "STRING" }, { MODEL: "MODEL", positive: COND });
  const applied = add(subgraph, "ApplyMSDiffusion", {
    inputs: { model: "MODEL", layout: "MSD_LAYOUT" }, outputs: { MODEL: "MODEL" },
  });
  const inner = encode(subgraph, "own");
  linkIn(subgraph, 0, applied, "layout");
  linkIn(subgraph, 1, inner, "text");
  linkOut(applied, 0, subgraph, 0);
  linkOut(inner, 0, subgraph, 1);
  const own = layout(graph);
  const outer = stand(graph, subgraph);
  link(own, 0, outer, "layout");
  link(add(graph, "PrimitiveString", { outputs: { STRING: "STRING" }, widgets: { value: "a dog" } }), 0, outer, "text");
  sampler(graph, outer, outer, 1);
  assert.deepEqual(texts(own), [[undefined, [["a dog"]]]]);
});

test("models that are merged in a long row are looked at once each", () => {
  const graph = newGraph();
  const own = layout(graph);
  let model = add(graph, "Checkpoint", { outputs: { MODEL: "MODEL" } });
  for (let count = 0; count < 40; count++) {
    model = between(
      graph, "ModelMerge", { model1: "MODEL", model2: "MODEL" }, { MODEL: "MODEL" },
      [model, 0, "model1"], [model, 0, "model2"],
    );
  }
  apply(graph, own);
  sampler(graph, model, encode(graph, "a dog"));
  assert.deepEqual(texts(own), [[undefined, []]]);
});

test("words are written where the text stands, once", () => {
  const graph = newGraph();
  const own = layout(graph);
  const text = add(graph, "PrimitiveString", { outputs: { STRING: "STRING" }, widgets: { value: "a cat" } });
  const applied = apply(graph, own);
  const [auto, prompt] = [autoLayout(graph, "own"), encode(graph, "own")];
  link(text, 0, auto, "prompt");
  link(text, 0, prompt, "text");
  link(auto, 0, applied, "auto_layout");
  sampler(graph, applied, prompt);
  mend(placeOf(own), "absent", [DOG], 0);
  assert.equal(text.widgets[0].value, "a cat, dog");
  assert.deepEqual([auto, prompt].map((node) => node.widgets[0].value), ["own", "own"]);
});

test("words are written into Auto Layout's prompt and the sampled one, which stay the same", () => {
  const graph = newGraph();
  const own = layout(graph);
  const applied = apply(graph, own);
  const [auto, prompt] = [autoLayout(graph, "a cat"), encode(graph, "a cat")];
  link(auto, 0, applied, "auto_layout");
  sampler(graph, applied, prompt);
  mend(placeOf(own), "absent", [DOG], 0);
  assert.deepEqual(texts(own), [["a cat, dog", [["a cat, dog"]]]]);
});

test("Auto Layout gets the prompt that is sampled", () => {
  const graph = newGraph();
  const own = layout(graph);
  const applied = apply(graph, own);
  const [auto, prompt] = [autoLayout(graph, "a cat"), encode(graph, "a dog")];
  link(auto, 0, applied, "auto_layout");
  sampler(graph, applied, prompt);
  mend(placeOf(own), "otherPrompt", [], -1);
  assert.deepEqual(texts(own), [["a dog", [["a dog"]]]]);
});
