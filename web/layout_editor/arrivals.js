// Pictures that come to the editor, and the names that are asked for then.

import { Refusal } from "./refusal.js";
import { say } from "./texts.js";

export class Arrivals {
  constructor(editor) {
    this.editor = editor;
    this.naming = null; // the boxes that are still to be named, and the step of undo they are part of
  }

  /** The step of undo that a name given now belongs to, if any. */
  get step() {
    return this.naming?.step;
  }

  /** Makes dropped or pasted pictures those of subjects, and has them named. */
  async receive({ came, target }) {
    const { editor } = this;
    editor.tell(say("uploading"));
    try {
      const taken = await editor.host.take(came, target, () => editor.view, editor.signal);
      editor.tell(taken.notes.map((note) => say(...note)).join(" "));
      editor.refresh();
      editor.choose({ selected: taken.subjects[0] });
      this.name(taken.subjects, taken.step);
    } catch (error) {
      if (editor.signal.aborted) return;
      editor.tell("");
      if (!(error instanceof Refusal)) throw error;
      editor.tell(say(error.key, ...error.values), true);
    }
  }

  /** Has boxes be named, one after another; it may belong to a step of undo. */
  name([index, ...rest], step = this.step) {
    const { editor } = this;
    this.naming = { rest, step };
    if (index === undefined) this.naming = null;
    else if (editor.readOnly || editor.context.subjects[index]?.fixed) editor.tell(say("nameElsewhere"));
    else editor.nameField.show(index);
  }

  /** Goes on with the next name, or ends it where the last one was not entered. */
  next(entered) {
    this.name(entered ? this.naming.rest : []);
  }
}
