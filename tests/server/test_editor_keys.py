"""The keyboard in the layout editor."""

import pytest
from editor import TWO, Editor, add_node

WIDE = (1024, 512)
CATCH = """() => {
    window.msdKeys = [];
    window.addEventListener('keydown', event => window.msdKeys.push(event), true);
}"""
PREVENTED = "() => window.msdKeys.map(event => event.defaultPrevented)"
GIVEN_UP = [((0.2, 0.7), (0.33, 0.93)), ((0.25, 0.4), (0.28, 0.56)), ((0.4, 0.6), (0.3, 0.7))]
COUNT = "() => window.app.graph._nodes.length"


def shifted(box, right, down):
    """The box moved by pixels of a picture of 1024 × 512."""
    x, y = right / 1024, down / 512
    return [box[0] + x, box[1] + y, box[2] + x, box[3] + y]


def close(box):
    return pytest.approx(box, abs=0.0002)


def test_delete_and_backspace_remove_the_selected_box_and_not_the_node(look):
    editor = Editor.add(look, TWO)
    look.select(editor.number)  # now the key alone would remove the node
    editor.click((0.25, 0.4))
    editor.keys("Delete")
    assert editor.boxes() == [TWO[1]]
    editor.click((0.47, 0.92))
    editor.keys("Delete", "Backspace")  # nothing is selected
    assert editor.boxes() == [TWO[1]]
    editor.click((0.7, 0.5))
    editor.keys("Backspace", "Backspace")
    assert editor.boxes() == []
    assert look.page.evaluate(COUNT) == 1


def test_arrows_nudge_by_eight_pixels_of_the_picture_and_with_shift_by_64(look):
    box, other = TWO
    editor = Editor.add(look, TWO, WIDE)
    look.select(editor.number)
    editor.click((0.25, 0.4))
    place = editor.place()
    for key, by in {"ArrowRight": (8, 0), "Shift+ArrowUp": (0, -64)}.items():
        editor.keys(key)
        box = shifted(box, *by)
        assert editor.boxes() == [close(box), other], key
    assert editor.place() == place


def test_ctrl_d_duplicates_the_selected_box_without_a_bookmark(look):
    editor = Editor.add(look, TWO)
    look.select(editor.number)
    editor.click((0.25, 0.4))
    look.page.evaluate(CATCH)
    editor.keys("Control+d")
    assert look.page.evaluate(PREVENTED)[-1] is True
    assert editor.boxes() == [*TWO, close([0.14, 0.24, 0.44, 0.64])]
    assert editor.selected() == 2
    assert look.page.evaluate(COUNT) == 1


def test_escape_gives_up_drawing_moving_and_resizing(look):
    editor = Editor.add(look, TWO)
    editor.click((0.25, 0.4))
    value, painted = editor.value(), editor.painted()
    for start, end in GIVEN_UP:
        with editor.still():
            editor.press(start, end)
            assert editor.painted() != painted
            editor.keys("Escape")
            assert editor.value() == value
            look.page.mouse.move(*editor.picture().at(0.45, 0.9))
            look.page.mouse.up()
        assert editor.value() == value
        assert editor.selected() == 0
        assert editor.painted() == painted
    editor.drag((0.25, 0.4), (0.28, 0.56))  # and the next drag works
    assert editor.boxes() == editor.near([[0.13, 0.36, 0.43, 0.76], TWO[1]])


def test_tab_goes_round_the_boxes_and_escape_leaves_them(look):
    boxes = [*TWO, [0.15, 0.7, 0.35, 0.95]]
    editor = Editor.add(look, boxes)
    editor.click((0.47, 0.1))
    before = editor.value()
    reached = []
    for key in ["Tab"] * 4 + ["Shift+Tab"] * 2:
        editor.keys(key)
        reached.append(editor.selected())
    assert reached == [0, 1, 2, 0, 2, 1]
    assert editor.value() == before
    editor.keys("ArrowLeft")  # the box that Tab reached is the one that keys act on
    assert editor.boxes()[1] == close([0.58 - 8 / 1024, 0.3, 0.9 - 8 / 1024, 0.85])
    editor.keys("Escape")  # lets go of the box and then of the keyboard
    assert editor.selected() is None
    editor.keys("Escape")
    assert not editor.canvas.evaluate("canvas => document.activeElement === canvas")


def test_keys_in_the_editor_do_nothing_to_the_graph(look):
    other = add_node(look, "EncodeSubjects", 900, 200)
    editor = Editor.add(look, TWO)
    look.select(other)
    editor.click((0.47, 0.92))
    editor.click((0.25, 0.4))
    before = look.saved()
    with editor.still():
        editor.keys("Control+m", "Control+b", "Control+a", "p", "r", "Alt+c", "Control+g")
        editor.keys("Escape", "Delete", "Backspace", "ArrowLeft", "Control+d")
    after = look.saved()
    keep = ("id", "type", "mode", "pos", "flags")
    entries = [[{k: node[k] for k in keep} for node in one["nodes"]] for one in (before, after)]
    assert entries[0] == entries[1] and after["groups"] == []
    assert editor.boxes() == TWO
    assert look.dialogs() == []
