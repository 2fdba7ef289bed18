// Puts the layout editor into the node Layout Boxes.

import { app } from "../../scripts/app.js";
import { LayoutEditor } from "./layout_editor/editor.js";
import { rewriteLine, subjectsOf } from "./layout_editor/graph.js";
import { origin, placeOf } from "./layout_editor/links.js";
import { imageOf } from "./layout_editor/pictures.js";
import { isMiddle } from "./layout_editor/pointer.js";
import { speak } from "./layout_editor/texts.js";
import { valueOf } from "./layout_editor/values.js";

const NEW_SIZE = [400, 740];
const MIN_HEIGHT = 424; // what style.css says, and the page's margins around it
const REFRESH = 300; // milliseconds between looks at the value and at linked nodes
const SOURCES = { masks: "fromMasks", bboxes: "fromBboxes", boxes: "fromLink" };

app.registerExtension({
  name: "msdiffusion.layout_boxes",
  nodeCreated(node) {
    if (node.comfyClass === "LayoutBoxes") attach(node);
  },
});

function attach(node) {
  const boxes = node.widgets?.find((one) => one.name === "boxes");
  if (!boxes) return;
  hide(boxes);
  speak(app.extensionManager?.setting?.get("Comfy.Locale") ?? "en");
  const editor = new LayoutEditor(hostOf(node, boxes));
  passOn(editor.element, editor.signal);
  const widget = node.addDOMWidget("layout_editor", "MSD_LAYOUT_EDITOR", editor.element, {
    serialize: false,
    hideOnZoom: false,
    getMinHeight: () => MIN_HEIGHT,
  });
  widget.serialize = false;
  node.setSize([Math.max(node.size[0], NEW_SIZE[0]), Math.max(node.size[1], NEW_SIZE[1])]);
  const look = () => {
    takePlace(node, editor.element);
    editor.refresh();
  };
  let timer = null;
  const start = () => (timer ??= setInterval(look, REFRESH));
  chain(node, "onAdded", start);
  chain(node, "onConfigure", look);
  chain(node, "onExecuted", (output) => {
    node.msdLastRun = output?.msd_layout?.[0];
    editor.refresh();
  });
  chain(node, "onRemoved", () => {
    clearInterval(timer);
    editor.destroy();
  });
  if (node.graph) start();
}

/** The value stays a widget of its own, for the API and saved files; only the editor is seen. */
function hide(boxes) {
  boxes.hidden = true;
  boxes.options = { ...boxes.options, hidden: true };
  boxes.computeSize = () => [0, -4]; // older pages leave room for hidden widgets, and 4 more
}

/** Undo builds nodes anew under their old ids, and Nodes 2.0 goes on showing the old editor. */
function takePlace(node, element) {
  const shown = LiteGraph.vueNodesMode && app.canvas.graph === node.graph;
  if (!shown || element.isConnected) return;
  document.querySelector(`[data-node-id="${node.id}"] .msd-editor`)?.replaceWith(element);
}

/**
 * Wheel and middle button zoom and move the graph over the editor, too. Nodes 2.0 sees to it; the
 * classic canvas lies beside the element and has to be told.
 */
function passOn(element, signal) {
  const tell = (event) => {
    if (LiteGraph.vueNodesMode) return;
    app.canvas.canvas.dispatchEvent(new event.constructor(event.type, event));
  };
  for (const type of ["pointerdown", "pointermove", "pointerup"]) {
    element.addEventListener(type, (event) => isMiddle(event) && tell(event), { signal });
  }
  const wheel = (event) => {
    if (scrolls(event.target.closest(".msd-list, .msd-message, .msd-text"))) return event.stopPropagation();
    if (!LiteGraph.vueNodesMode) event.preventDefault();
    tell(event);
  };
  element.addEventListener("wheel", wheel, { signal, passive: false });
}

function scrolls(element) {
  return Boolean(element && element.scrollHeight > element.clientHeight);
}

function hostOf(node, boxes) {
  return {
    read: () => String(valueOf(placeOf(node), "boxes") ?? boxes.value),
    write(text) {
      boxes.value = text;
      boxes.callback?.(text);
      remember(node);
    },
    context: () => contextOf(node),
    rename(index, name) {
      const { line } = subjectsOf(node, node.msdLastRun?.names)[index] ?? {};
      if (line) rewriteLine(line, name);
      else node.properties.msdNames = Object.assign([], node.properties.msdNames, { [index]: name });
      remember(node);
    },
    get grid() {
      return node.properties.msdGrid ?? "off";
    },
    set grid(value) {
      node.properties.msdGrid = value;
      remember(node);
    },
  };
}

function contextOf(node) {
  const place = placeOf(node);
  const linked = Object.keys(SOURCES).find((name) => origin(place, name));
  const run = node.msdLastRun;
  const own = node.properties.msdNames ?? [];
  const subjects = subjectsOf(node, run?.names).map(({ line, ...one }) => one);
  const picture = imageOf(place, "picture");
  const context = {
    width: valueOf(place, "width") ?? run?.width ?? 1024,
    height: valueOf(place, "height") ?? run?.height ?? 1024,
    subjects: subjects.length ? subjects : own.map((name) => ({ name: name ?? "", image: null })),
    picture: drawable(picture) ? picture : null,
    source: linked ? SOURCES[linked] : "boxes",
  };
  if (!linked || linked === "boxes" || run?.source !== linked) return context;
  return { ...context, shown: run.boxes, note: run.note, unused: run.unused };
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

function chain(node, name, act) {
  const before = node[name];
  node[name] = function (...values) {
    const result = before?.apply(this, values);
    act(...values);
    return result;
  };
}
