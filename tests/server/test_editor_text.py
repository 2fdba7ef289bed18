"""The value of the layout editor as text: typed, loaded, broken."""

import json

from conftest import BOTH
from editor import TWO, Editor, add_node

pytestmark = BOTH

OTHER = [[0.2, 0.1, 0.7, 0.4]]
BROKEN = [
    "",
    "[[0.1, 0.2",
    "{}",
    "7",
    "[[0.1, 0.2, 0.3]]",
    '[[0.1, 0.2, 0.3, "a"]]',
    "[[0.5, 0.2, 0.3, 0.4]]",
    "[[0.1, 0.2, 1.3, 0.4]]",
]


def faulty(editor):
    """Whether the editor says that something is wrong."""
    editor.look.settle()
    message = editor.panel.query_selector(".msd-message.msd-fault")
    return message is not None and message.inner_text() != ""


def text_field(editor):
    """The boxes as text, opened by the button."""
    editor.tool("asText").click()
    return editor.panel.wait_for_selector(".msd-text", state="visible")


def test_typed_text_changes_the_boxes(look):
    editor = Editor.add(look, TWO)
    field = text_field(editor)
    assert json.loads(field.input_value()) == TWO
    assert editor.shows(TWO)
    field.click()
    editor.keys("Control+a")
    look.page.keyboard.type(json.dumps(OTHER))
    assert editor.boxes() == OTHER
    assert not faulty(editor) and editor.shows(OTHER)
    editor.tool("asText").click()
    editor.drag((0.45, 0.25), (0.42, 0.43))
    assert editor.boxes() == editor.near([[0.17, 0.28, 0.67, 0.58]])
    editor.tool("asText").click()
    assert json.loads(field.input_value()) == editor.boxes()


def test_broken_text_shows_a_message_and_keeps_the_last_good_boxes(look):
    editor = Editor.add(look, TWO)
    field = text_field(editor)
    value = editor.value()
    for text in BROKEN:
        field.fill(text)
        assert faulty(editor), text
        assert editor.value() == value
        assert editor.shows(TWO), text
        assert field.input_value() == text  # what was typed stays to be mended
    field.fill(json.dumps(OTHER))
    assert not faulty(editor) and editor.boxes() == OTHER


def test_broken_text_that_is_left_gives_way_to_the_last_good_boxes(look):
    editor = Editor.add(look, TWO)
    field = text_field(editor)
    field.fill("[[0.1, 0.2")
    editor.tool("asText").click()
    assert not faulty(editor)
    assert json.loads(text_field(editor).input_value()) == TWO
    assert editor.boxes() == TWO


def test_a_gesture_after_broken_text_starts_from_the_last_good_boxes(look):
    editor = Editor.add(look, TWO)
    text_field(editor).fill("[[0.1, 0.2")
    look.settle()
    editor.drag((0.25, 0.4), (0.28, 0.56))
    assert editor.boxes() == editor.near([[0.13, 0.36, 0.43, 0.76], TWO[1]])
    assert not faulty(editor)


def test_a_workflow_with_broken_boxes_shows_a_message_and_can_be_mended(look):
    number = add_node(look, "LayoutBoxes", 300, 130, boxes="[[0.1, 0.2")
    broken = look.saved()
    for drawing in (True, False):
        look.load(broken)
        look.zoom(1)
        editor = Editor(look, number)
        editor.wait_for(lambda editor=editor: faulty(editor))
        if drawing:
            editor.drag((0.2, 0.1), (0.7, 0.4))
        else:
            field = text_field(editor)
            assert field.input_value() == "[[0.1, 0.2"
            field.fill(json.dumps(OTHER))
        assert editor.boxes() == editor.near(OTHER)
        assert not faulty(editor)


def test_a_broken_value_from_outside_keeps_the_boxes_on_the_canvas(look):
    editor = Editor.add(look, TWO)
    look.set_widget(editor.number, "boxes", "[[0.1, 0.2")
    editor.wait_for(lambda: faulty(editor))
    assert editor.shows(TWO)
    editor.set(OTHER)
    assert not faulty(editor) and editor.shows(OTHER)


def test_boxes_come_with_a_prompt_in_api_form(look):
    inputs = {"boxes": json.dumps(TWO), "width": 1024, "height": 512}
    prompt = {"7": {"class_type": "LayoutBoxes", "inputs": inputs}}
    load = "async prompt => { await window.app.loadApiJson(prompt, 'layout'); }"
    look.page.evaluate(load, prompt)
    look.settle()
    look.zoom(1)
    editor = Editor(look, "7", aspect=2)
    editor.wait()
    assert editor.boxes() == TWO
    assert len(editor.rows()) == 2
    place = "() => { window.app.graph.getNodeById('7').pos = [300, 130]; }"
    look.page.evaluate(place)
    look.zoom(1)
    editor.drag((0.25, 0.4), (0.28, 0.56))
    assert editor.boxes() == editor.near([[0.13, 0.36, 0.43, 0.76], TWO[1]])
