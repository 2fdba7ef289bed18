// What the list's chips say, from plain data.

import assert from "node:assert/strict";
import test from "node:test";

import { chipsOf } from "../../web/layout_editor/chips.js";

const LEFT = [0.1, 0.2, 0.4, 0.6];
const RIGHT = [0.6, 0.2, 0.9, 0.6];
const TINY = [0.5, 0.5, 0.51, 0.51];
const DOG = { name: "dog", image: null };
const CAT = { name: "cat", image: null };
const known = (text, fixed = false) => ({ text, fixed });
const samples = (...texts) => ({ auto: null, sampled: [texts.map((text) => known(text))] });

/** The chips' kinds by row, "!" behind those of what would fail and "." behind what has no click. */
function said({ boxes = [LEFT, RIGHT], subjects = [DOG, CAT], prompts = [], ...more }) {
  const size = [1024, 1024];
  const view = { boxes, subjects, size, prompts, readOnly: false, faulty: false, ...more };
  const told = (chips) => chips.map(({ kind, fails, mends }) => kind + (fails ? "!" : "") + (mends ? "" : "."));
  const { rows, all } = chipsOf(view);
  return [...rows.map((chips) => told(chips).join(" ")), ...told(all)];
}

test("where nothing is wrong nothing is said", () => {
  assert.deepEqual(said({}), ["", ""]);
  assert.deepEqual(said({ prompts: [samples("a dog and a cat")] }), ["", ""]);
  assert.deepEqual(said({ boxes: [], subjects: [] }), []);
});

test("boxes without a subject, and subjects without a box", () => {
  assert.deepEqual(said({ boxes: [LEFT, RIGHT, LEFT] }), ["", "", "noSubject!"]);
  assert.deepEqual(said({ boxes: [LEFT] }), ["", "noBox!"]);
  assert.deepEqual(said({ boxes: [] }), ["noBox!", "noBox!"]);
});

test("how many subjects there are is not guessed", () => {
  const unknown = { name: "", image: null, unknown: true };
  for (const subjects of [[], [unknown], [DOG, unknown]]) {
    assert.deepEqual(said({ boxes: [LEFT, RIGHT, LEFT], subjects }), ["", "", ""]);
  }
  assert.deepEqual(said({ boxes: [LEFT], faulty: true }), [""]); // the text is being mended
  assert.deepEqual(said({ boxes: [LEFT], readOnly: true }), [""]); // others give the boxes
});

test("a box smaller than a cell, but not a scene's, which is the whole picture", () => {
  assert.deepEqual(said({ boxes: [TINY, RIGHT] }), ["tooSmall", ""]);
  assert.deepEqual(said({ boxes: [TINY, RIGHT], subjects: [{ ...DOG, everywhere: true }, CAT] }), ["", ""]);
});

test("what is wrong with a mask", () => {
  const subjects = [{ ...DOG, mask: "insideOut" }, { ...CAT, mask: "emptyMask" }];
  assert.deepEqual(said({ subjects }), ["insideOut", "emptyMask!"]);
  subjects[0].maskFixed = true;
  assert.deepEqual(said({ subjects }), ["insideOut.", "emptyMask!"]);
});

test("a phrase that is not in the prompt may be wrong, and fails with Auto Layout", () => {
  assert.deepEqual(said({ prompts: [samples("a dog")] }), ["", "absent"]);
  const auto = { auto: known("a dog"), sampled: [[known("a dog")]] };
  assert.deepEqual(said({ prompts: [auto] }), ["", "absent!"]);
  assert.deepEqual(said({ prompts: [samples("a dog and a cat"), samples("a cat")] }), ["absent", ""]);
});

test("in combined prompts a phrase may stand in any", () => {
  assert.deepEqual(said({ prompts: [samples("a dog", "a cat")] }), ["", ""]);
  assert.deepEqual(said({ prompts: [samples("a dog", "a bird")] }), ["", "absent"]);
});

test("where a text is not known there is no chip", () => {
  const half = { auto: null, sampled: [[known("a dog"), known(undefined)]] };
  for (const prompts of [[samples(undefined)], [half], [{ auto: null, sampled: [] }]]) {
    assert.deepEqual(said({ prompts }), ["", ""]);
  }
});

