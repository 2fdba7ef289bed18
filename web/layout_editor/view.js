// What the editor's parts are shown of its state, as plain data.

import { areCounted, chipsOf } from "./chips.js";
import { actingOf } from "./options.js";
import { counted, say } from "./texts.js";

// where areas are shares of the picture behind them, which fills the layout; else it is fitted
const SHARES = ["fromMasks", "fromBboxes"];

const COMMON_WEIGHT = 0.6; // as Apply MS-Diffusion's is at first

export function viewOf(editor) {
  const { boxes, selected, all, second, guides, text, host, context, readOnly } = editor;
  const { list: options, fault: unread } = editor.rowOptions;
  const { width, height, picture, unused = [], prompts, sizeLinked = false } = context;
  const count = Math.max(boxes.length, context.subjects.length);
  const acting = Array.from({ length: count }, (_, index) =>
    actingOf(context.subjects[index], options[index]),
  );
  const subjects = context.subjects.map((one, index) => ({
    ...one,
    everywhere: acting[index].everywhere,
    off: !acting[index].enabled,
  }));
  const { isResult = false, outlines = [], words = null } = context;
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
    miscounted: isMiscounted(editor) && !editor.notice,
    unread: Boolean(unread) && !editor.notice, // the options cannot be read
    readOnly,
    grid: host.grid,
    backdrop: host.backdrop,
    panning: host.panning,
    size, // of the picture, in its pixels
    sizeLinked, // whether another node gives it
    aspect: width / height,
    subjects, // as they act in this layout
    acting, // how the subject of each row acts, see options.js
    options, // what of that the layout says
    weight: prompts?.[0]?.weight ?? COMMON_WEIGHT, // of subjects without their own
    overruled: Boolean(prompts?.some((one) => one.overruled)), // whether another counts
    names: host.names, // of boxes without a subject
    picture,
    fitted: isResult || !SHARES.includes(context.source),
    isResult,
    outlines, // of areas, for each box
    unused, // boxes that no subject has taken
    words, // of the boxes, see box_prompts.js; null where the layout has none
    takesWords: Boolean(context.takesWords), // whether it may get some
    chips: chipsOf({ boxes, subjects, acting, size, prompts, words, readOnly, faulty }),
  };
}

/** What the line under the canvas says. */
function messageOf(editor) {
  const { notice, fault, readOnly, boxes } = editor;
  if (notice) return notice.text;
  const { source, subjects, note } = editor.context;
  if (readOnly) return [say(source), note].filter(Boolean).join(" ");
  if (fault) return fault;
  if (editor.rowOptions.fault) return editor.rowOptions.fault;
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
