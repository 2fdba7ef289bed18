// What our templates need of the page when they are opened.
//
// Load Image finds files of ComfyUI's input folder only: example pictures that a workflow names and
// the folder lacks are uploaded, as the page does for ComfyUI's own templates, and a message says so.

import { app } from "../../scripts/app.js";
import { api } from "../../scripts/api.js";
import { missing } from "./example_pictures/named.js";
import { say, speak } from "./layout_editor/texts.js";

const OURS = "ApplyMSDiffusion"; // the node that is in all of them

const known = new Set(); // names that the input folder has: undo opens the workflow anew each time

app.registerExtension({
  name: "msdiffusion.templates",
  async beforeConfigureGraph(workflow) {
    if (!hasApps()) openAsGraph(workflow);
    if (missing(workflow, known).length) await bring(workflow);
  },
});

/** Older pages have an unfinished app mode, which shows every widget of every node. */
function hasApps() {
  return Boolean(app.extensionManager?.getSidebarTabs?.().some((tab) => tab.id === "apps"));
}

function openAsGraph(workflow) {
  const ours = workflow?.nodes?.some((node) => node.type === OURS);
  if (ours && workflow.extra?.linearMode) workflow.extra.linearMode = false;
}

async function bring(workflow) {
  speak(app.extensionManager?.setting?.get("Comfy.Locale") ?? "en");
  try {
    for (const name of await offered()) known.add(name);
    const names = missing(workflow, known);
    if (!names.length) return;
    for (const name of names) await upload(name);
    await (app.reloadNodeDefs ?? app.refreshComboInNodes).call(app); // so that Load Image offers them
    tell("info", say("examplesAdded", names.join(", ")));
  } catch (error) {
    tell("warn", say("examplesFailed", error.message));
  }
}

async function offered() {
  const info = await (await answer("/object_info/LoadImage")).json();
  const [kind, options] = info.LoadImage.input.required.image;
  return Array.isArray(kind) ? kind : options.options; // a list in older servers
}

async function upload(name) {
  const picture = await fetch(new URL(`./example_pictures/${name}`, import.meta.url));
  if (!picture.ok) throw new Error(`${name}: ${picture.status}`);
  const body = new FormData();
  body.append("image", await picture.blob(), name);
  await answer("/upload/image", { method: "POST", body });
  known.add(name);
}

async function answer(path, options) {
  const response = await api.fetchApi(path, options);
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response;
}

function tell(severity, detail) {
  app.extensionManager?.toast?.add({ severity, summary: "MS-Diffusion", detail, life: 8000 });
}
