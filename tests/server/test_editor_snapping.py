"""Snapping in the layout editor, by the mouse; which lines catch is tested in tests/page."""

import pytest
from conftest import BOTH
from editor import TWO, Editor

START, END = (0.2, 0.3), (0.7, 0.92)  # where a box is drawn, and what becomes of it
DRAWN = {
    "off": [0.2, 0.3, 0.7, 0.92],
    "eighths": [2 / 8, 2 / 8, 6 / 8, 7 / 8],
    "thirds": [1 / 3, 1 / 3, 2 / 3, 1],
}


def exactly(box):
    return pytest.approx(box, abs=0.0001)


def test_a_drag_snaps_to_the_chosen_grid_and_alt_lets_it_go(look):
    editor = Editor.add(look, [])
    editor.tool("snap").select_option("eighths")
    editor.drag(START, END)
    assert editor.boxes() == [exactly(DRAWN["eighths"])]
    editor.drag((0.5, 0.5), (0.36, 0.38))  # left and top would be 0.11 and 0.13
    assert editor.boxes() == [exactly([0.125, 0.125, 0.625, 0.75])]
    editor.drag((0.4, 0.4), (0.45, 0.34), keys=["Alt"])
    assert editor.boxes() == editor.near([[0.175, 0.065, 0.675, 0.69]])
    editor.set([])
    editor.drag(START, END, keys=["Alt"])
    assert editor.boxes() == editor.near([DRAWN["off"]])


def test_an_edge_snaps_to_another_box_when_it_is_near_and_alt_lets_it_go(look):
    editor = Editor.add(look, [[0.1, 0.2, 0.3, 0.6], TWO[1]])
    near = 4 / editor.picture().width
    editor.drag((0.2, 0.4), (0.8 + near, 0.65 - near))  # right and bottom edges
    assert editor.boxes()[0] == exactly([0.7, 0.45, 0.9, 0.85])
    editor.drag((0.75, 0.6), (0.75 + near, 0.6 - near), keys=["Alt"])
    moved = [0.7 + near, 0.45 - near, 0.9 + near, 0.85 - near]
    assert editor.boxes()[0] == editor.near([moved])[0]
    assert 0.9 not in editor.boxes()[0] and 0.85 not in editor.boxes()[0]


def test_lines_show_the_centre_and_what_a_box_snaps_to_while_it_is_dragged(look):
    editor = Editor.add(look, TWO)
    upright = [(0.5, share / 100) for share in range(88, 99)]
    snapped = [(0.9, share / 100) for share in range(88, 99)]  # below both boxes
    elsewhere = [(0.75, share / 100) for share in range(88, 99)]
    places = (upright, snapped, elsewhere)
    with editor.still():
        editor.press((0.25, 0.3), (0.25 + 0.495, 0.3))  # the right edges are the nearest ones
        caught = [editor.colours(*points) for points in places]
        look.page.mouse.move(*editor.picture().at(0.25 + 0.42, 0.3))
        free = [editor.colours(*points) for points in places]
        look.page.mouse.up()
    after = [editor.colours(*points) for points in places]
    assert caught[0] != after[0] and free[0] != after[0]
    assert caught[1] != after[1] and free[1] == after[1]
    assert caught[2] == after[2]
    assert len({tuple(colour) for points in after for colour in points}) == 1  # no line is left


@BOTH
def test_the_chosen_grid_is_saved_with_the_workflow(look):
    editor = Editor.add(look, TWO)
    assert editor.tool("snap").input_value() == "off"
    editor.tool("snap").select_option("thirds")
    look.load(look.saved())
    editor = Editor(look, editor.number)
    editor.wait()
    assert editor.tool("snap").input_value() == "thirds"
    editor.set([])
    editor.drag(START, END)
    assert editor.boxes() == [exactly(DRAWN["thirds"])]
