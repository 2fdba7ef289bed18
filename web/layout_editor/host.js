// What the editor edits: the value of a Layout Boxes node, wherever the page keeps it, and what is
// kept with the node.

import { app } from "../../../scripts/app.js";
import { withLine } from "./box_lines.js";
import { beginWords, followBoxes, plainWords, rewriteLines, takesWords } from "./box_prompts.js";
import { rewriteLine, subjectsOf } from "./graph.js";
import { capture } from "./history.js";
import { origin } from "./links.js";
import { mend } from "./mending.js";
import { formatShapes, parseShapes } from "./painting/shapes.js";
import { imageOf } from "./pictures.js";
import { Result } from "./result.js";
import { plainPrompts } from "./sampled.js";
import { takePictures } from "./taking.js";
import { keeperOf, setInput, setValue, valueOf, widget } from "./values.js";

const BACKDROP = { shown: false, brightness: 0.6 }; // at first
const SOURCES = { masks: "fromMasks", bboxes: "fromBboxes", boxes: "fromLink" };

/** The painted shapes of boxes that have gone to other rows; undefined where none have. */
function shapesMoved(place, order) {
  const text = String(valueOf(place, "areas") ?? "");
  const shapes = parseShapes(text);
  const moved = order ? formatShapes(order.map((from) => shapes[from])) : text;
  return shapes.length && moved !== text ? moved : undefined;
}

/**
 * What an editor edits:
 *   `read()` and `write(text, { areas, names })`: the node's value, and what is remembered with
 *   the node; `write` is one step of undo. `areas` are those that boxes without one had before,
 *   `names` those of boxes without a subject, both lists by the box's index with gaps; `options` is
 *   the text of options.js, `moves` says which boxes have gone where (see
 *   box_prompts.js). `readOptions()` and `writeOptions(text)`: that one alone.
 *   `shapes` is the text of painting/shapes.js, which `readShapes()` gives.
 *   `context()`: `width` and `height` in pixels, `sizeLinked`, if from another node; `subjects`, a
 *   list of `name`, `image` (or null), `everywhere` and `unknown` (see graph.js); `picture`, an
 *   image or null; `isResult`, whether a run has made it, and `outlines` of the areas that were
 *   found in it, a list for each subject (see outlines.js); `source`, "boxes" where this editor
 *   gives them, else a key of texts.js that says who does; where it does not, the boxes `shown`,
 *   those `unused` and the `note` of the last run; `prompts` (see chips.js); `words` (see
 *   box_prompts.js), and whether it `takesWords` where it has none.
 *   `words`, once more, and `writeWords(index, words, count)`, which returns what is to be said of
 *   it; `rename(index, name, step)`, of the `step` that `take` gave, if it belongs to one; `take(came,
 *   target, look, signal)`: see taking.js; `mend(kind, index)`, what a chip's click does in other
 *   nodes; `resize([width, height])`; `undo()`, of the page; `key`, which the node keeps when it is
 *   built anew; `grid` (a key of GRIDS) and `backdrop`, which are remembered with the node: whether
 *   the last result is `shown`, and the `brightness` of what is behind the boxes, from 0 to 1;
 *   `changeBackdrop(change, done)`, a step of undo once it is done; `panning`, whether the mouse
 *   moves the graph.
 *
 * @param placeOf gives the node's place.
 */
