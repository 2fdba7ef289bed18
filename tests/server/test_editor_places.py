"""The layout editor in copies of its node, in subgraphs, and after its node has gone."""

import json

from conftest import BOTH
from editor import TWO, Editor, add_node

OTHER = [[0.2, 0.1, 0.7, 0.4]]
NODE = "const graph = window.app.canvas.graph, node = graph.getNodeById(id);"
COPY_AND_PASTE = """id => {
    const canvas = window.app.canvas;
    canvas.selectNode(canvas.graph.getNodeById(id));
    canvas.copyToClipboard();
    canvas.graph_mouse[0] = 900;
    canvas.graph_mouse[1] = 130;
    canvas.pasteFromClipboard();
}"""
CLONE = (
    "id => {"
    + NODE
    + """
    const made = node.clone();
    made.pos = [900, 130];
    graph.add(made);
}"""
)
IDS = "() => window.app.graph._nodes.map(node => String(node.id))"
INTO_SUBGRAPH = (
    "id => {"
    + NODE
    + """
    const made = graph.convertToSubgraph(new Set([node]));
    window.msdOuter = made.node;
    return [String(made.node.id), String(made.subgraph._nodes[0].id)];
}"""
)
OPEN = """() => {
    window.app.canvas.openSubgraph(window.msdOuter.subgraph, window.msdOuter);
}"""
BACK = "() => window.app.canvas.setGraph(window.app.graph)"
PLACE = "id => { " + NODE + " node.pos = [300, 130]; }"
REMOVE = "id => { " + NODE + " graph.remove(node); }"
# the timers that the pack sets, and its listeners to what outlives the node
WATCH = """() => {
    const ours = () => new Error().stack.includes('/ComfyUI-MSDiffusion/');
    const { setInterval: set, clearInterval: clear } = window;
    const listen = EventTarget.prototype.addEventListener;
    const timers = new Set(), listeners = [];
    window.setInterval = (...all) => {
        const timer = set(...all);
        if (ours()) timers.add(timer);
        return timer;
    };
    window.clearInterval = timer => {
        timers.delete(timer);
        clear(timer);
    };
    EventTarget.prototype.addEventListener = function (type, handler, options) {
        const lasts = this === window || this === document || this === document.body;
        if (lasts && ours()) listeners.push([type, options?.signal]);
        return listen.call(this, type, handler, options);
    };
    const end = () => {
        window.setInterval = set;
        window.clearInterval = clear;
        EventTarget.prototype.addEventListener = listen;
    };
    window.msdWatch = { timers, listeners, end };
}"""
LEFT = """() => {
    const { timers, listeners } = window.msdWatch;
    return [...timers, ...listeners.filter(([, signal]) => !signal?.aborted).map(([type]) => type)];
}"""


def copied(look, editor, how):
    """The editor of a copy of a node, made by a script."""
    before = look.page.evaluate(IDS)
    look.page.evaluate(how, editor.number)
    look.settle()
    (number,) = set(look.page.evaluate(IDS)) - set(before)
    look.page.evaluate("id => { " + NODE + " node.pos = [900, 130]; }", number)
    look.zoom(1)
    copy = Editor(look, number)
    copy.wait()
    return copy


def each_edits_its_own(editor, copy):
    assert copy.boxes() == editor.boxes() == TWO
    copy.drag((0.25, 0.4), (0.28, 0.56))
    moved = [[0.13, 0.36, 0.43, 0.76], TWO[1]]
    assert copy.boxes() == copy.near(moved) and editor.boxes() == TWO
    editor.click((0.7, 0.5))
    editor.keys("Delete")
    assert editor.boxes() == [TWO[0]] and copy.boxes() == copy.near(moved)
    assert len(editor.rows()) == 1 and len(copy.rows()) == 2


def test_a_pasted_copy_has_the_boxes_and_edits_its_own(look):
    editor = Editor.add(look, TWO)
    editor.tool("snap").select_option("eighths")
    copy = copied(look, editor, COPY_AND_PASTE)
    assert copy.tool("snap").input_value() == "eighths"
    copy.tool("snap").select_option("off")
    assert editor.tool("snap").input_value() == "eighths"
    each_edits_its_own(editor, copy)


