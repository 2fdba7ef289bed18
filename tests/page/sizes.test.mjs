// Sizes of the picture.

import assert from "node:assert/strict";
import test from "node:test";

import { SIZES, sizeLike } from "../../web/layout_editor/sizes.js";

test("ready sizes have about the pixels that SDXL was trained with, in cells of the latent", () => {
  for (const [name, [width, height]] of Object.entries(SIZES)) {
    const [across, down] = name.split(":").map(Number);
    assert.ok(Math.abs(width / height / (across / down) - 1) < 0.05, name);
    assert.ok(Math.abs((width * height) / 1024 ** 2 - 1) < 0.07, name);
    assert.deepEqual([width % 64, height % 64], [0, 0], name);
  }
});

test("a size like a picture's has its aspect", () => {
  for (const size of [[1024, 1024], [4032, 3024], [300, 451], [64, 64], [1920, 1080]]) {
    const [width, height] = sizeLike(size);
    assert.deepEqual([width % 8, height % 8], [0, 0]);
    assert.ok(Math.abs(width / height / (size[0] / size[1]) - 1) < 0.02, `${size}`);
    assert.ok(Math.abs((width * height) / 1024 ** 2 - 1) < 0.02, `${size}`);
  }
});
