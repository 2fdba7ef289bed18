"""The picture's size, undo and clear in the editor; the editor as large as the page."""

import json

import pytest
from conftest import BOTH
from editor import TWO, Editor, add_node
from test_editor_undo import again, opened

FULL = "panel => panel.matches(':popover-open')"


def size(editor):
    inputs = editor.look.prompt()[editor.number]["inputs"]
    return inputs["width"], inputs["height"]


@BOTH
def test_width_and_height_are_set_over_the_canvas(look):
    editor = Editor.add(look, TWO, size=(1216, 832))
    assert editor.tool("width").input_value() == "1216"
    editor.tool("swapSides").click()
    assert size(editor) == (832, 1216)
    editor.tool("aspects").select_option("16:9")
    assert size(editor) == (1344, 768)
    editor.wait_for(editor.tool("width").input_value, "1344")
    editor.tool("width").fill("640")
    editor.keys("Enter")
    assert size(editor) == (640, 768)
    editor.wait_for(editor.tool("width").input_value, "640")
    editor.aspect = 640 / 768
    assert editor.boxes() == TWO
    editor.drag((0.25, 0.4), (0.25, 0.5))  # in the picture's new frame
    assert editor.boxes() == editor.near([[0.1, 0.3, 0.4, 0.7], TWO[1]])


@BOTH
def test_a_size_that_the_node_does_not_take_becomes_the_next_one(look):
    editor = Editor.add(look, TWO)
    editor.tool("width").fill("3")
    editor.keys("Enter")
    assert size(editor) == (64, 1024)
    editor.tool("height").fill("")
    editor.keys("Enter")
    assert size(editor) == (64, 1024)
    editor.wait_for(editor.tool("height").input_value, "1024")


@BOTH
def test_the_size_of_the_picture_behind_the_boxes(look):
    editor = Editor.add(look, TWO)
    option = editor.tool("aspects").locator("option[value=asPicture]")
    assert option.is_disabled()
    coffee = add_node(look, "LoadImage", 900, 130, image="coffee.png")
    look.connect(coffee, 0, editor.number, "picture")
    editor.wait_for(option.is_enabled)
    editor.tool("aspects").select_option("asPicture")
    width, height = size(editor)
    assert width / height == pytest.approx(600 / 400, abs=0.02)
    assert width * height == pytest.approx(1024**2, rel=0.02)


@BOTH
def test_a_size_from_another_node_is_left_to_it(look):
    editor = Editor.add(look, TWO)
    look.connect(add_node(look, "PrimitiveInt", 900, 130, value=640), 0, editor.number, "width")
    editor.wait_for(editor.tool("width").is_disabled)
    assert editor.tool("swapSides").is_disabled() and editor.tool("aspects").is_disabled()


@BOTH
def test_clear_and_undo(look):
    editor = opened(look)
    assert editor.tool("clear").is_enabled()
    editor.tool("clear").click()
    assert editor.boxes() == []
    editor.tool("undo").click()
    editor.wait_for(lambda: json.loads(look.widget(editor.number, "boxes")), TWO)
    assert again(look, editor.number).shows(TWO)


@BOTH
def test_a_new_size_is_a_step_of_undo(look):
    editor = opened(look)
    editor.tool("aspects").select_option("3:2")
    assert size(editor) == (1216, 832)
    look.command("Comfy.Undo")
    editor.wait_for(lambda: size(editor), (1024, 1024))


@BOTH
def test_the_editor_fills_the_page_until_escape(look):
    editor = Editor.add(look, TWO)
    look.zoom(0.6)
    place = pytest.approx(editor.place(), abs=0.001)
    editor.tool("fullPage").click()
    page = look.page.viewport_size
    rectangle = look.rectangle(editor.panel)
    assert (rectangle.width, rectangle.height) == (page["width"], page["height"])
    editor.drag((0.25, 0.4), (0.28, 0.56))
    assert editor.boxes() == editor.near([[0.13, 0.36, 0.43, 0.76], TWO[1]])
    look.page.mouse.wheel(0, 300)
    editor.drag((0.8, 0.1), (0.6, 0.2), button="middle")
    assert editor.place() == place
    editor.click((0.28, 0.56), button="right")
    editor.keys("Escape")  # closes the menu only
    assert editor.panel.evaluate(FULL)
    editor.keys("Escape")
    assert not editor.panel.evaluate(FULL)
    assert look.rectangle(editor.panel).width < page["width"] / 2
    editor.press((0.74, 0.575), (0.72, 0.5))
    look.page.mouse.up()
    assert editor.boxes()[1] == editor.near([[0.56, 0.225, 0.88, 0.775]])[0]


@BOTH
def test_an_undo_leaves_the_editor_as_large_as_the_page(look):
    editor = opened(look)
    editor.tool("fullPage").click()
    editor.drag((0.25, 0.4), (0.28, 0.56))
    editor.tool("undo").click()
    editor.wait_for(lambda: json.loads(look.widget(editor.number, "boxes")), TWO)
    editor.wait_for(lambda: Editor(look, editor.number).panel.evaluate(FULL))
    editor = again(look, editor.number)
    assert editor.shows(TWO)
    editor.keys("Escape")
    assert not editor.panel.evaluate(FULL)
