// Shows at the node that failed what is wrong and what to do: newer pages say only that it failed.

import { api } from "../../scripts/api.js";
import { app } from "../../scripts/app.js";
import { enlarge, errorBox } from "./error_box/box.js";
import { speak } from "./layout_editor/texts.js";

const boxes = new Map(); // by the failed node's id in the prompt: a function that closes its box

app.registerExtension({
  name: "msdiffusion.error_box",
  setup() {
    api.addEventListener("execution_error", ({ detail }) => isOurs(detail) && show(detail));
    // a run tells in its first step what fails, and newer pages tell later that it was queued
    api.addEventListener("execution_start", () => [...boxes.values()].forEach((close) => close()));
  },
});

/** An error that this pack wrote for people: in a node of ours, or in a sampler, which calls us. */
function isOurs({ exception_type, traceback }) {
  const calls = [traceback ?? []].flat();
  return exception_type === "InputError" && calls.some((call) => call.includes("msdiffusion_nodes"));
}

async function show({ node_id, node_type, exception_message }) {
  const id = String(node_id);
  boxes.get(id)?.();
  const node = nodeAt(id);
  if (node?.comfyClass !== node_type) return; // another workflow is open by now
  speak(app.extensionManager?.setting?.get("Comfy.Locale") ?? "en");
  const listening = new AbortController();
  const close = () => {
    listening.abort();
    boxes.delete(id);
    element.remove(); // Nodes 2.0 of 1.32.9 goes on showing a widget that is gone
    remove(node, widget);
  };
  const element = await errorBox(exception_message, close, listening.signal);
  const widget = node.addDOMWidget("msdiffusion_error", "MSD_ERROR_BOX", element, {
    serialize: false,
    hideOnZoom: false,
    getMinHeight: () => 0,
    getMaxHeight: () => 0,
  });
  widget.serialize = false;
  widget.computeSize = () => [0, -4]; // older pages leave 4 between widgets
  boxes.set(id, close);
  const follow = () => {
    if (listening.signal.aborted) return;
    if (node.graph?.getNodeById(node.id) !== node) return close(); // removed, or another took its place
    enlarge(element, app.canvas.ds.scale);
    requestAnimationFrame(follow);
  };
  follow();
}

/** The node with this id in the prompt, which in subgraphs is a path such as "5:3". */
function nodeAt(id) {
  let graph = app.rootGraph ?? app.graph;
  let node = null;
  for (const step of id.split(":")) {
    node = graph?.getNodeById(step);
    graph = node?.subgraph;
  }
  return node;
}

function remove(node, widget) {
  const place = node.widgets.indexOf(widget);
  if (place >= 0) node.widgets.splice(place, 1);
  widget.onRemove?.();
  node.setDirtyCanvas?.(true, true);
}