test("two subjects of the same name need their words twice only in Auto Layout", () => {
  const subjects = [DOG, DOG];
  assert.deepEqual(said({ subjects, prompts: [samples("two dogs")] }), ["", ""]);
  const auto = { auto: known("two dogs"), sampled: [] };
  assert.deepEqual(said({ subjects, prompts: [auto] }), ["tooFew!", "tooFew!"]);
});

test("subjects that do not act, or whose names are not known, need no words", () => {
  for (const more of [{ off: true }, { unknown: true }, { name: "" }]) {
    const subjects = [DOG, { ...CAT, ...more }];
    assert.deepEqual(said({ subjects, prompts: [samples("a dog")] }), ["", ""]);
  }
});

test("what cannot be written has no click", () => {
  const prompts = [{ auto: null, sampled: [[known("a dog", true)]] }];
  assert.deepEqual(said({ prompts }), ["", "absent."]);
});

test("Auto Layout with another prompt than the one that is sampled", () => {
  const with_ = (auto, ...sampled) => said({ subjects: [], prompts: [{ auto, sampled }] });
  assert.deepEqual(with_(known("a dog"), [known("a cat")]), ["", "", "otherPrompt!"]);
  assert.deepEqual(with_(known("a dog", true), [known("a cat")]), ["", "", "otherPrompt!."]);
  assert.deepEqual(with_(known("a dog"), [known("a  DOG\n")]), ["", ""]);
  assert.deepEqual(with_(known("a dog"), [known(undefined)]), ["", ""]);
  assert.deepEqual(with_(known(undefined), [known("a dog")]), ["", ""]);
  assert.deepEqual(with_(known("a dog"), [known("a dog")], [known("a cat")]), ["", "", "otherPrompt!"]);
});

const words = (lines, more = {}) => ({ words: { lines, fixed: null, needsArea: true, ...more } });

test("each box has a line of words", () => {
  assert.deepEqual(said({ subjects: [], ...words(["a mug", ""]) }), ["", ""]);
  assert.deepEqual(said({ subjects: [], ...words(["a mug", "a hat", "", ""]) }), ["", ""]);
  assert.deepEqual(said({ subjects: [], ...words(["a mug"]) }), ["", "", "fewLines!"]);
  assert.deepEqual(said({ subjects: [], ...words(["a", "b", "c"]) }), ["", "", "moreLines!"]);
  assert.deepEqual(said({ subjects: [], ...words(["", " "]) }), ["", "", "noWords!."]);
  assert.deepEqual(said({ ...words(["a dog", "a cat", "c"]) }), ["", "", "lostLines!"]);
  const fixed = { fixed: "wordsElsewhere" };
  assert.deepEqual(said({ subjects: [], ...words(["a mug"], fixed) }), ["", "", "fewLines!."]);
});

test("lines that only a run tells, or boxes that others give, are not counted", () => {
  for (const change of [words(undefined), { ...words(["a"]), readOnly: true }, { words: null }]) {
    assert.deepEqual(said({ subjects: [], ...change }), ["", ""]);
  }
});

test("words in a box without an area fail, but not where its area is found, nor a scene's", () => {
  const boxes = [LEFT, [0, 0, 0, 0]];
  const told = (more) => said({ boxes, subjects: [], ...words(["a mug", "a hat"]), ...more });
  assert.deepEqual(told({}), ["", "wordsNowhere!"]);
  assert.deepEqual(told(words(["a mug", ""])), ["", ""]);
  assert.deepEqual(told(words(["a mug", "a hat"], { needsArea: false })), ["", ""]);
  assert.deepEqual(told({ acting: [{}, { everywhere: true }] }), ["", ""]);
});

test("a box's words that do not name its subject may be wrong", () => {
  assert.deepEqual(said({ ...words(["a brown dog", "on grass"]) }), ["", "unnamed"]);
  assert.deepEqual(said({ ...words(["dogs", ""]) }), ["", ""]);
  assert.deepEqual(said({ ...words(["dog", "grass"], { fixed: "wordsElsewhere" }) }), ["", "unnamed."]);
  assert.deepEqual(said({ subjects: [DOG, { ...CAT, off: true }], ...words(["dog", "grass"]) }), ["", ""]);
});
