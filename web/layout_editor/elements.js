// The small elements that the panel is made of, each with a name for people who cannot see it.

import { say } from "./texts.js";

export function element(kind, properties = {}) {
  return Object.assign(document.createElement(kind), properties);
}

/** A picture, or its file's name where it is missing. */
export function thumbnail(image) {
  if (isMissing(image)) {
    const name = new URL(image.src).searchParams.get("filename") ?? image.src;
    const properties = { className: "msd-missing", textContent: name };
    return element("span", { ...properties, title: say("missing", name) });
  }
  const made = element("img", { className: "msd-thumbnail", alt: "" });
  if (image) made.src = image.src;
  else made.style.visibility = "hidden";
  return made;
}

function isMissing(image) {
  return Boolean(image?.complete && !image.naturalWidth);
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

/**
 * A select; `act` is called with the chosen option.
 *
 * @param options keys of texts.js, or what `name` makes a text of.
 */
export function choice(key, options, act, signal, name = say) {
  const made = element("select");
  label(made, say(key));
  made.dataset.tool = key;
  made.append(...options.map((value) => element("option", { value, textContent: name(value) })));
  made.addEventListener("change", () => act(made.value), { signal });
  return made;
}
