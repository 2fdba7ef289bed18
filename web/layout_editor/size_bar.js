// Width and height of the picture, over the canvas.

import { button, element, label } from "./elements.js";
import { SIZES, sizeLike } from "./sizes.js";
import { say } from "./texts.js";

const SIDES = ["width", "height"];
const AS_PICTURE = "asPicture";

export class SizeBar {
  /** @param fire tells of `resize` ([width, height]) and `redraw`. */
  constructor(fire, signal) {
    this.fire = fire;
    this.signal = signal;
    this.size = [0, 0];
    this.typedIn = null; // the side that a number is being typed in
    this.seen = null; // width and height of the picture behind the boxes
    this.sides = SIDES.map((side, number) => this.side(side, number));
    this.swap = button("⇆", "swapSides", () => fire("resize", this.size.toReversed()), signal);
    this.aspects = element("select");
    label(this.aspects, say("aspects"));
    this.aspects.dataset.tool = "aspects";
    const option = (value, textContent) => element("option", { value, textContent });
    this.asPicture = option(AS_PICTURE, say(AS_PICTURE));
    const ready = Object.entries(SIZES).map(([name, size]) =>
      option(name, `${name}  (${size.join(" × ")})`),
    );
    this.aspects.append(option("", say("aspects")), this.asPicture, ...ready);
    this.aspects.addEventListener("change", () => this.choose(), { signal });
    this.element = element("div", { className: "msd-toolbar msd-size" });
    const times = element("span", { textContent: "×" });
    this.element.append(this.sides[0], times, this.sides[1], this.swap, this.aspects);
  }

  side(key, number) {
    const made = element("input", { type: "number", min: 64, step: 8 });
    label(made, say(key));
    made.dataset.tool = key;
    const listen = (type, act) => made.addEventListener(type, act, { signal: this.signal });
    listen("input", () => (this.typedIn = made));
    listen("change", () => {
      this.typedIn = null;
      const pixels = Math.round(Number(made.value));
      if (pixels > 0) this.fire("resize", this.size.with(number, pixels));
      else this.fire("redraw"); // shows the old one again
    });
    return made;
  }

  choose() {
    const { value } = this.aspects;
    this.aspects.value = "";
    this.fire("resize", value === AS_PICTURE ? sizeLike(this.seen) : SIZES[value]);
  }

  update({ size, sizeLinked, picture }) {
    this.size = size;
    this.seen = picture && [picture.naturalWidth, picture.naturalHeight];
    this.asPicture.disabled = !picture;
    this.sides.forEach((side, number) => {
      side.disabled = sizeLinked;
      const text = String(size[number]);
      if (side !== this.typedIn && side.value !== text) side.value = text; // which drops a selection
    });
    this.swap.disabled = sizeLinked;
    this.aspects.disabled = sizeLinked;
    this.element.title = sizeLinked ? say("sizeLinked") : "";
  }
}
