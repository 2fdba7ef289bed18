// The editor over the whole page, until Escape.

import { button } from "./elements.js";
import { isMiddle } from "./pointer.js";
import { Teller } from "./teller.js";

const SOON = 3000; // milliseconds in which the page builds nodes anew, such as for an undo

let ended = { key: null, time: 0 }; // the editor that ended while it filled the page

/** Fires `changed` when it has opened or closed. */
export class FullPage extends Teller {
  /**
   * @param root the editor's element.
   * @param key gives what its node keeps when the page builds it anew, with another editor.
   * @param busy tells whether Escape has something else to end.
   */
  constructor(root, key, busy, signal) {
    super();
    Object.assign(this, { root, key, busy });
    this.button = button("⤢", "fullPage", () => (this.open ? this.close() : this.show()), signal);
    const listen = (target, type, handler) =>
      target.addEventListener(type, handler, { signal, capture: true });
    listen(window, "keydown", (event) => this.escape(event));
    // the graph beneath neither moves nor zooms; the page listens before the editor's element does
    for (const type of ["wheel", "pointerdown", "pointermove", "pointerup"]) {
      listen(window, type, (event) => {
        if (this.open && (type === "wheel" || isMiddle(event))) event.stopPropagation();
      });
    }
    signal.addEventListener("abort", () => {
      if (this.open) ended = { key: key(), time: performance.now() };
    });
  }

  get open() {
    return this.root.hasAttribute("popover");
  }

  show() {
    this.root.popover = "manual"; // over all else, whatever the graph's zoom
    this.keep();
    this.changed();
  }

  close() {
    this.root.removeAttribute("popover");
    this.changed();
  }

  /**
   * Fills the page again: after the page has moved the element, or where the editor of the same
   * node, built anew, has filled it just before.
   */
  keep() {
    if (this.key() === ended.key && !this.open) {
      const soon = performance.now() - ended.time < SOON;
      ended = { key: null, time: 0 };
      if (soon) return this.show();
    }
    if (!this.open || !this.root.isConnected || this.root.matches(":popover-open")) return;
    this.root.showPopover();
  }

  changed() {
    this.button.setAttribute("aria-pressed", String(this.open));
    this.fire("changed");
  }

  escape(event) {
    if (event.key !== "Escape" || !this.open || this.busy()) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    this.close();
  }
}
