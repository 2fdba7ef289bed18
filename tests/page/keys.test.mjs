// What keys ask for, and which are left to the page.

import assert from "node:assert/strict";
import test from "node:test";

import { askedBy } from "../../web/layout_editor/keys.js";
import { near } from "./near.mjs";

const A = [0.1, 0.2, 0.4, 0.6];
const B = [0.58, 0.3, 0.9, 0.85];
const NO_AREA = [0, 0, 0, 0];

function press(key, selected, { shift = false, ctrl = false, ...changes } = {}) {
  const layout = { boxes: [A, B], selected, readOnly: false, all: false, size: [1024, 512] };
  return askedBy({ key, shift, ctrl }, { ...layout, ...changes });
}

test("Tab goes through the boxes and Shift+Tab back, and both leave behind the last one", () => {
  const boxes = [A, B, A];
  const reached = [-1, 0, 1, 2].map((from) => press("Tab", from, { boxes }));
  assert.deepEqual(reached.map((asked) => asked?.choose.selected), [0, 1, 2, undefined]);
  const back = [-1, 0, 1, 2].map((from) => press("Tab", from, { boxes, shift: true }));
  assert.deepEqual(back.map((asked) => asked?.choose.selected), [2, undefined, 0, 1]);
  assert.equal(press("Tab", -1, { boxes: [] }), null);
  assert.equal(press("Tab", -1, { boxes: [], shift: true }), null);
});

test("Escape lets go of the box and then of the keyboard", () => {
  assert.deepEqual(press("Escape", 1), { choose: { selected: -1 } });
  assert.deepEqual(press("Escape", -1), { leave: true });
});

test("Ctrl+A selects all boxes; then arrows and Delete act on all", () => {
  for (const key of ["a", "A"]) {
    assert.deepEqual(press(key, -1, { ctrl: true }), { choose: { selected: 0, all: true } });
    assert.deepEqual(press(key, 1, { ctrl: true }), { choose: { selected: 1, all: true } });
  }
  const none = { choose: { selected: -1, all: false } };
  assert.deepEqual(press("a", -1, { ctrl: true, boxes: [] }), none); // and no text of the page
  const after = press("ArrowRight", 0, { all: true, shift: true }).commit;
  near(after.boxes, [[0.1625, 0.2, 0.4625, 0.6], [0.6425, 0.3, 0.9625, 0.85]]);
  assert.equal(after.all, true);
  assert.deepEqual(press("Delete", 0, { all: true }).commit.boxes, []);
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
    assert.deepEqual(press(key, 0).commit.boxes, [B]);
  }
});

test("Ctrl+D duplicates the selected box", () => {
  for (const key of ["d", "D"]) {
    const { commit } = press(key, 0, { ctrl: true });
    near(commit, { boxes: [A, B, [0.14, 0.24, 0.44, 0.64]], selected: 2, copyOf: 0 });
  }
});

test("other keys are left to the page, and all that would change nothing", () => {
  for (const key of ["d", "a", "Enter", "F5"]) assert.equal(press(key, 0), null, key);
  for (const key of ["z", "ArrowLeft"]) assert.equal(press(key, 0, { ctrl: true }), null, key);
  for (const key of ["Delete", "Backspace", "ArrowLeft"]) assert.equal(press(key, -1), null, key);
  assert.equal(press("d", -1, { ctrl: true }), null);
  assert.equal(press("ArrowLeft", 0, { boxes: [NO_AREA] }), null);
});

test("where others give the boxes, keys select but change nothing", () => {
  assert.deepEqual(press("Tab", 0, { readOnly: true }), { choose: { selected: 1 } });
  assert.deepEqual(press("Escape", 0, { readOnly: true }), { choose: { selected: -1 } });
  for (const key of ["Delete", "ArrowLeft"]) assert.equal(press(key, 0, { readOnly: true }), null);
});
