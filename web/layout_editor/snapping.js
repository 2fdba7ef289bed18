// Snapping to a grid, to other boxes and to the picture's edges and centre lines.

export const GRIDS = { off: [], eighths: steps(8), sixteenths: steps(16), thirds: steps(3) };

/**
 * Lines that edges may snap to, for each axis.
 * A grid catches from anywhere; edges and centre lines only from nearby.
 */
export function snapLines(others, grid) {
  const lines = (low, high) => ({
    near: [0, 0.5, 1, ...others.flatMap((box) => [box[low], box[high]])],
    grid: GRIDS[grid],
  });
  return [lines(0, 2), lines(1, 3)];
}

/**
 * A point on the lines that catch it.
 *
 * @param reach how near a line catches, in shares of each axis.
 * @returns the point, and the lines that caught it as [{ axis, at }].
 */
export function snapPoint(point, lines, reach) {
  const guides = [];
  const caught = point.map((value, axis) => {
    const at = nearest(value, lines[axis], reach[axis]);
    if (at === null) return value;
    guides.push({ axis, at });
    return at;
  });
  return [caught, guides];
}

/**
 * How much further a moved box goes so that an edge or its centre lies on a line.
 *
 * @returns [[dx, dy], guides].
 */
export function snapMove(box, lines, reach) {
  const guides = [];
  const shift = [0, 1].map((axis) => {
    const low = box[axis];
    const high = box[axis + 2];
    // the centre snaps to the picture's centre line only, and never to a grid
    const centre = { near: [0.5], grid: [] };
    const candidates = [
      [low, nearest(low, lines[axis], reach[axis])],
      [high, nearest(high, { ...lines[axis], grid: [] }, reach[axis])],
      [(low + high) / 2, nearest((low + high) / 2, centre, reach[axis])],
    ].filter(([, at]) => at !== null);
    if (!candidates.length) return 0;
    const distance = ([from, at]) => Math.abs(at - from);
    const inReach = candidates.filter((one) => distance(one) <= reach[axis]);
    const best = (inReach.length ? inReach : candidates).reduce((a, b) =>
      distance(b) < distance(a) ? b : a,
    );
    guides.push({ axis, at: best[1] });
    return best[1] - best[0];
  });
  return [shift, guides];
}

function nearest(value, { near, grid }, reach) {
  const closest = (lines) =>
    lines.reduce((a, b) => (Math.abs(b - value) < Math.abs(a - value) ? b : a));
  const line = closest(near);
  if (Math.abs(line - value) <= reach) return line;
  return grid.length ? closest(grid) : null;
}

function steps(count) {
  return Array.from({ length: count + 1 }, (_, step) => step / count);
}
