// The painted shapes of boxes, beside them in the node's value `areas`: for each box null, or the
// `image` that is stretched over it, the pixels by which it is `soft`, and whether it is `mirrored`.

/** The shapes in a text; of one that cannot be read there are none, as a run then says why. */
export function parseShapes(text) {
  try {
    const shapes = JSON.parse(text || "[]");
    return Array.isArray(shapes) ? shapes.map((one) => (one?.image ? one : null)) : [];
  } catch {
    return [];
  }
}

/** "" where no box has one, as in workflows from before there were any. */
export function formatShapes(shapes) {
  const last = shapes.findLastIndex(Boolean);
  const kept = Array.from(shapes).slice(0, last + 1);
  return kept.length ? JSON.stringify(kept.map((one) => one ?? null)) : "";
}

/**
 * The shapes of boxes that have been changed: a box that is in another row takes its own along, one
 * that was moved or resized keeps it.
 *
 * @param change what a function of edits.js gave: `mirrored` or `fresh`, if all boxes are; `copyOf`,
 *   what the last one was copied from.
 */
export function followed(shapes, before, after, { mirrored, fresh, copyOf } = {}) {
  if (fresh) return [];
  const moved = after.map((box, index) => {
    if (box === before[index]) return shapes[index] ?? null;
    const from = before.indexOf(box);
    if (from >= 0) return shapes[from] ?? null;
    return (index < before.length ? shapes[index] : shapes[copyOf]) ?? null;
  });
  return mirrored ? moved.map((one) => one && { ...one, mirrored: !one.mirrored }) : moved;
}

/** The shapes with another one for a box. */
export function withShape(shapes, index, shape) {
  const next = Array.from({ length: Math.max(shapes.length, index + 1) }, (_, n) => shapes[n] ?? null);
  next[index] = shape;
  return next;
}