export function hostOf(placeOf) {
  const properties = () => placeOf().node.properties;
  const result = new Result();
  const write = (text, { areas, names, shapes, options, moves } = {}) => {
    const place = placeOf();
    if (options !== undefined) setValue(keeperOf(place, "options"), options);
    if (areas) keep(place.node, "msdAreas", areas);
    if (names) keep(place.node, "msdNames", names);
    const moved = shapes ?? shapesMoved(place, moves?.order);
    if (moved !== undefined) setValue(keeperOf(place, "areas"), moved);
    setValue(keeperOf(place, "boxes"), text);
    if (moves) followBoxes(place, moves);
    remember(place.node);
  };
  return {
    read: () => String(valueOf(placeOf(), "boxes") ?? widget(placeOf().node, "boxes").value),
    readOptions: () => String(valueOf(placeOf(), "options") ?? ""),
    writeOptions(text) {
      const place = placeOf();
      setValue(keeperOf(place, "options"), text);
      remember(place.node);
    },
    readShapes: () => String(valueOf(placeOf(), "areas") ?? ""),
    write,
    get words() {
      return plainWords(placeOf());
    },
    writeWords(index, words, count) {
      const place = placeOf();
      const notes = beginWords(place);
      rewriteLines(place, (lines) => withLine(lines, index, words, Math.max(count, lines.length)));
      remember(place.node);
      return notes;
    },
    context() {
      return contextOf(placeOf(), this.backdrop.shown ? result : null);
    },
    take(came, target, look, signal) {
      const place = placeOf();
      return takePictures(place, place.node.msdLastRun?.names, came, target, look, signal, write);
    },
    rename(index, name, step) {
      const place = placeOf();
      const { line } = subjectsOf(place, place.node.msdLastRun?.names)[index] ?? {};
      if (line) rewriteLine(line, name);
      else keep(place.node, "msdNames", Object.assign([], this.names, { [index]: name }));
      remember(place.node, step);
    },
    resize([width, height]) {
      const place = placeOf();
      setInput(place, "width", width);
      setInput(place, "height", height);
      remember(place.node);
    },
    mend(kind, index) {
      const place = placeOf();
      mend(place, kind, subjectsOf(place, place.node.msdLastRun?.names), index);
      remember(place.node);
    },
    undo: () => app.extensionManager.command.execute("Comfy.Undo"),
    get key() {
      return placeOf().node.id;
    },
    get names() {
      return Array.from(properties().msdNames ?? []);
    },
    get areas() {
      return properties().msdAreas;
    },
    get panning() {
      return Boolean(app.canvas?.read_only);
    },
    get grid() {
      return properties().msdGrid ?? "off";
    },
    set grid(value) {
      properties().msdGrid = value;
      remember(placeOf().node);
    },
    get backdrop() {
      return { ...BACKDROP, ...properties().msdBackdrop };
    },
    changeBackdrop(change, done) {
      properties().msdBackdrop = { ...this.backdrop, ...change };
      if (done) remember(placeOf().node);
    },
  };
}

/** @param result gives the last result; null where it is not to be shown. */
function contextOf(place, result) {
  const { node } = place;
  const linked = Object.keys(SOURCES).find((name) => isGiven(place, name));
  const run = node.msdLastRun;
  const subjects = subjectsOf(place, run?.names).map(({ line, from, input, ...one }) => one);
  const picture = imageOf(place, "picture");
  const last = result?.of(place);
  const context = {
    width: valueOf(place, "width") ?? run?.width ?? 1024,
    height: valueOf(place, "height") ?? run?.height ?? 1024,
    sizeLinked: ["width", "height"].some((name) => isGiven(place, name)),
    subjects,
    picture: last?.picture ?? (drawable(picture) ? picture : null),
    isResult: Boolean(last?.picture),
    outlines: last?.outlines,
    source: linked ? SOURCES[linked] : "boxes",
    prompts: plainPrompts(place),
    words: plainWords(place),
    takesWords: takesWords(place),
  };
  if (!linked || linked === "boxes" || run?.source !== linked) return context;
  return { ...context, shown: run.boxes, note: run.note, unused: run.unused };
}

/** Keeps a list with the node, unless there is nothing in it. */
function keep(node, name, list) {
  if (list.some(Boolean)) node.properties[name] = list;
  else delete node.properties[name];
}

/** Whether an input's value comes from elsewhere, and not from a widget that can be written to. */
function isGiven(place, name) {
  const from = origin(place, name);
  return Boolean(from) && !from.widget;
}

function drawable(image) {
  return Boolean(image?.complete && image.naturalWidth);
}

/** Makes the change a step of undo, or a part of one, and the graph paint it. */
function remember(node, step) {
  node.graph?.setDirtyCanvas?.(true, true);
  if (step) step.capture();
  else capture();
}
