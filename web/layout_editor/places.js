// Where the page shows one widget: in its node, in the panel beside the graph, in an app. It moves
// the widget's element from place to place; where it does not, or has left, and still shows the
// widget, there is an editor of its own, on the same value.

/** The editor's element, which tells where it is put. */
class EditorElement extends HTMLElement {
  connectedCallback() {
    this.dispatchEvent(new Event("msd-placed"));
  }
}
customElements.define("msdiffusion-editor", EditorElement);

export class Places {
  /** @param make makes an editor (LayoutEditor). */
  constructor(make) {
    this.make = make;
    this.main = make();
    this.others = new Map(); // place, an element of the page → its editor
    this.left = new Set(); // places in which the main editor has been
    this.element.addEventListener("msd-placed", () => this.placed());
  }

  /** What the page is given to show. */
  get element() {
    return this.main.element;
  }

  placed() {
    const here = this.element.parentElement;
    this.others.get(here)?.destroy();
    this.others.delete(here);
    for (const place of this.left) if (place !== here) this.fill(place);
    this.left.add(here);
  }

  /** Gives a place an editor, unless it has one. */
  fill(place) {
    if (!place?.isConnected || place.querySelector(":scope > .msd-editor")) return;
    this.others.get(place)?.destroy();
    const editor = this.make();
    this.others.set(place, editor);
    place.append(editor.element);
    editor.refresh();
  }

  /** Has each editor that is shown look around. */
  refresh() {
    this.main.refresh();
    for (const place of [...this.left, ...this.others.keys()]) {
      if (!place.isConnected) this.forget(place);
    }
    for (const editor of this.others.values()) editor.refresh();
  }

  forget(place) {
    this.left.delete(place);
    this.others.get(place)?.destroy();
    this.others.delete(place);
  }

  end() {
    this.main.destroy();
    for (const editor of this.others.values()) editor.destroy();
  }
}
