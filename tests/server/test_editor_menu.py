"""A box's menu and its name, over the box; by the mouse and by the keyboard."""

import pytest
from conftest import BOTH
from editor import TWO, Editor, add_node, add_subjects
from PIL import Image

CAT_AND_CUP = {"cat": "chelsea.png", "cup": "coffee.png"}


@pytest.fixture
def editor(look):
    """Two named boxes."""
    encode = add_subjects(look, CAT_AND_CUP)
    editor = Editor.add(look, TWO)
    look.connect(encode, 0, editor.number, "subjects")
    editor.wait_for(lambda: [name for name, _ in editor.rows()], list(CAT_AND_CUP))
    editor.encode = encode
    return editor


def phrases(editor):
    return editor.look.prompt()[editor.encode]["inputs"]["phrases"]


def double_click(editor, point):
    editor.look.settle()
    editor.page.mouse.dblclick(*editor.picture().at(*point))


def focused(editor):
    return editor.page.evaluate("() => document.activeElement.dataset.tool")


@BOTH
def test_a_double_click_renames_a_box_in_its_place(look, editor):
    with editor.still():
        double_click(editor, (0.7, 0.5))
        field = editor.tool("nameField")
        field.wait_for()
    assert field.input_value() == "cup"
    left, top, width, height = look.rectangle(field)
    box = editor.picture()
    across = (left + width / 2 - box.left) / box.width
    down = (top + height / 2 - box.top) / box.height
    assert (across, down) == pytest.approx((0.74, 0.575), abs=0.02)
    editor.page.keyboard.type("mug")
    editor.keys("Enter")
    assert phrases(editor) == "cat\nmug"
    assert editor.boxes() == TWO and look.dialogs() == []
    editor.keys("ArrowLeft")  # the keys are the canvas's again
    assert editor.boxes() != TWO


def test_escape_gives_a_name_up_and_a_click_beside_keeps_it(editor):
    ways = {"cup": lambda: editor.keys("Escape"), "mug": lambda: editor.click((0.5, 0.9))}
    for kept, leave in ways.items():
        double_click(editor, (0.7, 0.5))
        editor.tool("nameField").wait_for()
        editor.page.keyboard.type("mug")
        leave()
        assert editor.tool("nameField").is_hidden()
        assert phrases(editor) == f"cat\n{kept}"


@BOTH
def test_a_name_from_another_node_is_not_asked_for(look, editor):
    text = add_node(look, "PrimitiveStringMultiline", 900, 900, value="tiger\nmug")
    look.connect(text, 0, editor.encode, "phrases")
    editor.wait_for(lambda: [name for name, _ in editor.rows()], ["tiger", "mug"])
    double_click(editor, (0.7, 0.5))
    editor.wait_for(lambda: "another node" in editor.message())
    assert editor.tool("nameField").is_hidden()


@BOTH
def test_a_right_click_opens_the_boxs_menu(look, editor):
    with editor.still():
        editor.click((0.25, 0.4), button="right")
    menu = editor.panel.query_selector(".msd-menu")
    assert menu.is_visible() and editor.selected() == 0
    assert look.rectangle(menu).left == pytest.approx(editor.picture().at(0.25, 0)[0], abs=2)
    editor.tool("menuWhole").click()
    assert menu.is_hidden()
    assert editor.boxes() == [[0, 0, 1, 1], TWO[1]]
    editor.click((0.25, 0.4), button="right")
    editor.tool("menuRemove").click()
    assert editor.boxes() == [TWO[1]]


@BOTH
def test_a_click_beside_the_menu_and_escape_close_it(look, editor):
    menu = editor.panel.query_selector(".msd-menu")
    for close in (lambda: editor.keys("Escape"), lambda: look.page.mouse.click(60, 930)):
        editor.click((0.7, 0.5), button="right")
        assert menu.is_visible()
        close()
        assert menu.is_hidden()
    assert editor.boxes() == TWO


@pytest.mark.parametrize("key", ["ContextMenu", "Shift+F10"])
def test_the_menu_by_the_keyboard(editor, key):
    editor.click((0.7, 0.5))
    editor.keys(key)
    menu = editor.panel.query_selector(".msd-menu")
    assert menu.is_visible() and focused(editor) == "menuRename"
    editor.keys("ArrowUp")
    assert focused(editor) == "menuRemove"  # round and round
    editor.keys("Home", "ArrowDown", "ArrowDown", "ArrowDown")
    assert focused(editor) == "menuNoArea"
    editor.keys("Enter")
    assert menu.is_hidden()
    assert editor.boxes() == [TWO[0], [0, 0, 0, 0]]


def test_a_name_is_asked_for_by_the_menu(editor):
    editor.click((0.7, 0.5))
    editor.keys("Shift+F10", "Enter")
    editor.tool("nameField").wait_for()
    editor.page.keyboard.type("mug")
    editor.keys("Enter")
    assert phrases(editor) == "cat\nmug"


@BOTH
def test_a_picture_is_chosen_by_the_menu(look, editor, tmp_path):
    hat = tmp_path / "hat.png"
    Image.new("RGB", (40, 40), "red").save(hat)
    editor.click((0.7, 0.5), button="right")
    with look.page.expect_file_chooser() as chooser:
        editor.tool("menuPicture").click()
    chooser.value.set_files(hat)
    editor.tool("nameField").wait_for()
    editor.keys("Escape")
    loader = look.prompt()[editor.encode]["inputs"]["image_2"][0]
    assert look.prompt()[loader]["inputs"]["image"].startswith("hat")


def test_beside_the_boxes_there_is_no_menu_of_a_box(editor):
    editor.click((0.5, 0.95), button="right")
    assert editor.panel.query_selector(".msd-menu").is_hidden()
    assert editor.boxes() == TWO
