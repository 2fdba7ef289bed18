// The small elements that the panel is made of, each with a name for people who cannot see it.

import { say } from "./texts.js";

export function element(kind, properties = {}) {
  return Object.assign(document.createElement(kind), properties);
}

export function label(target, text) {
  target.title = text;
  target.setAttribute("aria-label", text);
}

/**
 * A button.
 *
 * @param key of texts.js; with the box's index it is also `data-tool`.
 * @param index of the box that the button is for, if it is for one.
 */
export function button(text, key, act, signal, index) {
  const made = element("button", { type: "button", textContent: text });
  label(made, say(key, index === undefined ? "" : index + 1));
  made.dataset.tool = key + (index ?? "");
  made.addEventListener("click", act, { signal });
  return made;
}

/** A select whose options are keys of texts.js; `act` is called with the chosen one. */
export function choice(key, options, act, signal) {
  const made = element("select");
  label(made, say(key));
  made.dataset.tool = key;
  made.append(...options.map((value) => element("option", { value, textContent: say(value) })));
  made.addEventListener("change", () => act(made.value), { signal });
  return made;
}
