// Where the picture lies on its canvas. Boxes and points are in shares of the picture, frames and
// the pointer in pixels of the canvas.

export const MARGIN = 10; // around the picture, so that handles on its edge can be grabbed

/** Where the picture lies on a canvas of this size: as large as fits, in its aspect ratio. */
export function pictureFrame(width, height, aspect) {
  const room = [Math.max(width - 2 * MARGIN, 1), Math.max(height - 2 * MARGIN, 1)];
  const w = Math.min(room[0], room[1] * aspect);
  const h = w / aspect;
  return { x: (width - w) / 2, y: (height - h) / 2, width: w, height: h };
}

/** A point of the picture, in pixels of the canvas. */
export function pointOn(frame, [x, y]) {
  return [frame.x + x * frame.width, frame.y + y * frame.height];
}

/** A point of the canvas, in shares of the picture; outside it they are below 0 or above 1. */
export function pointIn(frame, [x, y]) {
  return [(x - frame.x) / frame.width, (y - frame.y) / frame.height];
}

/** A box in pixels of the canvas. */
export function placed(frame, [x0, y0, x1, y1]) {
  const [x, y] = pointOn(frame, [x0, y0]);
  return { x, y, width: (x1 - x0) * frame.width, height: (y1 - y0) * frame.height };
}
