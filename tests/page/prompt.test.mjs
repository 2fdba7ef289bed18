// Whether a phrase stands in a prompt: the cases that Python is tested with, too.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { isSentAsIs, isSameText, lacking, withPhrase } from "../../web/layout_editor/prompt.js";

const CASES = JSON.parse(readFileSync(new URL("../phrases.json", import.meta.url), "utf-8"));

for (const { prompt, names, lacking: expected } of CASES) {
  test(`${names.join(" and ")} in "${prompt}"`, () => {
    assert.deepEqual(lacking(prompt, names), expected);
  });
}

test("a phrase is written behind a prompt, where it is then found", () => {
  const cases = {
    "": "dog", "  \n": "dog", "a cat": "a cat, dog", "a cat, ": "a cat, dog", "a (cat": "a (cat, dog",
  };
  for (const [prompt, expected] of Object.entries(cases)) {
    assert.equal(withPhrase(prompt, "dog"), expected);
    assert.deepEqual(lacking(expected, ["dog"]), [0]);
  }
});

test("every phrase that lacks is found once it was written as often as it lacks", () => {
  for (const { prompt, names } of CASES) {
    let text = prompt;
    for (let tries = 0; tries < 2 * names.length; tries++) {
      const index = lacking(text, names).findIndex(Boolean);
      if (index >= 0) text = withPhrase(text, names[index]);
    }
    assert.deepEqual(lacking(text, names), names.map(() => 0), text);
  }
});

test("prompts are the same by their words and weights", () => {
  const same = [["a dog", "A  dog\n"], ["(dog:1.0)", "dog"], ["a, (red:1.2)", "a , (red:1.20)"]];
  for (const [one, other] of same) assert.ok(isSameText(one, other), other);
  const others = [["a dog", "a dogs"], ["(dog:1.1)", "dog"], ["a dog", "a dog,"], ["", "a"]];
  for (const [one, other] of others) assert.ok(!isSameText(one, other), other);
});

test("what the page fills in when it sends a prompt is not known before", () => {
  assert.ok(isSentAsIs("a (red:1.2) dog / cat"));
  for (const prompt of ["a {red|blue} dog", "a dog // big", "a /* big */ dog"]) {
    assert.ok(!isSentAsIs(prompt), prompt);
  }
});
