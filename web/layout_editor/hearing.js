// What the editor does when its parts tell of something.

/** Has an editor listen to its parts. */
export function listen(editor) {
  const choose = (chosen) => editor.choose(chosen);
  editor.gestures.on({
    choose,
    draft: (layout) => editor.draft(layout),
    commit: (layout) => editor.commit(layout),
  });
  editor.panel.on({
    choose,
    edit: (change) => editor.edit(change),
    type: (text) => editor.type(text),
    reread: () => editor.reread(),
    rename: ({ index, name }) => editor.rename(index, name),
    words: ({ index, words }) => editor.rowWords.change(index, words),
    mend: ({ kind, index }) => editor.mend(kind, index),
    act: ({ index, changes }) => editor.rowOptions.change(index, changes),
    snap: (grid) => editor.snapTo(grid),
    tell: (text) => editor.tell(text),
    backdrop: ({ change, done }) => editor.changeBackdrop(change, done),
    resize: (size) => editor.resize(size),
    undo: () => editor.host.undo(),
    redraw: () => editor.redraw(),
  });
  editor.fullPage.on({ changed: () => editor.canvas.focus({ preventScroll: true }) });
  const { arrivals, rowWords } = editor;
  editor.drops.on({ pictures: (what) => arrivals.receive(what) });
  editor.nameField.on({
    ask: ({ index }) =>
      rowWords.comeFirst(index) ? rowWords.ask(index) : arrivals.name([index]),
    rename: ({ index, name }) => editor.rename(index, name),
    words: ({ index, words }) => rowWords.change(index, words),
    named: ({ entered }) => arrivals.next(entered),
  });
  editor.menu.on({
    choose,
    edit: (change) => editor.edit(change),
    ask: ({ index }) => arrivals.name([index]),
    words: ({ index }) => rowWords.ask(index),
    picture: ({ index }) => editor.drops.choose(index),
  });
}
