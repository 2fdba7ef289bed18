// The subjects that the nodes linked to Layout Boxes give it.

import { isLinked, origin } from "./links.js";
import { referenceOf } from "./references.js";
import { setValue, valueOf, widget } from "./values.js";

const DEEPEST = 32; // nodes that are asked one after another; a graph may be a loop for a moment
const PASSING = new Set(["SubjectOptions", "BackgroundSubject", "SaveSubjects"]);
const UNKNOWN = { name: "", image: null, unknown: true, fixed: true };

/**
 * The subjects that reach the input `subjects` of the node at a place, in their order.
 *
 * @param names those of all the subjects in the last run, for what only a run tells.
 * @returns a list of `name`, `image` (or null), `everywhere`; `line`, where the name is a line that
 *   can be changed; `fixed`, where it cannot; `input`, the `place` of its Encode Subjects and the
 *   `name` of the input for its picture, null where none comes; `unknown`, where only a run tells:
 *   before the first one it has no name, and stands for any number of subjects; `off`, where it does
 *   not act; its `weight`, `start_percent` and `end_percent`, where it has its own; `mask`, what is wrong with its mask, and `from`, the node and input of its picture.
 */
export function subjectsOf(place, names = []) {
  const found = given(place, 1, DEEPEST);
  const unknown = found.filter((one) => one.unknown).length;
  if (!unknown || names.length < found.length) return found;
  if (unknown > 1 && names.length > found.length) return found; // how many are whose?
  const all = given(place, names.length - found.length + 1, DEEPEST);
  return all.map((one, index) => (one.unknown ? { ...one, name: names[index] } : one));
}

/** The place of the Encode Subjects that gives the last of a place's subjects; null: another does. */
export function encoderOf(place) {
  let from = origin(place, "subjects");
  for (let steps = DEEPEST; steps > 0 && PASSING.has(from?.node?.type); steps--) {
    from = origin(from, "subjects");
  }
  return from?.node?.type === "EncodeSubjects" ? from : null;
}

/** @param room how many subjects the nodes give of which only a run tells. */
function given(place, room, depth) {
  const from = origin(place, "subjects");
  if (!from?.node || depth <= 0) return [];
  if (PASSING.has(from.node.type)) {
    const subjects = given(from, room, depth - 1);
    const number = valueOf(from, "number");
    const changed = changesOf(from);
    return subjects.map((one, index) => (index === number - 1 ? { ...one, ...changed } : one));
  }
  if (from.node.type !== "EncodeSubjects") return Array(room).fill(UNKNOWN);
  return [...given(from, room, depth - 1), ...encoded(from, room)];
}

/** What a node on the way makes of the subject with its number. */
function changesOf(place) {
  const values = (...names) => Object.fromEntries(names.map((name) => [name, valueOf(place, name)]));
  if (place.node.type === "BackgroundSubject") return { everywhere: true, ...values("weight") };
  if (place.node.type !== "SubjectOptions") return {};
  const timed = values("weight", "start_percent", "end_percent");
  return { ...timed, off: valueOf(place, "enabled") === false };
}

/** The subjects of Encode Subjects at a place: a line for each picture that comes. */
function encoded(place, room) {
  const { node } = place;
  const phrases = valueOf(place, "phrases");
  if (phrases === undefined) return Array(room).fill(UNKNOWN);
  const text = String(phrases ?? "").trimEnd();
  const fixed = isLinked(node, "phrases");
  const pictures = node.inputs.map((one) => one.name).filter((name) => /^image_\d+$/.test(name));
  const coming = pictures.filter((name) => origin(place, name));
  return (text ? text.split(/\r?\n/) : []).map((name, line) => ({
    name: name.trim(),
    ...(coming[line] ? referenceOf(place, coming[line], line) : { image: null }),
    line: fixed ? null : { node, number: line },
    input: { place, name: coming[line] ?? null },
    fixed,
  }));
}

/** Writes a new phrase into its line of Encode Subjects; an empty one changes nothing. */
export function rewriteLine({ node, number }, phrase) {
  const phrases = widget(node, "phrases");
  if (!phrase) return;
  const lines = phrases.value.split(/\r?\n/);
  lines[number] = phrase;
  write(phrases, lines);
}

/** Adds a phrase to Encode Subjects, or makes it the only one. */
export function appendLine(node, phrase, alone = false) {
  const phrases = widget(node, "phrases");
  const text = alone ? "" : phrases.value.trimEnd();
  write(phrases, text ? [...text.split(/\r?\n/), phrase] : [phrase]);
}

function write(phrases, lines) {
  setValue(phrases, lines.join("\n"));
}
