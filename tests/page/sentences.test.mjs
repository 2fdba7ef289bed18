// An error's text, parted into what is wrong and what to do.

import assert from "node:assert/strict";
import test from "node:test";

import { sentences } from "../../web/error_box/sentences.js";

const ENDS = [
  ["phrases: 3 came (cat; mug. hat) for 2 pictures; write one line for each; not two. Please\n",
    ["phrases: 3 came (cat; mug. hat) for 2 pictures", "write one line for each; not two. Please"]],
  ["weight: nan came. Expected a number", ["weight: nan came", "Expected a number"]],
  ['weights: "0.5; 1. x" came; expected numbers', ['weights: "0.5; 1. x" came', "expected numbers"]],
  ["box 1 is 'a; b. c'; expected four", ["box 1 is 'a; b. c'", "expected four"]],
  ["it's the subjects' mask; take the model's", ["it's the subjects' mask", "take the model's"]],
  ["boxes: [[0; 0. 1]] came; expected x", ["boxes: [[0; 0. 1]] came", "expected x"]],
  ["weight 0.6 of v1.5 is too strong", ["weight 0.6 of v1.5 is too strong", ""]],
  ["", ["", ""]],
];

for (const [text, expected] of ENDS) {
  test(`parted: ${text}`, () => assert.deepEqual(sentences(text), expected));
}
