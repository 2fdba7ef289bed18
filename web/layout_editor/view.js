// What the editor's parts are shown of its state, as plain data.

import { areCounted, chipsOf } from "./chips.js";
import { counted, say } from "./texts.js";

// where areas are shares of the picture behind them, which fills the layout; else it is fitted
const SHARES = ["fromMasks", "fromBboxes"];

export function viewOf(editor) {
  const { boxes, selected, all, second, guides, text, host, context, readOnly } = editor;
  const { width, height, subjects, picture, unused = [], prompts, sizeLinked = false } = context;
  const { isResult = false, outlines = [] } = context;
  const faulty = Boolean(editor.fault ?? editor.notice?.faulty);
  const size = [width, height];
  return {
    boxes,
    shapes: SHARES.includes(context.source) ? [] : editor.shapes, // painted, of boxes
    stroke: editor.painting?.stroke, // a mask in place of a box's shape
    tool: editor.painting?.tool,
    brush: editor.painting?.brush,
    selected, // indices, -1 where there is none
    second,
    all, // whether every box is selected
    guides, // lines that the box has snapped to, as in snapping.js
    dragging: editor.gestures.dragging,
    text,
    message: messageOf(editor),
    faulty, // the text cannot be read, or a picture not taken
    miscounted: isMiscounted(editor),
    readOnly,
    grid: host.grid,
    backdrop: host.backdrop,
    panning: host.panning,
    size, // of the picture, in its pixels
    sizeLinked, // whether another node gives it
    aspect: width / height,
    subjects,
    names: host.names, // of boxes without a subject
    picture,
    fitted: isResult || !SHARES.includes(context.source),
    isResult,
    outlines, // of areas, for each box
    unused, // boxes that no subject has taken
    chips: chipsOf({ boxes, subjects, size, prompts, readOnly, faulty }),
  };
}

/** What the line under the canvas says. */
function messageOf(editor) {
  const { notice, fault, readOnly, boxes } = editor;
  if (notice) return notice.text;
  const { source, subjects, note } = editor.context;
  if (readOnly) return [say(source), note].filter(Boolean).join(" ");
  if (fault) return fault;
  const miscounted = isMiscounted(editor);
  if (!boxes.length && !miscounted) return say("empty");
  const unknown = subjects.filter((subject) => subject.unknown);
  if (unknown.some((subject) => !subject.name)) return say("namesFromRun");
  if (!miscounted) return "";
  return say("count", ...counts(boxes, subjects));
}

function counts(boxes, subjects) {
  return [counted(boxes.length, "box", "boxes"), counted(subjects.length, "subject", "subjects")];
}

/** Whether there are more or fewer boxes than subjects. */
function isMiscounted({ readOnly, fault, boxes, context: { subjects } }) {
  return !readOnly && !fault && areCounted(subjects) && subjects.length !== boxes.length;
}
