// The colours of the boxes, and what they need to be seen.

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
  return css(colourOf(index), opacity);
}

export const DARK = [24, 24, 27];
export const LIGHT = [255, 255, 255];
const SEEN = 3; // contrast that an outline needs (WCAG 2.2, 1.4.11)

/** The contrast of two colours, from 1 to 21, as WCAG 2.2 defines it. */
export function contrast(one, other) {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

/** Dark or light, whichever stands out more. */
export function inkOn(behind) {
  return contrast(DARK, behind) > contrast(LIGHT, behind) ? DARK : LIGHT;
}

/**
 * What edges the outline of a box, so that it is seen on the sheet and on any picture: dark, but
 * light where neither the box's colour nor dark would be seen on the sheet.
 */
export function haloOf(index, sheet) {
  return contrast(colourOf(index), sheet) >= SEEN ? DARK : inkOn(sheet);
}

export function colourOf(index) {
  return COLOURS[index % COLOURS.length];
}

export function css(rgb, opacity = 1) {
  return `rgb(${rgb.join(" ")} / ${opacity})`;
}

function luminance(rgb) {
  const linear = (share) => (share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4);
  const [red, green, blue] = rgb.map((value) => linear(value / 255));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
