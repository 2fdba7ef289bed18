// A thumbnail of the list, large: while the mouse is over it, or the keyboard on its row's number.

import { element } from "../elements.js";

const GAP = 8;

export class Enlarged {
  /** @param list the element with the rows. */
  constructor(root, list, signal) {
    this.of = null; // the thumbnail that is shown
    this.element = element("div", { className: "msd-enlarged", popover: "manual" });
    this.image = element("img", { alt: "" });
    this.element.append(this.image);
    root.append(this.element);
    const listen = (type, act) => list.addEventListener(type, act, { signal });
    listen("pointerover", ({ target }) => this.show(target.matches(".msd-thumbnail") ? target : null));
    listen("focusin", ({ target }) => {
      const number = target.matches('[data-tool^="select"]:focus-visible');
      this.show(number ? target.closest(".msd-row").querySelector(".msd-thumbnail") : null);
    });
    for (const type of ["pointerleave", "pointerdown", "focusout", "scroll"]) {
      listen(type, () => this.show(null));
    }
  }

  /** Hides it where the row is no longer there. */
  update() {
    if (this.of && !this.of.isConnected) this.show(null);
  }

  show(thumbnail) {
    const image = thumbnail?.naturalWidth ? thumbnail : null;
    if (image === this.of) return;
    this.of = image;
    if (!image) return this.element.hidePopover();
    this.image.src = image.src;
    this.element.showPopover();
    const { left, right, top } = image.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = this.element;
    const beside = right + GAP + width <= innerWidth ? right + GAP : left - GAP - width;
    this.element.style.left = `${Math.max(beside, 0)}px`;
    this.element.style.top = `${Math.max(Math.min(top, innerHeight - height), 0)}px`;
  }
}
