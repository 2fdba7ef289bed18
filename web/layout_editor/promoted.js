// Boxes that are an input of a subgraph: the page makes a widget of the subgraph's node for them and
// draws nothing for it. The node gets an editor of its own, on the value of that widget.

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
    const promoted = holder.inputs.filter((input) => input._widget?.type === kind);
    const names = new Set(promoted.map((input) => input.name));
    for (const [name, view] of views) {
      if (names.has(name)) continue;
      views.delete(name);
      holder.removeWidget(view);
    }
    for (const { name, _widget: widget } of promoted) {
      hide(widget);
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

/** Keeps a widget, but shows it nowhere. */
export function hide(widget) {
  widget.options = { ...widget.options, hidden: true };
  widget.hidden = true; // older pages look here,
  widget.computeLayoutSize = undefined; // and leave room for hidden widgets, and 4 more
  widget.computeSize = () => [0, -4];
}
