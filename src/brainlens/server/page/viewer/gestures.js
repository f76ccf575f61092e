/** Mouse, touch and keys of the viewer, turned into what they mean. */

const WHEEL = 0.0015;
const STEP = 40;
const KEYS = {
  "+": (viewer) => viewer.zoomBy(1.25),
  "=": (viewer) => viewer.zoomBy(1.25),
  "-": (viewer) => viewer.zoomBy(0.8),
  0: (viewer) => viewer.reset(),
  ArrowLeft: (viewer) => viewer.panBy(STEP, 0),
  ArrowRight: (viewer) => viewer.panBy(-STEP, 0),
  ArrowUp: (viewer) => viewer.panBy(0, STEP),
  ArrowDown: (viewer) => viewer.panBy(0, -STEP),
  "[": (viewer) => viewer.adjust(0, -0.04),
  "]": (viewer) => viewer.adjust(0, 0.04),
  "{": (viewer) => viewer.adjust(-0.06, 0),
  "}": (viewer) => viewer.adjust(0.06, 0),
};

/**
 * Let a viewer be moved by hand: drag for window and level, with Shift, the middle or the right
 * button to pan; wheel or two fingers to zoom; double click or 0 for the start.
 */
export function attachGestures(frame, viewer) {
  const pointers = new Map();
  const place = (event) => {
    const box = frame.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  frame.addEventListener("pointerdown", (event) => {
    frame.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, { at: place(event), pans: event.shiftKey || event.button > 0 });
  });
  frame.addEventListener("pointermove", (event) => {
    const pointer = pointers.get(event.pointerId);
    if (!pointer) return;
    const [x, y] = place(event);
    const [dx, dy] = [x - pointer.at[0], y - pointer.at[1]];
    if (pointers.size > 1) pinch(viewer, pointers, event.pointerId, [x, y]);
    else if (pointer.pans) viewer.panBy(dx, dy);
    else viewer.adjust(dx / frame.clientWidth, dy / frame.clientHeight);
    pointer.at = [x, y];
  });
  for (const end of ["pointerup", "pointercancel"]) {
    frame.addEventListener(end, (event) => pointers.delete(event.pointerId));
  }
  frame.addEventListener("contextmenu", (event) => event.preventDefault());
  frame.addEventListener("dblclick", () => viewer.reset());
  frame.addEventListener("wheel", (event) => {
    event.preventDefault();
    viewer.zoomBy(Math.exp(-event.deltaY * WHEEL), ...place(event));
  }, { passive: false });
  frame.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !(event.key in KEYS)) return;
    event.preventDefault();
    KEYS[event.key](viewer);
  });
}

/** Two fingers: their distance zooms, their middle pans. */
function pinch(viewer, pointers, moved, [x, y]) {
  const [still] = [...pointers].filter(([id]) => id !== moved).map(([, pointer]) => pointer.at);
  const [oldX, oldY] = pointers.get(moved).at;
  const before = Math.hypot(oldX - still[0], oldY - still[1]);
  const after = Math.hypot(x - still[0], y - still[1]);
  if (before > 0) viewer.zoomBy(after / before, (x + still[0]) / 2, (y + still[1]) / 2);
  viewer.panBy((x - oldX) / 2, (y - oldY) / 2);
}
