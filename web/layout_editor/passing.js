// What the editor passes on to the graph beneath it.

import { isMiddle } from "./pointer.js";

/**
 * Wheel, pinch, middle button and Space zoom and move the graph over the editor, too. Nodes 2.0 sees
 * to most of it; the classic canvas lies beside the element and has to be told.
 */
export function passOn(element, signal, graphCanvas) {
  const tell = (event) => {
    graphCanvas.canvas.dispatchEvent(new event.constructor(event.type, event));
  };
  for (const type of ["pointerdown", "pointermove", "pointerup"]) {
    const classic = (event) => !LiteGraph.vueNodesMode && isMiddle(event);
    element.addEventListener(type, (event) => classic(event) && tell(event), { signal });
  }
  const wheel = (event) => {
    const scrolling = scrolls(event.target.closest(".msd-list, .msd-message, .msd-text"));
    if (scrolling && !event.ctrlKey) return event.stopPropagation(); // with Ctrl it is a pinch
    if (LiteGraph.vueNodesMode) return;
    event.preventDefault();
    tell(event);
  };
  element.addEventListener("wheel", wheel, { signal, passive: false });
  const space = (event) => {
    if (event.key !== " " || !event.target.matches(".msd-canvas")) return;
    event.preventDefault();
    tell(event);
  };
  element.addEventListener("keydown", space, { signal });
}

function scrolls(element) {
  return Boolean(element && element.scrollHeight > element.clientHeight);
}
