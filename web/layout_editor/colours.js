// The colours of the boxes.

// Okabe and Ito's, which stay apart for colour-blind eyes; the preview has the same
export const COLOURS = [
  [230, 159, 0],
  [86, 180, 233],
  [0, 158, 115],
  [240, 228, 66],
  [204, 121, 167],
  [213, 94, 0],
  [0, 114, 178],
  [200, 200, 200],
];

export function colour(index, opacity = 1) {
  return `rgb(${COLOURS[index % COLOURS.length].join(" ")} / ${opacity})`;
}
