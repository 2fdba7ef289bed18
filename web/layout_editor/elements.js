// The small elements that the panel is made of, each with a name for people who cannot see it.

import { say } from "./texts.js";

const SVG = "http://www.w3.org/2000/svg";

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

/** A sign of lines, as large as a letter. @param paths as SVG's `d` has them. */
export function drawn(paths) {
  const made = document.createElementNS(SVG, "svg");
  made.setAttribute("viewBox", "0 0 16 16");
  made.classList.add("msd-sign");
  for (const d of paths) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", d);
    made.append(path);
  }
  return made;
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

/**
 * A slider; `act` is called with its value, and with whether it was let go.
 *
 * @param key of texts.js; it is also `data-tool`.
 */
export function slider(key, limits, act, signal) {
  const made = element("input", { type: "range", ...limits });
  label(made, say(key));
  made.dataset.tool = key;
  for (const type of ["input", "change"]) {
    made.addEventListener(type, () => act(Number(made.value), type === "change"), { signal });
  }
  return made;
}

/** Has a field of a row told once it is left, or Enter is pressed. @param change gets the text. */
export function onceTyped(field, change, { fire, signal }) {
  field.addEventListener("change", () => change(field.value), { signal });
  field.addEventListener("blur", () => fire("redraw"), { signal });
  field.addEventListener("keydown", (event) => event.key === "Enter" && field.blur(), { signal });
}
