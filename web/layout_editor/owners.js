// Whose run is whose: the page runs workflows that may no longer be the one that is open. Each has
// a tracker of its own in the page, by which it is known here.

import { api } from "../../../scripts/api.js";
import { app } from "../../../scripts/app.js";

/** The tracker of the workflow that is open. */
export function openOwner() {
  return tracker(app.extensionManager?.workflow?.activeWorkflow);
}

/**
 * The tracker of the workflow that an output is of: the page keeps it with the one that was queued.
 * The one that is open may share its list with the nodes that are shown, so it is asked last.
 */
export function ownerOf(node, output) {
  const open = openOwner();
  const others = owners().filter((one) => one !== open);
  return [...others, open].find((one) => output && one?.nodeOutputs?.[node] === output);
}

/**
 * That of a prompt which runs or has run, by the workflow that went with it: the one with that id,
 * or of several the one that is just so; nothing where none is, or several are.
 */
export async function ownerOfRun(prompt) {
  const sent = await workflowOf(prompt);
  const same = owners().filter((one) => sent?.id && one?.activeState?.id === sent.id);
  const alike = same.length > 1 ? same.filter((one) => told(one.activeState) === told(sent)) : same;
  return alike.length === 1 ? alike[0] : undefined;
}

async function workflowOf(prompt) {
  const { queue_running } = await (await api.fetchApi("/queue")).json();
  let entry = queue_running.find(([, id]) => id === prompt);
  entry ??= (await (await api.fetchApi(`/history/${prompt}`)).json())[prompt]?.prompt;
  return entry?.[3]?.extra_pnginfo?.workflow;
}

/** What tells workflows of one id apart. */
function told({ nodes, links }) {
  return JSON.stringify([nodes.map(({ id, type, widgets_values: values }) => [id, type, values]), links]);
}

function owners() {
  return (app.extensionManager?.workflow?.openWorkflows ?? []).map(tracker);
}

function tracker(workflow) {
  return workflow?.changeTracker;
}
