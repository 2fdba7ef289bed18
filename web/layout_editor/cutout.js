// What the encoder gets of a picture with a mask: the rules of masks.py and pictures/references.py
// on pixels of the page. Levels are those of a mask, 0 to 255, one a pixel.

const BLACK = 16; // up to this level a mask is black
const FRAME_KEPT = 0.5;
const MIDDLE_LESS = 0.25;

/** Whether a mask keeps the picture's frame and drops its middle; tests/inside_out.json has cases. */
export function isInsideOut(levels, width, height) {
  const [across, down] = [width, height].map((side) => Math.max(Math.floor(side / 16), 1));
  const [left, top] = [width, height].map((side) => Math.floor(side / 4));
  const between = (x, y, dx, dy) => x >= dx && x < width - dx && y >= dy && y < height - dy;
  const sums = { frame: 0, middle: 0 };
  const counts = { frame: 0, middle: 0 };
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      if (!between(x, y, across, down)) count("frame", levels[at]);
      if (between(x, y, left, top)) count("middle", levels[at]);
    }
  }
  function count(where, level) {
    sums[where] += level / 255;
    counts[where] += 1;
  }
  const frame = sums.frame / counts.frame;
  return frame > FRAME_KEPT && frame - sums.middle / counts.middle > MIDDLE_LESS;
}

/** The edges of what is visible: `left`, `top`, `width`, `height`; null where nothing is. */
export function visibleBounds(levels, width, height) {
  let [left, top, right, bottom] = [width, height, -1, -1];
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      if (levels[at] <= BLACK) continue;
      [left, right] = [Math.min(left, x), Math.max(right, x)];
      [top, bottom] = [Math.min(top, y), y];
    }
  }
  return right < 0 ? null : { left, top, width: right - left + 1, height: bottom - top + 1 };
}

/** Blackens red, green, blue, opacity, … in place, by the levels. */
export function blacken(pixels, levels) {
  levels.forEach((level, index) => {
    const share = level > BLACK ? level / 255 : 0;
    for (let channel = 0; channel < 3; channel++) pixels[4 * index + channel] *= share;
    pixels[4 * index + 3] = 255;
  });
}
