// The menu of a box: what can be done with it.

import { areaToggled, duplicated, filled, removed, reordered } from "./edits.js";
import { hasArea } from "./boxes.js";
import { element } from "./elements.js";
import { boxOver, targetAt } from "./over.js";
import { Teller } from "./teller.js";
import { say } from "./texts.js";

const STEPS = { ArrowDown: 1, ArrowUp: -1 };

/**
 * What the menu of a box offers: `key` of texts.js, the event that it fires with its `detail`, and
 * whether it can be done.
 */
export function offers({ boxes, readOnly, subjects, words, takesWords }, index) {
  const edit = (key, change, can = true) => ({
    key,
    type: "edit",
    detail: change,
    can: can && !readOnly,
  });
  const at = { selected: index };
  const placed = hasArea(boxes[index]);
  const write = { key: "menuWords", type: "words", detail: { index }, can: !words?.fixed };
  return [
    { key: "menuRename", type: "ask", detail: { index }, can: !subjects[index]?.fixed && !readOnly },
    ...(words || takesWords ? [write] : []),
    { key: "menuPicture", type: "picture", detail: { index }, can: true },
    edit("menuWhole", (layout) => filled(layout, index)),
    edit(placed ? "menuNoArea" : "menuArea", (layout) => areaToggled(layout, index)),
    edit("menuCopy", (layout) => duplicated({ ...layout, ...at }), placed),
    edit("menuUp", (layout) => reordered(layout, index, -1), index > 0),
    edit("menuDown", (layout) => reordered(layout, index, 1), index < boxes.length - 1),
    edit("menuRemove", (layout) => removed(layout, index)),
  ];
}

/** Fires `choose` and what `offers` names: `edit`, `ask`, `words` and `picture` ({ index }). */
export class Menu extends Teller {
  constructor(root, canvas, look, signal) {
    super();
    Object.assign(this, { canvas, look });
    this.element = element("div", { className: "msd-menu", popover: "auto" });
    this.element.setAttribute("role", "menu");
    root.append(this.element);
    canvas.addEventListener("contextmenu", (event) => this.ask(event), { signal });
    canvas.addEventListener("keydown", (event) => this.key(event), { signal });
    this.element.addEventListener("keydown", (event) => this.walk(event), { signal });
    this.element.addEventListener("contextmenu", (event) => event.preventDefault(), { signal });
  }

  /** By the mouse it is about the box beneath, by the keyboard about the selected one. */
  ask(event) {
    if (event.defaultPrevented) return; // in the middle of a drag
    const byMouse = event.pointerType || event.button === 2;
    const view = this.look();
    const index = byMouse ? targetAt(this.canvas, view, event).index : view.selected;
    if (!(index in view.boxes)) return;
    event.preventDefault();
    event.stopPropagation();
    this.show(index, byMouse ? [event.clientX, event.clientY] : this.corner(index));
  }

  key(event) {
    const asked = event.key === "ContextMenu" || (event.key === "F10" && event.shiftKey);
    const { selected } = this.look();
    if (!asked || selected < 0) return;
    event.preventDefault();
    this.show(selected, this.corner(selected));
  }

  /** Where a box begins on the screen. */
  corner(index) {
    const { canvas } = this;
    const rect = canvas.getBoundingClientRect();
    const scale = rect.width / canvas.clientWidth;
    const { left, top } = boxOver(canvas, this.look(), index);
    return [
      rect.left + (left - canvas.offsetLeft) * scale,
      rect.top + (top - canvas.offsetTop) * scale,
    ];
  }

  get open() {
    return this.element.matches(":popover-open");
  }

  show(index, [x, y]) {
    this.fire("choose", { selected: index });
    const menu = this.element;
    menu.setAttribute("aria-label", say("menu", index + 1));
    menu.replaceChildren(...offers(this.look(), index).map((offer) => this.item(offer, index)));
    menu.showPopover();
    const { offsetWidth, offsetHeight } = menu;
    menu.style.left = `${Math.max(0, Math.min(x, innerWidth - offsetWidth))}px`;
    menu.style.top = `${Math.max(0, Math.min(y, innerHeight - offsetHeight))}px`;
    menu.querySelector("button:enabled")?.focus();
  }

  item({ key, type, detail, can }, index) {
    const item = element("button", { type: "button", textContent: say(key, index + 1) });
    item.setAttribute("role", "menuitem");
    item.dataset.tool = key;
    item.disabled = !can;
    item.addEventListener("click", () => {
      this.element.hidePopover();
      this.canvas.focus({ preventScroll: true });
      this.fire(type, detail);
    });
    return item;
  }

  walk(event) {
    const items = [...this.element.querySelectorAll("button:enabled")];
    const at = items.indexOf(document.activeElement);
    const step = STEPS[event.key];
    if (event.key === "Tab") this.element.hidePopover();
    else if (step) items.at((at + step) % items.length).focus();
    else if (event.key === "Home" || event.key === "End") items.at(event.key === "End" ? -1 : 0).focus();
    else return;
    event.preventDefault();
  }
}
