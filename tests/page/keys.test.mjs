// What keys ask for, and which are left to the page.

import assert from "node:assert/strict";
import test from "node:test";

import { askedBy } from "../../web/layout_editor/keys.js";
import { near } from "./near.mjs";

const A = [0.1, 0.2, 0.4, 0.6];
const B = [0.58, 0.3, 0.9, 0.85];
const NO_AREA = [0, 0, 0, 0];

function press(key, selected, { boxes = [A, B], readOnly = false, shift = false, ctrl = false } = {}) {
  return askedBy({ key, shift, ctrl }, { boxes, selected, readOnly, size: [1024, 512] });
}

test("Tab goes round the boxes and Shift+Tab back", () => {
  const boxes = [A, B, A];
  const reached = [-1, 0, 1, 2].map((from) => press("Tab", from, { boxes }).choose);
  assert.deepEqual(reached, [0, 1, 2, 0]);
  const back = [-1, 0, 1, 2].map((from) => press("Tab", from, { boxes, shift: true }).choose);
  assert.deepEqual(back, [2, 2, 0, 1]);
  assert.equal(press("Tab", -1, { boxes: [] }), null); // on to the next element of the page
});

test("Escape lets go of the box and then of the keyboard", () => {
  assert.deepEqual(press("Escape", 1), { choose: -1 });
  assert.deepEqual(press("Escape", -1), { leave: true });
});

test("arrows nudge by eight pixels of the picture and with Shift by 64", () => {
  const moves = {
    ArrowRight: [[0.1078, 0.2, 0.4078, 0.6], [0.1625, 0.2, 0.4625, 0.6]],
    ArrowLeft: [[0.0922, 0.2, 0.3922, 0.6], [0.0375, 0.2, 0.3375, 0.6]],
    ArrowDown: [[0.1, 0.2156, 0.4, 0.6156], [0.1, 0.325, 0.4, 0.725]],
    ArrowUp: [[0.1, 0.1844, 0.4, 0.5844], [0.1, 0.075, 0.4, 0.475]],
  };
  for (const [key, [small, large]] of Object.entries(moves)) {
    near(press(key, 0), { commit: { boxes: [small, B], selected: 0 } });
    near(press(key, 0, { shift: true }), { commit: { boxes: [large, B], selected: 0 } });
  }
});

test("Delete and Backspace remove the selected box", () => {
  for (const key of ["Delete", "Backspace"]) {
    assert.deepEqual(press(key, 0), { commit: { boxes: [B], selected: 0 } });
  }
});

test("Ctrl+D duplicates the selected box", () => {
  for (const key of ["d", "D"]) {
    const { commit } = press(key, 0, { ctrl: true });
    near(commit, { boxes: [A, B, [0.14, 0.24, 0.44, 0.64]], selected: 2 });
  }
});

test("other keys are left to the page, and all that would change nothing", () => {
  for (const key of ["d", "a", "Enter", "F5"]) assert.equal(press(key, 0), null, key);
  for (const key of ["a", "z", "ArrowLeft"]) assert.equal(press(key, 0, { ctrl: true }), null, key);
  for (const key of ["Delete", "Backspace", "ArrowLeft"]) assert.equal(press(key, -1), null, key);
  assert.equal(press("d", -1, { ctrl: true }), null);
  assert.equal(press("ArrowLeft", 0, { boxes: [NO_AREA] }), null);
});

test("where others give the boxes, keys select but change nothing", () => {
  assert.deepEqual(press("Tab", 0, { readOnly: true }), { choose: 1 });
  assert.deepEqual(press("Escape", 0, { readOnly: true }), { choose: -1 });
  for (const key of ["Delete", "ArrowLeft"]) assert.equal(press(key, 0, { readOnly: true }), null);
});
