// What an event of the pointer says.

const GRAB = { mouse: 8, pen: 12, touch: 20 }; // pixels around a handle

/** Whether it is of the middle button, which moves the graph. */
export function isMiddle(event) {
  return event.button === 1 || Boolean(event.buttons & 4);
}

/** Where it is in pixels of the canvas, whatever the zoom of graph and page. */
export function positionOn(canvas, event) {
  const { left, top } = canvas.getBoundingClientRect();
  const zoom = zoomOf(canvas);
  return [(event.clientX - left) / zoom, (event.clientY - top) / zoom];
}

/** How large one pixel of a canvas is on the screen. */
export function zoomOf(canvas) {
  return canvas.getBoundingClientRect().width / canvas.clientWidth;
}

/** From how many pixels away it takes a handle. */
export function grabOf(event) {
  return GRAB[event.pointerType] ?? GRAB.mouse;
}
