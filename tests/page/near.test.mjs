// That the comparison of the other files can fail.

import assert from "node:assert/strict";
import test from "node:test";

import { near } from "./near.mjs";

test("what is equal up to a rounding passes", () => {
  near(0.1 + 0.2, 0.3);
  near([[0.5, 1]], [[0.50005, 1]]);
  near({ boxes: [], selected: -1 }, { boxes: [], selected: -1 });
});

test("what differs does not", () => {
  const pairs = [
    [0.3, 0.301],
    [[0.1], [0.1, 0.2]],
    [[0.1, 0.2], [0.1]],
    [[], {}],
    [{ a: 1 }, { a: 1, b: 1 }],
    [null, 0],
    [NaN, 0],
    [undefined, []],
    ["n", "s"],
  ];
  for (const [one, other] of pairs) assert.throws(() => near(one, other), assert.AssertionError);
});
