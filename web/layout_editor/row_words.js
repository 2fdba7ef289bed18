// The words of boxes, as the rows, the canvas and the menu change them.

import { say } from "./texts.js";
import { wordsSpoken } from "./words.js";

export class RowWords {
  constructor(editor) {
    this.editor = editor;
  }

  /** Whether a double click on a box is about its words: it has no subject that could be named. */
  comeFirst(index) {
    const { words, subjects } = this.editor.context;
    return Boolean(words) && !subjects[index];
  }

  /** Has a person write the words of a box. */
  ask(index) {
    const { editor } = this;
    const { words } = editor.context;
    if (words?.fixed) editor.tell(say(words.fixed));
    else editor.nameField.show(index, "words");
  }

  change(index, words) {
    const { editor } = this;
    const notes = editor.host.writeWords(index, words, editor.boxes.length);
    editor.refresh();
    editor.panel.speak(wordsSpoken(editor.view, index));
    if (notes.length) editor.tell(notes.map((note) => say(...note)).join(" "));
  }
}
