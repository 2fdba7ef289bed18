// The tools that paint a box's area, and over the canvas what they are set to.

import { button, element, slider } from "../elements.js";
import { say } from "../texts.js";

const TOOLS = { brush: "✎", lasso: "➰" };
const PERCENT = 100;
const SOFTEST = 64; // pixels of the picture, by the slider

export class PaintBar {
  /**
   * @param fire tells of `tool` (a key of TOOLS, or null), `brush` (its width, a share of the
   *   picture's longer side), `soften` ({ soft, done }) and `unpaint`.
   */
  constructor(fire, signal) {
    this.tool = null;
    const take = (name) => fire("tool", this.tool === name ? null : name);
    this.buttons = Object.entries(TOOLS).map(([name, sign]) =>
      button(sign, name, () => take(name), signal),
    );
    const widen = (value) => fire("brush", value / PERCENT);
    this.brush = slider("brushSize", { min: 1, max: 40, step: 1 }, widen, signal);
    const soften = (soft, done) => fire("soften", { soft, done });
    this.soft = slider("soft", { min: 0, max: SOFTEST, step: 1 }, soften, signal);
    this.whole = button("▭", "unpaint", () => fire("unpaint"), signal);
    const named = (key, input) => {
      const made = element("label", { textContent: say(`${key}Short`) });
      made.append(input);
      return made;
    };
    this.element = element("div", { className: "msd-toolbar msd-size" });
    this.element.append(named("brushSize", this.brush), named("soft", this.soft), this.whole);
  }

  update({ tool, brush, selected, shapes, readOnly }) {
    this.tool = tool;
    for (const one of this.buttons) {
      one.disabled = readOnly;
      one.setAttribute("aria-pressed", String(one.dataset.tool === tool));
    }
    const shape = shapes[selected];
    this.element.hidden = readOnly || (!tool && !shape);
    this.brush.value = String(Math.round(brush * PERCENT));
    this.brush.disabled = tool !== "brush";
    this.soft.value = String(shape?.soft ?? 0);
    this.soft.disabled = this.whole.disabled = !shape;
  }
}
