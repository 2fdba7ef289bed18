// The colours of the page's theme, which CSS gives the canvas.

const read = new Map(); // colour as CSS names it → red, green, blue
const MOST_READ = 32;

/** `text` as CSS names it, and the `sheet` behind the picture as red, green and blue. */
export function themeOf(canvas) {
  const { color, backgroundColor } = getComputedStyle(canvas);
  return { text: color, sheet: rgbOf(backgroundColor) };
}

/** Any colour that CSS knows. */
function rgbOf(colour) {
  if (!read.has(colour)) {
    if (read.size >= MOST_READ) read.clear();
    const context = new OffscreenCanvas(1, 1).getContext("2d");
    context.fillStyle = colour;
    context.fillRect(0, 0, 1, 1);
    read.set(colour, [...context.getImageData(0, 0, 1, 1).data.slice(0, 3)]);
  }
  return read.get(colour);
}
