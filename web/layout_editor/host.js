// What the editor edits: the value of a Layout Boxes node, wherever the page keeps it, and what is
// kept with the node.

import { app } from "../../../scripts/app.js";
import { rewriteLine, subjectsOf } from "./graph.js";
import { origin } from "./links.js";
import { imageOf } from "./pictures.js";
import { valueOf, widget } from "./values.js";

const SOURCES = { masks: "fromMasks", bboxes: "fromBboxes", boxes: "fromLink" };

/** The host of an editor, as editor.js describes it. @param placeOf gives the node's place. */
export function hostOf(placeOf) {
  const properties = () => placeOf().node.properties;
  return {
    read: () => String(valueOf(placeOf(), "boxes") ?? widget(placeOf().node, "boxes").value),
    write(text, { areas, names }) {
      const place = placeOf();
      keep(place.node, "msdAreas", areas);
      keep(place.node, "msdNames", names);
      const holder = origin(place, "boxes")?.widget ?? widget(place.node, "boxes");
      holder.value = text;
      holder.callback?.(text);
      remember(place.node);
    },
    context: () => contextOf(placeOf()),
    rename(index, name) {
      const place = placeOf();
      const { line } = subjectsOf(place, place.node.msdLastRun?.names)[index] ?? {};
      if (line) rewriteLine(line, name);
      else keep(place.node, "msdNames", Object.assign([], this.names, { [index]: name }));
      remember(place.node);
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
  };
}

function contextOf(place) {
  const { node } = place;
  const linked = Object.keys(SOURCES).find((name) => isGiven(place, name));
  const run = node.msdLastRun;
  const subjects = subjectsOf(place, run?.names).map(({ line, ...one }) => one);
  const picture = imageOf(place, "picture");
  const context = {
    width: valueOf(place, "width") ?? run?.width ?? 1024,
    height: valueOf(place, "height") ?? run?.height ?? 1024,
    subjects,
    picture: drawable(picture) ? picture : null,
    source: linked ? SOURCES[linked] : "boxes",
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

/** Makes the change a step of undo, and the graph paint it. */
function remember(node) {
  node.graph?.setDirtyCanvas?.(true, true);
  const tracker = app.extensionManager?.workflow?.activeWorkflow?.changeTracker;
  if (tracker?.captureCanvasState) tracker.captureCanvasState();
  else tracker?.checkState?.();
}
