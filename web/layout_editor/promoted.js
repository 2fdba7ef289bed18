// Boxes that are promoted to the node of a subgraph. Newer pages keep such a value with that node,
// and draw nothing for a widget that they do not know: the node gets an editor of its own.

import { placeOf, targetOf } from "./links.js";

/**
 * Shows an editor in the node of a subgraph for each promoted widget of a kind.
 *
 * @param add adds it, is given a function for the place of the node whose widget it is, and
 *   returns a widget.
 */
export function showPromoted(holder, kind, add) {
  const views = new Map(); // the name of the promoted widget → what shows it
  const follow = () => {
    const promoted = holder.inputs.filter((input) => isPromoted(input, kind));
    const names = new Set(promoted.map((input) => input.name));
    for (const [name, view] of views) {
      if (names.has(name)) continue;
      views.delete(name);
      holder.removeWidget(view);
    }
    for (const { name, _widget: widget } of promoted) {
      widget.options = { ...widget.options, hidden: true };
      if (!views.has(name)) views.set(name, add(() => targetOf(placeOf(holder), name)));
    }
  };
  const later = () => queueMicrotask(follow); // the page is still at it
  const { events } = holder.subgraph;
  for (const type of ["widget-promoted", "widget-demoted"]) events.addEventListener(type, later);
  const { onAdded, onRemoved } = holder;
  holder.onAdded = function (...values) {
    onAdded?.apply(this, values);
    later();
  };
  holder.onRemoved = function (...values) {
    onRemoved?.apply(this, values);
    for (const type of ["widget-promoted", "widget-demoted"]) events.removeEventListener(type, later);
  };
}

/** Older pages have the node show the very widget, with its element. */
function isPromoted({ _widget: widget }, kind) {
  return widget?.type === kind && !widget.element;
}
