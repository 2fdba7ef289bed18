// Painting a box's area: the tool that is taken, the stroke under way, and what becomes of it.

import { tidy } from "../boxes.js";
import { pictureOf } from "../pictures.js";
import { Refusal } from "../refusal.js";
import { say } from "../texts.js";
import { saveShape } from "./files.js";
import { painted } from "./masks.js";
import { Painter } from "./painter.js";
import { withShape } from "./shapes.js";

export class Painting {
  constructor(editor) {
    this.editor = editor;
    this.tool = null;
    this.brush = 0.08; // of the picture's longer side
    this.saved = null; // a stroke that is on its way to the server
    this.saving = Promise.resolve();
    this.painter = new Painter(editor.canvas, () => editor.view, editor.signal);
    this.painter.on({
      stroke: () => editor.redraw(),
      painted: (stroke) => this.keep(stroke),
      put: () => this.take({ tool: null }),
    });
    editor.panel.on({
      tool: (tool) => this.take({ tool }),
      brush: (brush) => this.take({ brush }),
      soften: ({ soft, done }) => this.soften(soft, done),
      unpaint: () => this.change(editor.selected, null),
    });
  }

  /** The mask to be seen in place of its box, or null. */
  get stroke() {
    return this.painter.stroke ?? this.saved;
  }

  take(change) {
    Object.assign(this, change);
    this.editor.redraw();
  }

  /** A stroke becomes a file, and the box's shape: one step of undo. */
  keep(stroke) {
    this.saved = stroke;
    this.saving = this.saving.then(async () => {
      const made = painted(stroke.mask);
      try {
        if (made) await this.save(stroke.index, made);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        this.editor.tell(say(error.key, ...error.values), true);
      }
      if (this.saved === stroke) this.saved = null;
      this.editor.redraw();
    });
  }

  async save(index, { box, pixels }) {
    const { editor } = this;
    const image = await saveShape(pixels);
    await pictureOf(image).decode().catch(() => null); // else it is seen a moment later
    if (editor.signal.aborted) return;
    const boxes = [...editor.boxes];
    const at = Math.min(index, boxes.length);
    boxes[at] = tidy(box);
    const soft = editor.shapes[at]?.soft ?? 0;
    const shapes = withShape(editor.shapes, at, { image, soft });
    editor.commit({ boxes, selected: at, shapes });
  }

  soften(soft, done) {
    const { editor } = this;
    const shape = editor.shapes[editor.selected];
    if (!shape) return;
    if (done) this.change(editor.selected, { ...shape, soft });
    else {
      editor.shapes = withShape(editor.shapes, editor.selected, { ...shape, soft });
      editor.redraw();
    }
  }

  change(index, shape) {
    const { boxes, all, shapes } = this.editor;
    this.editor.commit({ boxes, selected: index, all, shapes: withShape(shapes, index, shape) });
  }
}
