// How the subject of each box acts, as far as the layout says it: the node's value `options`. An
// entry a box, with any of weight, start_percent, end_percent, enabled and everywhere. Pure.

import { BoxError } from "./boxes.js";

export const MOST_WEIGHT = 3;
const SCENE_WEIGHT = 0.4; // the authors' advice where a subject covers the whole picture
const share = (most) => (value) => Number.isFinite(value) && value >= 0 && value <= most;
const isSwitch = (value) => typeof value === "boolean";
const ALLOWED = {
  weight: share(MOST_WEIGHT),
  start_percent: share(1),
  end_percent: share(1),
  enabled: isSwitch,
  everywhere: isSwitch,
};

/** Options from the node's value; the same rules as in Python. */
export function parseOptions(text) {
  if (!text.trim()) return [];
  let rows;
  try {
    rows = JSON.parse(text);
  } catch {
    throw new BoxError("noOptions");
  }
  if (!Array.isArray(rows) || !rows.every(isEntry)) throw new BoxError("noOptions");
  return rows;
}

function isEntry(row) {
  if (!row || typeof row !== "object" || Array.isArray(row)) return false;
  const { start_percent: start = 0, end_percent: end = 1 } = row;
  return start <= end && Object.entries(row).every(
    ([name, value]) => Object.hasOwn(ALLOWED, name) && ALLOWED[name](value),
  );
}

/** The node's value; none where nothing is said. */
export function formatOptions(options) {
  const last = options.findLastIndex((one) => one && Object.keys(one).length);
  const rows = Array.from({ length: last + 1 }, (_, index) => options[index] ?? {});
  return rows.length ? JSON.stringify(rows) : "";
}

/**
 * How the subject of a box acts: what its entry says, else what the nodes before do.
 *
 * @param subject as in host.js, if there is one.
 * @returns `enabled`, `everywhere`, `start_percent` and `end_percent`; `weight`, undefined where
 *   neither says one.
 */
export function actingOf(subject, option) {
  const { weight, start_percent = 0, end_percent = 1, everywhere, off } = subject ?? {};
  const own = { weight, start_percent, end_percent, everywhere: Boolean(everywhere), enabled: !off };
  return { ...own, ...option };
}

/**
 * The options with others for one box. What equals what the subject says itself is not written, and
 * what is undefined is taken out.
 */
export function changedOptions(options, index, subject, changes) {
  const own = actingOf(subject);
  const entry = { ...options[index] };
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined || value === own[name]) delete entry[name];
    else entry[name] = value;
  }
  const length = Math.max(options.length, index + 1);
  return Array.from({ length }, (_, at) => (at === index ? entry : options[at] ?? {}));
}

/** What makes a subject the scene, or takes that back: `changes` for changedOptions. */
export function sceneToggled(acting, option = {}) {
  if (!acting.everywhere) {
    return acting.weight === undefined ? { everywhere: true, weight: SCENE_WEIGHT } : { everywhere: true };
  }
  return option.weight === SCENE_WEIGHT ? { everywhere: false, weight: undefined } : { everywhere: false };
}

/** A time that is changed at one end; the other end gives way. */
export function timeChanged({ start_percent: start, end_percent: end }, name, value) {
  if (name === "start_percent") return { start_percent: value, end_percent: Math.max(value, end) };
  return { start_percent: Math.min(start, value), end_percent: value };
}
