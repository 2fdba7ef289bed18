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

/** That of a prompt which is running, by the workflow's id; nothing where several have that id. */
export async function ownerOfRunning(prompt) {
  const { queue_running } = await (await api.fetchApi("/queue")).json();
  const extra = queue_running.find(([, id]) => id === prompt)?.[3];
  const id = extra?.extra_pnginfo?.workflow?.id;
  const same = owners().filter((one) => one?.activeState?.id === id);
  return id && same.length === 1 ? same[0] : undefined;
}

function owners() {
  return (app.extensionManager?.workflow?.openWorkflows ?? []).map(tracker);
}

function tracker(workflow) {
  return workflow?.changeTracker;
}
