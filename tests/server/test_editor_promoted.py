"""Boxes that a subgraph's node holds: one value, drawn at that node and in the subgraph."""

import json

import pytest
from editor import TWO, Editor, add_node
from test_editor_places import BACK, INTO_SUBGRAPH, PLACE

MOVED = [[0.13, 0.36, 0.43, 0.76], TWO[1]]
UNLINK = """id => {
    const node = window.app.graph.getNodeById(id);
    node.disconnectInput(node.inputs.findIndex(input => input.name === 'boxes'));
    node.setSize([400, 760]);
}"""
AGAIN = """() => {
    const node = window.LiteGraph.createNode(window.msdOuter.subgraph.id);
    window.app.graph.add(node);
    node.pos = [900, 130];
    return String(node.id);
}"""
OPEN_BY = """id => {
    const node = window.app.graph.getNodeById(id);
    window.app.canvas.openSubgraph(node.subgraph, node);
}"""
HELD = "id => window.app.graph.getNodeById(id).widgets.find(one => one.name === 'boxes').value"
SEEN = """id => {
    const { widgets } = window.app.graph.getNodeById(id);
    return widgets.findLast(one => one.element?.matches('.msd-editor'))?.element.offsetParent;
}"""


class Held(Editor):
    """The editor that is seen, of boxes that the node of a subgraph holds."""

    def __init__(self, look, number, inner, opened=False):
        self.holder = number
        super().__init__(look, inner if opened else number, opened, f"{number}:{inner}")

    def value(self):
        held = self.look.page.evaluate(HELD, self.holder)
        sent = self.look.prompt()[self.sent_as]["inputs"]["boxes"]
        assert sent == held, f"{sent} is sent, but {held} is the value"
        return held


@pytest.fixture
def held(look):
    """A subgraph's node that holds the boxes of the node in it: their ids."""
    editor = Editor.add(look, TWO)
    text = add_node(look, "PrimitiveString", 800, 130, value="[]")
    look.connect(text, 0, editor.number, "boxes")
    outer, inner = look.page.evaluate(INTO_SUBGRAPH, editor.number)
    look.page.evaluate(UNLINK, outer)
    look.page.wait_for_function(SEEN, arg=outer)
    look.settle()
    return outer, inner


def went_in(look, outer, inner):
    look.page.evaluate(OPEN_BY, outer)
    look.settle()
    look.page.evaluate(PLACE, inner)
    look.zoom(1)
    return Held(look, outer, inner, opened=True)


def test_the_boxes_are_drawn_at_the_node_and_within(look, held):
    outer, inner = held
    editor = Held(look, outer, inner)
    editor.wait()
    assert editor.boxes() == TWO
    editor.drag((0.25, 0.4), (0.28, 0.56))
    assert editor.boxes() == editor.near(MOVED)
    within = went_in(look, outer, inner)
    within.wait()
    assert within.boxes() == within.near(MOVED) and within.shows(MOVED)
    within.click((0.7, 0.5))
    within.keys("Delete")
    assert within.boxes() == within.near(MOVED[:1])
    look.page.evaluate(BACK)
    look.settle()
    editor = Held(look, outer, inner)
    editor.wait()
    assert editor.boxes() == editor.near(MOVED[:1])
    editor.drag((0.7, 0.1), (0.9, 0.3))
    assert len(editor.boxes()) == 2
    # what rows say stays with the node in it; the row may lie below the page's edge
    editor.tool("eye0").evaluate("one => one.click()")
    assert look.prompt()[editor.sent_as]["inputs"]["options"] == '[{"enabled":false}]'


def test_they_are_saved_with_the_node(look, held):
    outer, inner = held
    editor = Held(look, outer, inner)
    editor.drag((0.25, 0.4), (0.28, 0.56))
    boxes = editor.boxes()
    look.load(json.loads(json.dumps(look.saved())))
    look.zoom(1)
    editor = Held(look, outer, inner)
    editor.wait()
    assert editor.boxes() == boxes and editor.shows(boxes)


def test_what_is_drawn_within_is_of_the_node_that_was_opened(look, held):
    outer, inner = held
    other = look.page.evaluate(AGAIN)
    look.settle()
    first, second = Held(look, outer, inner), Held(look, other, inner)
    within = went_in(look, other, inner)
    within.wait()
    within.click((0.7, 0.5))
    within.keys("Delete")
    look.page.evaluate(BACK)
    look.settle()
    assert second.boxes() == TWO[:1]
    # pages that have both nodes share one value show it at both
    shared = look.page.evaluate("() => !window.msdOuter._projectPromotedWidget")
    assert first.boxes() == (TWO[:1] if shared else TWO)
