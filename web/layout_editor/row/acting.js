// The line of a row that is opened: weight, time and scene of the box's subject.

import { element, label, onceTyped } from "../elements.js";
import { MOST_WEIGHT, sceneToggled, timeChanged } from "../options.js";
import { say } from "../texts.js";

const STEP = 0.05; // of the weight
const PERCENT = 5;

export function acting(row, index) {
  if (!row.opened.has(index)) return [];
  const line = element("div", { className: "msd-acting" });
  line.append(weight(row, index), time(row, index), scene(row, index), reset(row, index));
  if (row.view.overruled) line.append(element("span", { textContent: say("overruled") }));
  return [line];
}

function weight(row, index) {
  const value = row.view.acting[index].weight ?? row.view.weight;
  const change = (text) => set(row, index, { weight: clamped(text, MOST_WEIGHT) });
  const range = { type: "range", min: 0, max: MOST_WEIGHT, step: STEP, value };
  const slider = field(row, index, "weightSlider", range, change);
  const number = field(row, index, "weight", { ...range, type: "number", step: 0.01 }, change);
  slider.addEventListener("input", () => (number.value = slider.value), { signal: row.signal });
  return group(say("weightName"), slider, number);
}

function time(row, index) {
  const now = row.view.acting[index];
  const end = (key, name) => {
    const change = (text) => {
      const times = row.look().acting[index]; // the other end may have been typed meanwhile
      set(row, index, timeChanged(times, name, clamped(text, 100) / 100));
    };
    const value = Math.round(now[name] * 1000) / 10;
    const number = { type: "number", min: 0, max: 100, step: PERCENT, value };
    return field(row, index, key, number, change);
  };
  return group(say("from"), end("start", "start_percent"), "–", end("end", "end_percent"), "%");
}

function scene(row, index) {
  const toggle = () => {
    const { acting, options } = row.look();
    set(row, index, sceneToggled(acting[index], options[index]));
  };
  const made = row.tool(say("sceneName"), "scene", index, toggle);
  made.setAttribute("aria-pressed", String(row.view.acting[index].everywhere));
  return made;
}

function reset(row, index) {
  const names = ({ options }) => Object.keys(options[index] ?? {});
  const take = () => {
    const none = names(row.look()).map((name) => [name, undefined]);
    set(row, index, Object.fromEntries(none));
  };
  const made = row.tool("↺", "reset", index, take);
  made.disabled = !names(row.view).length;
  return made;
}

function set({ fire }, index, changes) {
  fire("act", { index, changes });
}

/** A number from 0 to the most; what is no number is 0. */
function clamped(text, most) {
  return Math.max(0, Math.min(most, Number(text) || 0));
}

/** @param change is called with the text, once, when the slider or the keyboard is left. */
function field(row, index, key, properties, change) {
  const made = element("input", properties);
  made.value = properties.value; // once its limits are known
  label(made, say(key, index + 1));
  made.dataset.tool = `${key}${index}`;
  const { signal } = row;
  if (made.type !== "range") onceTyped(made, change, row);
  else made.addEventListener("change", () => change(made.value), { signal });
  return made;
}

function group(...parts) {
  const made = element("span", { className: "msd-group" });
  made.append(...parts);
  return made;
}
