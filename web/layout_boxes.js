// Makes the layout editor the widget of Layout Boxes' input `boxes`: its value is the boxes' text. What
// is said of each box beside, `options` and `areas`, is in widgets that are not shown.

import { app } from "../../scripts/app.js";
import { LayoutEditor } from "./layout_editor/editor.js";
import { hostOf } from "./layout_editor/host.js";
import { openedFrom, placeOf } from "./layout_editor/links.js";
import { Places } from "./layout_editor/places.js";
import { passOn } from "./layout_editor/passing.js";
import { hide, showPromoted } from "./layout_editor/promoted.js";
import { followRuns } from "./layout_editor/runs.js";
import { speak } from "./layout_editor/texts.js";

const KIND = "MSD_LAYOUT_EDITOR"; // of the widget; the input stays a text, as it is without this file
const HIDDEN_KIND = "MSD_LAYOUT_OPTIONS";
const BESIDE = ["options", "areas"]; // texts that only the editor shows
const NEW_SIZE = [400, 772];
const MIN_HEIGHT = 424; // what style.css says, and the page's margins around it
const REFRESH = 300; // milliseconds between looks at the value and at linked nodes
// of the widget, whatever the page sets: with the boxes linked it would hide the editor that shows
// them, or take the mouse from it; the panel beside the graph would leave it as narrow as itself
const KEPT = { computedDisabled: false, connectionSuppressed: false, width: undefined };

app.registerExtension({
  name: "msdiffusion.layout_boxes",
  beforeRegisterNodeDef(nodeType, { name, input }) {
    if (name !== "LayoutBoxes") return;
    input.required.boxes[1].widgetType = KIND;
    for (const beside of BESIDE) {
      Object.assign(input.optional[beside][1], { widgetType: HIDDEN_KIND, hidden: true });
    }
  },
  getCustomWidgets: () => ({
    [KIND]: (node, name, [, { default: start }]) => attach(node, name, start),
    [HIDDEN_KIND]: (node, name, [, { default: start }]) => hold(node, name, start),
  }),
  setup() {
    followRuns();
    const remember = ({ detail: { subgraph, fromNode } }) => openedFrom.set(subgraph, fromNode);
    app.canvas.canvas.addEventListener("subgraph-opened", remember);
  },
  nodeCreated(node) {
    if (node.comfyClass === "LayoutBoxes") enlarge(node, NEW_SIZE);
    if (node.subgraph) showPromoted(node, KIND, (place) => addView(node, place));
  },
});

/** The widget of `boxes`, which a new node makes. */
function attach(node, name, start) {
  speak(app.extensionManager?.setting?.get("Comfy.Locale") ?? "en");
  let text = start;
  const setValue = (value) => {
    text = String(value ?? start);
  };
  const widget = addEditor(node, name, KIND, () => placeOf(node), { getValue: () => text, setValue });
  chain(node, "onExecuted", (output) => {
    node.msdLastRun = output?.msd_layout?.[0];
  });
  return { widget };
}

/** The widget of a text that only the editor shows. */
function hold(node, name, start) {
  const widget = node.addWidget("text", name, start, () => {}, { socketless: true });
  hide(widget);
  return { widget };
}

/** Shows, in the node of a subgraph, the boxes of a node in it whose value is the subgraph's. */
function addView(holder, place) {
  const view = addEditor(holder, "layout_editor", `${KIND}_VIEW`, place, { serialize: false });
  view.serialize = false;
  enlarge(holder, [NEW_SIZE[0], holder.computeSize()[1]]);
  return view;
}

/** @param place gives the place of the Layout Boxes whose boxes are edited. */
function addEditor(node, name, kind, place, options) {
  const places = new Places(() => {
    const editor = new LayoutEditor(hostOf(place));
    passOn(editor.element, editor.signal, app.canvas);
    return editor;
  });
  const widget = node.addDOMWidget(name, kind, places.element, {
    hideOnZoom: false,
    getMinHeight: () => MIN_HEIGHT,
    ...options,
  });
  for (const [name, value] of Object.entries(KEPT)) {
    Object.defineProperty(widget, name, { get: () => value, set() {}, configurable: true });
  }
  const draw = widget.draw;
  widget.draw = function (context, ...values) {
    const { canvas, bgcanvas } = app.canvas;
    if ([canvas, bgcanvas].includes(context.canvas)) return draw?.call(this, context, ...values);
    places.fill(context.canvas.parentElement); // the panel beside the graph has widgets painted
  };
  const look = () => {
    takePlace(node, places.element);
    places.refresh();
  };
  let timer = null;
  const start = () => (timer ??= setInterval(look, REFRESH));
  const end = () => {
    clearInterval(timer);
    places.end();
  };
  chain(node, "onAdded", start);
  chain(node, "onConfigure", look);
  chain(node, "onRemoved", end);
  chain(widget, "onRemove", end);
  if (node.graph) start();
  return widget;
}

/** Undo builds nodes anew under their old ids, and Nodes 2.0 goes on showing the old editor. */
function takePlace(node, element) {
  const shown = LiteGraph.vueNodesMode && app.canvas.graph === node.graph;
  if (!shown || element.isConnected) return;
  document.querySelector(`[data-node-id="${node.id}"] .msd-editor`)?.replaceWith(element);
}

function enlarge(node, [width, height]) {
  node.setSize([Math.max(node.size[0], width), Math.max(node.size[1], height)]);
}

function chain(object, name, act) {
  const before = object[name];
  object[name] = function (...values) {
    const result = before?.apply(this, values);
    act(...values);
    return result;
  };
}