@BOTH
def test_a_clone_has_the_boxes_and_edits_its_own(look):
    editor = Editor.add(look, TWO)
    each_edits_its_own(editor, copied(look, editor, CLONE))


@BOTH
def test_two_editors_do_not_disturb_each_other(look):
    first = Editor.add(look, TWO)
    second = Editor.add(look, OTHER, (512, 1024), left=900)
    first.click((0.25, 0.4))
    second.click((0.45, 0.25))
    assert (first.selected(), second.selected()) == (0, 0)
    second.keys("Delete")
    assert first.boxes() == TWO and second.boxes() == []
    second.drag((0.2, 0.6), (0.7, 0.8))
    first.drag((0.25, 0.4), (0.28, 0.56))
    assert second.boxes() == second.near([[0.2, 0.6, 0.7, 0.8]])
    assert first.boxes() == first.near([[0.13, 0.36, 0.43, 0.76], TWO[1]])
    first.keys("Control+d")
    assert len(first.boxes()) == 3 and len(second.boxes()) == 1


@BOTH
def test_boxes_are_saved_and_loaded_and_edited_again(look):
    editor = Editor.add(look, TWO)
    editor.drag((0.25, 0.4), (0.28, 0.56))
    boxes = editor.boxes()
    saved = json.loads(json.dumps(look.saved()))
    entry = next(node for node in saved["nodes"] if node["type"] == "LayoutBoxes")
    assert json.loads(entry["widgets_values"][0]) == boxes
    # the value, the plain widgets and what the rows say, not the editor
    assert len(entry["widgets_values"]) == 8
    look.load(saved)
    look.zoom(1)
    editor = Editor(look, editor.number)
    editor.wait()
    assert editor.boxes() == boxes and editor.shows(boxes)
    editor.drag((0.28, 0.6), (0.25, 0.44))
    assert editor.boxes() == editor.near(TWO)


def test_the_editor_works_in_a_subgraph(look):
    editor = Editor.add(look, TWO)
    size = add_node(look, "PrimitiveInt", 50, 200, value=512)
    look.connect(size, 0, editor.number, "width")
    outer, inner = look.page.evaluate(INTO_SUBGRAPH, editor.number)
    look.settle()
    look.page.evaluate(OPEN)
    look.settle()
    look.page.evaluate(PLACE, inner)
    look.zoom(1)
    editor = Editor(look, inner, True, f"{outer}:{inner}", aspect=0.5)
    editor.wait()
    assert editor.boxes() == TWO
    editor.wait_for(
        lambda: editor.shows(TWO)
    )  # as high as wide twice: the width comes from outside
    editor.drag((0.25, 0.4), (0.28, 0.56))
    moved = editor.near([[0.13, 0.36, 0.43, 0.76], TWO[1]])
    assert editor.boxes() == moved
    assert look.prompt()[f"{outer}:{inner}"]["inputs"]["width"] == [size, 0]
    look.page.evaluate(BACK)
    look.settle()
    assert json.loads(look.prompt()[f"{outer}:{inner}"]["inputs"]["boxes"]) == moved


def test_nothing_is_left_of_a_removed_node(look):
    look.page.evaluate(WATCH)
    try:
        editor = Editor.add(look, TWO)
        assert look.page.evaluate(LEFT) != []
        editor.press((0.25, 0.4), (0.28, 0.56))  # removed in the middle of a drag
        look.page.evaluate(REMOVE, editor.number)
        look.page.mouse.move(420, 420)
        look.page.mouse.up()
        editor.wait_for(lambda: editor.panel.evaluate("panel => panel.isConnected"), False)
        assert look.page.evaluate(LEFT) == []
    finally:
        look.page.evaluate("() => window.msdWatch.end()")
    other = Editor.add(look, OTHER)
    other.drag((0.45, 0.25), (0.42, 0.43))
    assert other.boxes() == other.near([[0.17, 0.28, 0.67, 0.58]])
    assert look.page_errors == []
