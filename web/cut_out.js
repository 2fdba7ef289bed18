// A button in Encode Subjects: each picture gets a mask by ComfyUI's own background remover. Servers
// without that node have no button.

import { app } from "../../scripts/app.js";
import { filesOf, LOADER, maskless, REMOVER } from "./cut_out/pictures.js";
import { say, speak } from "./layout_editor/texts.js";

const MODEL = {
  name: "birefnet.safetensors",
  url: "https://huggingface.co/Comfy-Org/BiRefNet/resolve/main/background_removal/birefnet.safetensors",
  directory: "background_removal",
};
const GAP = 40; // between nodes, of which 30 are the title

app.registerExtension({
  name: "msdiffusion.cut_out",
  nodeCreated(node) {
    const known = [REMOVER, LOADER].every((kind) => kind in LiteGraph.registered_node_types);
    if (node.comfyClass !== "EncodeSubjects" || !known) return;
    speak(app.extensionManager?.setting?.get("Comfy.Locale") ?? "en");
    // some pages show a button's name, whatever its label
    const button = node.addWidget("button", say("cutOut"), null, () => cutOut(node), {});
    button.options.serialize = button.serialize = false;
  },
});

function cutOut(node) {
  const pictures = maskless(node);
  if (!pictures.length) return tell("info", say("cutOutNone"));
  const { graph } = node;
  app.canvas.emitBeforeChange?.(); // all of it is one step of undo
  const loader = graph._nodes.find((one) => one.type === LOADER) ?? loaderAbove(pictures[0].source);
  for (const { source, output, mask } of pictures) {
    const remover = add(graph, REMOVER, [source.pos[0], source.pos[1] + heightOf(source) + GAP]);
    source.connect(output, remover, remover.findInputSlot("image"));
    loader.connect(0, remover, remover.findInputSlot("bg_removal_model"));
    remover.connect(0, node, mask);
  }
  app.canvas.emitAfterChange?.();
  remember(graph);
  if (filesOf(loader).length) return;
  tell("warn", say("cutOutModel", MODEL.name, MODEL.directory, MODEL.url));
}

function loaderAbove({ graph, pos }) {
  const loader = add(graph, LOADER, [pos[0], pos[1]]);
  loader.pos = [pos[0], pos[1] - loader.size[1] - 2 * GAP];
  loader.properties.models = [MODEL]; // newer pages offer to fetch it
  const files = filesOf(loader);
  if (!files.length || files.includes(MODEL.name)) loader.widgets[0].value = MODEL.name;
  return loader;
}

/** Nodes 2.0 shows a node with its picture higher than it is saved. */
function heightOf(node) {
  const shown = document.querySelector(`[data-node-id="${node.id}"]`)?.offsetHeight ?? 0;
  return Math.max(node.size[1], shown - LiteGraph.NODE_TITLE_HEIGHT);
}

function add(graph, kind, pos) {
  const node = LiteGraph.createNode(kind);
  node.pos = pos;
  graph.add(node);
  return node;
}

function tell(severity, detail) {
  app.extensionManager?.toast?.add({ severity, summary: say("cutOut"), detail, life: 20000 });
}

function remember(graph) {
  graph.setDirtyCanvas?.(true, true);
  const tracker = app.extensionManager?.workflow?.activeWorkflow?.changeTracker;
  if (tracker?.captureCanvasState) tracker.captureCanvasState();
  else tracker?.checkState?.();
}
