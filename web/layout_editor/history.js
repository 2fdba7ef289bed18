// Steps of the page's undo.

import { app } from "../../../scripts/app.js";

function tracker() {
  return app.extensionManager?.workflow?.activeWorkflow?.changeTracker;
}

/** Makes what has been changed a step of undo. */
export function capture() {
  const history = tracker();
  if (history?.captureCanvasState) history.captureCanvasState();
  else history?.checkState?.();
}

/**
 * One step of undo that is made in several goes: what comes after the first joins it, unless
 * something else has been done in between. A page that keeps its steps elsewhere makes more of it.
 */
export class Step {
  constructor() {
    capture(); // what came before is a step of its own
    this.start = tracker()?.activeState;
  }

  capture() {
    const queue = tracker()?.undoQueue ?? [];
    const last = queue.at(-1);
    capture();
    if (queue.at(-1) !== last && queue.at(-2) === this.start) queue.pop();
  }
}
