// What the layout says of how its subjects act, beside the boxes: the node's value `options`.

import { BoxError } from "./boxes.js";
import { changedOptions, formatOptions, parseOptions } from "./options.js";
import { say } from "./texts.js";
import { actingSpoken } from "./words.js";

export class RowOptions {
  constructor(editor) {
    this.editor = editor;
    this.list = []; // an entry a box, perhaps fewer
    this.fault = null;
  }

  /** Reads a text; of a faulty one, or one for boxes that are not there, is a message. */
  take(text) {
    this.list = [];
    this.fault = null;
    try {
      this.list = parseOptions(text);
      if (!this.editor.readOnly && this.written(this.list) !== formatOptions(this.list)) {
        throw new BoxError("noOptions");
      }
    } catch (error) {
      if (!(error instanceof BoxError)) throw error;
      this.fault = say(error.key);
    }
  }

  /** Has the subject of a box act in another way. @param changes as in changedOptions. */
  change(index, changes) {
    const { editor } = this;
    const subject = editor.context.subjects[index];
    this.list = changedOptions(this.list, index, subject, changes);
    this.fault = null;
    editor.seen = null;
    editor.host.writeOptions(this.written(this.list));
    editor.panel.speak(actingSpoken(editor.view, index));
    editor.redraw();
  }

  /** Follows the rows. @param kept gives what is left of a list by row. @returns what is to be written. */
  follow(kept) {
    const before = formatOptions(this.list);
    const options = this.written(kept(this.list));
    if (options === before) return {};
    this.list = parseOptions(options);
    return { options };
  }

  /** The text of options, as far as there are rows for them. */
  written(options) {
    const { boxes, context, readOnly } = this.editor;
    const rows = readOnly ? Infinity : Math.max(boxes.length, context.subjects.length);
    return formatOptions(options.slice(0, rows));
  }
}
