// What the editor passes on to the graph beneath it.

import { isMiddle } from "./pointer.js";

/**
 * Wheel and middle button zoom and move the graph over the editor, too. Nodes 2.0 sees to it; the
 * classic canvas lies beside the element and has to be told.
 */
export function passOn(element, signal, graphCanvas) {
  const tell = (event) => {
    if (LiteGraph.vueNodesMode) return;
    graphCanvas.canvas.dispatchEvent(new event.constructor(event.type, event));
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
