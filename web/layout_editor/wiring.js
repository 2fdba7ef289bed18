// Where dropped pictures go in the graph: first it is planned, which changes nothing and refuses
// what cannot be done; then it is done at once.

import { checkExchange, exchangePicture } from "./exchange.js";
import { appendLine, encoderOf, subjectsOf } from "./graph.js";
import { isLinked, origin } from "./links.js";
import { addLoader } from "./loader.js";
import { joinLayout, makeEncoder, takersOf } from "./new_encoder.js";
import { Refusal } from "./refusal.js";
import { widget } from "./values.js";

const PICTURE = /^image_\d+$/;
const NEW_PICTURES = 4; // that a new Encode Subjects takes

/**
 * What pictures that are dropped on a layout's box are to become.
 *
 * @param names those of the subjects in the last run, for what only a run tells.
 * @param index of the box, -1 for none: that of the first picture. The others are added.
 * @returns for each its `subject`, an index, and what `wire` needs; or a Refusal.
 */
export function plan({ node: layout, within }, names, index, count) {
  const taker = [layout, ...takersOf(layout)].find((node) => isLinked(node, "subjects"));
  const place = { node: taker, within };
  const subjects = taker ? subjectsOf(place, names) : [];
  if (subjects.some((one) => one.unknown && !one.name)) throw new Refusal("runFirst");
  const last = taker ? encoderOf(place) : null;
  if (taker && !last) throw new Refusal("noEncoder");
  const meant = subjects[index];
  if (meant?.unknown) throw new Refusal("pictureElsewhere", index + 1);
  if (meant?.input.name) checkExchange(meant.input);
  const found = { layout, subjects };
  const first = meant?.input.name
    ? { layout, subject: index, replaced: meant.input }
    : addition(found, meant?.input.place ?? last, 0);
  if (meant && first.subject !== index) {
    throw new Refusal("pictureFirst", subjects[first.subject].name);
  }
  const ahead = first.replaced ? 0 : 1;
  const rest = Array.from({ length: count - 1 }, (_, more) => addition(found, last, more + ahead));
  return [first, ...rest];
}

/** The picture after those that an Encode Subjects has, and after those that are planned before. */
function addition({ layout, subjects }, encoder, ahead) {
  if (!encoder) {
    if (ahead >= NEW_PICTURES) throw new Refusal("full", NEW_PICTURES);
    return { layout, subject: ahead, encoder, input: `image_${ahead + 1}`, named: false };
  }
  const { node } = encoder;
  const inputs = node.inputs.map(({ name }) => name).filter((name) => PICTURE.test(name));
  const used = inputs.findLastIndex((name) => isLinked(node, name));
  const input = inputs[used + 1 + ahead];
  if (!input) throw new Refusal("full", inputs.length);
  const own = subjects.filter((one) => one.input?.place.node === node);
  const coming = inputs.filter((name) => origin(encoder, name)).length;
  const fresh = used < 0 && isUntouched(node);
  const lines = fresh ? 0 : own.length;
  const named = coming + ahead < lines;
  if (!named && isLinked(node, "phrases")) throw new Refusal("phrasesLinked");
  if (coming > lines) throw new Refusal("uneven", coming, lines);
  const before = own.length ? subjects.indexOf(own[0]) : subjects.length;
  return { layout, subject: before + coming + ahead, encoder, input, named, fresh };
}

/** Whether Encode Subjects still has the text that a new one comes with, which names no picture. */
function isUntouched(node) {
  const phrases = node.constructor.nodeData?.input?.required?.phrases?.[1]?.default;
  return !isLinked(node, "phrases") && widget(node, "phrases").value === phrases;
}

/**
 * Does what is planned.
 *
 * @param pictures for each plan its `file`, as Load Image names it, and a `name` for its subject.
 * @returns what is to be said of it: lists of a key of texts.js and its values.
 */
export function wire(plans, pictures) {
  const { layout } = plans[0];
  const notes = [];
  let made = null;
  plans.forEach((one, number) => {
    const { file, name } = pictures[number];
    if (one.replaced) return notes.push(...exchangePicture(one.replaced, file));
    const encoder = one.encoder?.node ?? (made ??= makeEncoder(layout, notes));
    const loader = addLoader(encoder, file);
    loader.connect(0, encoder, encoder.findInputSlot(one.input));
    if (!one.named) appendLine(encoder, name, one.fresh && number === 0);
  });
  if (!made) joinLayout(layout);
  return notes;
}
