"""What other nodes bring into the layout editor: the picture's size, a picture, areas."""

import json
import random

from conftest import BOTH
from editor import TWO, Editor, add_node

pytestmark = BOTH

OTHER = [[0.2, 0.1, 0.7, 0.4]]
UNLINK = """([id, name]) => {
    const node = window.app.graph.getNodeById(id);
    node.disconnectInput(node.findInputSlot(name));
}"""
MADE_BY_DRAG = [[0.13, 0.36, 0.43, 0.76], TWO[1]]


def photograph(look):
    return add_node(look, "LoadImage", 1200, 130, image="chelsea.png")


def text_node(look, text):
    return add_node(look, "PrimitiveString", 800, 130, value=text)


def gestures(editor):
    """All kinds of gestures one after another."""
    editor.drag((0.25, 0.4), (0.28, 0.56))
    editor.drag((0.45, 0.9), (0.5, 0.96))
    editor.drag((0.3, 0.4), (0.45, 0.5), keys=["Control"])
    editor.click((0.25, 0.4))
    editor.keys("Tab", "ArrowLeft", "Delete", "Control+d")


def test_the_canvas_takes_the_aspect_of_linked_width_and_height(look):
    editor = Editor.add(look, TWO)
    width = add_node(look, "PrimitiveInt", 800, 130, value=512)
    height = add_node(look, "PrimitiveInt", 800, 330, value=1024)
    look.connect(width, 0, editor.number, "width")
    look.connect(height, 0, editor.number, "height")
    editor.aspect = 0.5
    editor.wait_for(lambda: editor.shows(TWO))
    editor.drag((0.25, 0.4), (0.28, 0.56))
    assert editor.boxes() == editor.near(MADE_BY_DRAG)
    editor.keys("ArrowRight", "ArrowDown")
    moved = [0.13 + 8 / 512, 0.36 + 8 / 1024, 0.43 + 8 / 512, 0.76 + 8 / 1024]
    assert editor.boxes() == editor.near([moved, TWO[1]])
    look.set_widget(width, "value", 1536)  # changes while the editor looks on
    editor.aspect = 1.5
    editor.wait_for(lambda: editor.shows(editor.boxes()))
    assert look.prompt()[editor.number]["inputs"]["width"] == [width, 0]


def test_the_canvas_takes_the_aspect_of_a_linked_picture_size(look):
    editor = Editor.add(look, TWO)
    size = add_node(look, "GetImageSize", 800, 130)
    look.connect(photograph(look), 0, size, "image")
    look.connect(size, 0, editor.number, "width")
    look.connect(size, 1, editor.number, "height")
    editor.aspect = 451 / 300  # chelsea.png
    editor.wait_for(lambda: editor.shows(TWO))
    editor.drag((0.25, 0.4), (0.28, 0.56))
    assert editor.boxes() == editor.near(MADE_BY_DRAG)


def test_a_linked_picture_is_seen_behind_the_boxes(look):
    editor = Editor.add(look, TWO)
    points = [(0.45 + share / 250, 0.15) for share in range(25)]
    assert len({tuple(colour) for colour in editor.colours(*points)}) == 1
    look.connect(photograph(look), 0, editor.number, "picture")
    editor.wait_for(lambda: len({tuple(colour) for colour in editor.colours(*points)}) > 10)
    editor.drag((0.25, 0.4), (0.28, 0.56))
    assert editor.boxes() == editor.near(MADE_BY_DRAG)


def test_with_masks_linked_the_editor_says_so_and_changes_nothing(look):
    editor = Editor.add(look, TWO)
    look.connect(photograph(look), 1, editor.number, "masks")
    editor.wait_for(lambda: "masks" in editor.message())
    gestures(editor)
    assert editor.boxes() == TWO
    for name in ("add", "mirror", "swap", "distribute", "layouts", "asText"):
        assert editor.tool(name).is_disabled(), name
    look.page.evaluate(UNLINK, [editor.number, "masks"])
    editor.wait_for(editor.message, "")
    editor.drag((0.25, 0.4), (0.28, 0.56))
    assert editor.boxes() == editor.near(MADE_BY_DRAG)


def test_with_bboxes_linked_the_editor_says_so_and_shows_them_after_a_run(look):
    editor = Editor.add(look, TWO)
    # another text each time: what the server has in its cache is not run again
    source = text_node(look, f"0.2,0.1,0.7,{0.4 + random.random() / 1000}")
    look.connect(source, 0, editor.number, "bboxes")
    preview = add_node(look, "PreviewImage", 800, 400)
    look.connect(editor.number, 1, preview, "images")
    editor.wait_for(lambda: "bboxes" in editor.message())
    gestures(editor)
    assert editor.boxes() == TWO
    look.page.evaluate("() => window.app.queuePrompt(0, 1)")
    editor.wait_for(lambda: editor.shows(OTHER))
    gestures(editor)
    assert editor.boxes() == TWO and editor.shows(OTHER)
    look.page.evaluate(UNLINK, [editor.number, "bboxes"])
    editor.wait_for(lambda: editor.shows(TWO))
    editor.drag((0.25, 0.4), (0.28, 0.56))
    assert editor.boxes() == editor.near(MADE_BY_DRAG)


def test_with_the_value_itself_linked_the_editor_shows_it_and_changes_nothing(look):
    editor = Editor.add(look, TWO)
    source = text_node(look, json.dumps(OTHER))
    look.connect(source, 0, editor.number, "boxes")
    editor.wait_for(lambda: editor.shows(OTHER))
    assert editor.message() != ""
    gestures(editor)
    assert look.widget(editor.number, "boxes") == json.dumps(TWO)
    assert look.widget(source, "value") == json.dumps(OTHER)
    assert look.prompt()[editor.number]["inputs"]["boxes"] == [source, 0]
