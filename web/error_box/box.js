// The element that hangs from a node: what is wrong, what to do, and a button to close it.

import { button, element } from "../layout_editor/elements.js";
import { sentences } from "./sentences.js";

// at hand before the first error: without its style the box would take room in the node
const STYLE = fetch(new URL("style.css", import.meta.url)).then((answer) => answer.text(), () => "");
const OWN = ["pointerdown", "pointermove", "pointerup", "keydown", "copy", "contextmenu"];

/**
 * @param text of the error.
 * @param close is called when the button is pressed.
 * @param signal ends all listeners.
 */
export async function errorBox(text, close, signal) {
  const [wrong, cure] = sentences(text);
  const box = element("div", { className: "msd-error", tabIndex: 0 });
  box.setAttribute("role", "alert");
  box.append(
    button("×", "closeError", close, signal),
    element("p", { className: "msd-error-wrong", textContent: wrong }),
  );
  if (cure) box.append(element("p", { textContent: cure }));
  // the graph neither moves nor copies its nodes when text is selected here
  for (const type of OWN) box.addEventListener(type, (event) => event.stopPropagation(), { signal });
  const anchor = element("div", { className: "msd-error-anchor" });
  anchor.append(element("style", { textContent: await STYLE }), box);
  return anchor;
}

/** Keeps the text as large as it is meant, however small the graph is shown. */
export function enlarge(anchor, scale) {
  anchor.style.setProperty("--msd-enlarged", String(1 / Math.min(scale, 1)));
}
