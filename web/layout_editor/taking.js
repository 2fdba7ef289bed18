// Takes pictures that were dropped or pasted into the graph.

import { formatBoxes } from "./boxes.js";
import { formatOptions } from "./options.js";
import { Step } from "./history.js";
import { suggestedName } from "./naming.js";
import { picturesOf } from "./received.js";
import { following, newBox, withBox } from "./spots.js";
import { aspectOf, upload } from "./upload.js";
import { plan, wire } from "./wiring.js";

/**
 * Uploads pictures, and makes each the picture of a subject with a box. A Refusal before anything
 * has been changed says why not.
 *
 * @param place of Layout Boxes; `names` are those of the subjects in the last run.
 * @param came as `received` gives it.
 * @param target the `index` of the box that they came to, -1 for none; `point` of the picture, or
 *   null, for the box that is made then.
 * @param look gives `boxes` and `options` as they are, `aspect` of their picture, and `readOnly`.
 * @param signal aborted when the editor ends: nothing is changed any more.
 * @param write makes a text of boxes the node's value.
 * @returns `subjects`, the indices of those with a new picture; `notes`, what is to be said, as
 *   `wire` gives it; `step`, to which the naming belongs.
 */
export async function takePictures(place, names, came, { index, point }, look, signal, write) {
  const files = await picturesOf(came);
  plan(place, names, index, files.length); // no upload for nothing
  const aspects = await Promise.all(files.map(aspectOf));
  const uploaded = [];
  for (const file of files) uploaded.push(await upload(file));
  signal.throwIfAborted();
  // the graph may be another by now; from here to its end, all is done at once
  const { boxes, options, aspect, readOnly } = look();
  const box = index < boxes.length ? index : -1;
  const plans = plan(place, names, box, files.length);
  const step = new Step();
  const pictures = files.map(({ name }, number) => ({
    file: uploaded[number],
    name: suggestedName(name),
  }));
  const notes = wire(plans, pictures);
  const next = plans.reduce((made, { subject, replaced }, number) => {
    if (replaced && subject < made.length) return made;
    const own = number === 0 ? box : -1;
    const spot = number === 0 ? point : null;
    return withBox(made, subject, own, newBox(made, spot, aspects[number], aspect));
  }, boxes);
  const order = next.map((one) => boxes.indexOf(one));
  const moved = formatOptions(following(options, boxes, next));
  const said = options.length ? { options: moved } : {};
  if (!readOnly) write(formatBoxes(next), { ...said, moves: { order, count: next.length } });
  step.capture();
  return { subjects: plans.map(({ subject }) => subject), notes, step };
}
