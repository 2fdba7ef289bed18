// The example pictures that a workflow names.

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import test from "node:test";

import { EXAMPLES, missing } from "../../web/example_pictures/named.js";

const CAT = "msdiffusion_cat.jpg", COFFEE = "msdiffusion_coffee.jpg";

function loads(name) {
  return { type: "LoadImage", widgets_values: [name, "image"] };
}

test("every picture that lies there is an example, and no other", () => {
  const files = readdirSync(new URL("../../web/example_pictures", import.meta.url));
  assert.deepEqual(EXAMPLES, files.filter((name) => name.endsWith(".jpg")).sort());
});

test("only pictures that are named and not yet there are missing, each once", () => {
  const workflow = { nodes: [loads(COFFEE), loads(CAT), loads(CAT), loads("my_cat.jpg")] };
  assert.deepEqual(missing(workflow, new Set()), [CAT, COFFEE]);
  assert.deepEqual(missing(workflow, new Set([CAT])), [COFFEE]);
});

test("nodes in subgraphs count, and values by name", () => {
  const inside = { nodes: [{ widgets_values: { image: CAT } }] };
  assert.deepEqual(missing({ nodes: [], definitions: { subgraphs: [inside] } }, new Set()), [CAT]);
});

test("a workflow without any of it is missing nothing", () => {
  for (const workflow of [undefined, {}, { nodes: [{}, null] }, { nodes: [loads(7)] }]) {
    assert.deepEqual(missing(workflow, new Set()), []);
  }
});
