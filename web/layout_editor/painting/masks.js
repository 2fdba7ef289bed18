// A mask that is being painted: a canvas over the whole picture, opaque where the area is.

const LONGEST = 512; // pixels along its longer side: four for a cell of SDXL's finest attention

/** An empty mask for a picture of this aspect. */
export function newMask(aspect) {
  const width = Math.round(aspect >= 1 ? LONGEST : LONGEST * aspect);
  const height = Math.round(aspect >= 1 ? LONGEST / aspect : LONGEST);
  return Object.assign(document.createElement("canvas"), { width, height });
}

/** Has a mask be as another one, of the same size. */
export function copyInto(mask, other) {
  const context = mask.getContext("2d");
  context.globalCompositeOperation = "copy";
  context.drawImage(other, 0, 0);
}

/** Fills a box, with a shape or whole. */
export function fillBox(mask, [x0, y0, x1, y1], shape = null) {
  const context = mask.getContext("2d");
  const { width, height } = mask;
  const place = [x0 * width, y0 * height, (x1 - x0) * width, (y1 - y0) * height];
  if (shape) context.drawImage(shape, ...place);
  else context.fillRect(...place);
}

/** Paints, or erases, along points in shares of the picture. */
export function stroke(mask, points, { erases, size }) {
  const context = prepared(mask, points, erases);
  context.lineCap = context.lineJoin = "round";
  context.lineWidth = size * Math.max(mask.width, mask.height);
  if (points.length === 1) context.lineTo(...last(mask, points));
  context.stroke();
}

/** Fills, or erases, what points in shares of the picture go around. */
export function fillAround(mask, points, { erases }) {
  const context = prepared(mask, points, erases);
  context.closePath();
  context.fill();
}

function prepared(mask, points, erases) {
  const context = mask.getContext("2d");
  context.globalCompositeOperation = erases ? "destination-out" : "source-over";
  context.beginPath();
  for (const [x, y] of points) context.lineTo(x * mask.width, y * mask.height);
  return context;
}

function last(mask, points) {
  const [x, y] = points.at(-1);
  return [x * mask.width + 0.01, y * mask.height];
}

/**
 * What is painted: the `box` around it in shares of the picture, and its `pixels`, white on black, as
 * large as the box; null where nothing is.
 */
export function painted(mask) {
  const { width, height } = mask;
  const context = mask.getContext("2d");
  const { data } = context.getImageData(0, 0, width, height);
  const [left, top, right, bottom] = bounds(data, width, height);
  if (left >= right) return null;
  const pixels = context.getImageData(left, top, right - left, bottom - top);
  for (let at = 0; at < pixels.data.length; at += 4) {
    pixels.data.fill(pixels.data[at + 3], at, at + 3);
    pixels.data[at + 3] = 255;
  }
  return { box: [left / width, top / height, right / width, bottom / height], pixels };
}

function bounds(data, width, height) {
  let [left, top, right, bottom] = [width, height, 0, 0];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (data[4 * (y * width + x) + 3] < 128) continue;
      left = Math.min(left, x);
      right = Math.max(right, x + 1);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y + 1);
    }
  }
  return [left, top, right, bottom];
}
