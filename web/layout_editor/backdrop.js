// What is behind the boxes: whether the last result is shown, and how bright the picture is.

import { button, element, label } from "./elements.js";
import { say } from "./texts.js";

const PERCENT = 100;

export class Backdrop {
  /** @param fire tells of `backdrop` ({ change, done }, see host.js). */
  constructor(fire, signal) {
    this.shown = false;
    const toggle = () => fire("backdrop", { change: { shown: !this.shown }, done: true });
    this.toggle = button("◩", "result", toggle, signal);
    this.brightness = element("input", { type: "range", min: 10, max: PERCENT, step: 5 });
    label(this.brightness, say("brightness"));
    this.brightness.dataset.tool = "brightness";
    for (const type of ["input", "change"]) {
      const tell = () => {
        const brightness = Number(this.brightness.value) / PERCENT;
        fire("backdrop", { change: { brightness }, done: type === "change" });
      };
      this.brightness.addEventListener(type, tell, { signal });
    }
    this.elements = [this.toggle, this.brightness];
  }

  update({ backdrop: { shown, brightness }, picture }) {
    this.shown = shown;
    this.toggle.setAttribute("aria-pressed", String(shown));
    this.brightness.value = String(Math.round(brightness * PERCENT));
    this.brightness.disabled = !picture;
  }
}
