// Outlines of areas on a coarse grid: along the edges of its cells.

/**
 * @param told as a run tells it: `columns` and `rows` of the grid, and `areas`, for each how many
 *   cells in reading order are outside, then inside, outside, …
 * @returns for each area its outlines: closed lines of points in shares of the picture.
 */
export function outlinesOf({ columns, rows, areas }) {
  return areas.map((runs) =>
    outlines(cellsOf(runs), columns, rows).map((line) =>
      line.map(([x, y]) => [x / columns, y / rows]),
    ),
  );
}

/** Whether each cell is inside, in reading order. */
function cellsOf(runs) {
  return runs.flatMap((count, number) => Array(count).fill(number % 2 === 1));
}

/** The closed lines around cells, as corners of the grid; around holes, too. */
function outlines(cells, columns, rows) {
  const edges = edgesOf(cells, columns, rows);
  const lines = [];
  for (const start of edges.keys()) {
    while (edges.get(start).length) lines.push(corners(walk(edges, start)));
  }
  return lines;
}

/** The edges between inside and outside, the inside at their right: where each begins → its ends. */
function edgesOf(cells, columns, rows) {
  const inside = (x, y) => x >= 0 && x < columns && y >= 0 && y < rows && cells[y * columns + x];
  const edges = new Map();
  const add = (from, to) => {
    const ends = edges.get(String(from)) ?? [];
    edges.set(String(from), [...ends, to]);
  };
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      if (!inside(x, y)) continue;
      if (!inside(x, y - 1)) add([x, y], [x + 1, y]);
      if (!inside(x + 1, y)) add([x + 1, y], [x + 1, y + 1]);
      if (!inside(x, y + 1)) add([x + 1, y + 1], [x, y + 1]);
      if (!inside(x - 1, y)) add([x, y + 1], [x, y]);
    }
  }
  return edges;
}

/** Takes edges away, one behind the other, until they are back at the start. */
function walk(edges, start) {
  const line = [];
  for (let at = start; ; at = String(line.at(-1))) {
    const next = edges.get(at).pop();
    line.push(next);
    if (String(next) === start) return line;
  }
}

/** A closed line without the points that lie straight between their neighbours. */
function corners(line) {
  return line.filter(([x, y], index) => {
    const [before, after] = [line.at(index - 1), line[(index + 1) % line.length]];
    return !(before[0] === x && after[0] === x) && !(before[1] === y && after[1] === y);
  });
}
