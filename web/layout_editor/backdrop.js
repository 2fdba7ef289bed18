// What is behind the boxes: whether the last result is shown, and how bright the picture is.

import { button, slider } from "./elements.js";

const PERCENT = 100;

export class Backdrop {
  /** @param fire tells of `backdrop` ({ change, done }, see host.js). */
  constructor(fire, signal) {
    this.shown = false;
    const toggle = () => fire("backdrop", { change: { shown: !this.shown }, done: true });
    this.toggle = button("◩", "result", toggle, signal);
    const limits = { min: 10, max: PERCENT, step: 5 };
    const tell = (value, done) => fire("backdrop", { change: { brightness: value / PERCENT }, done });
    this.brightness = slider("brightness", limits, tell, signal);
    this.elements = [this.toggle, this.brightness];
  }

  update({ backdrop: { shown, brightness }, picture }) {
    this.shown = shown;
    this.toggle.setAttribute("aria-pressed", String(shown));
    this.brightness.value = String(Math.round(brightness * PERCENT));
    this.brightness.disabled = !picture;
  }
}
