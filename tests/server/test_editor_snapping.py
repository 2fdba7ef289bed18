"""Snapping in the layout editor: to a grid, to other boxes; the lines that show it."""

import pytest
from editor import TWO, Editor

NARROW = [[0.1, 0.2, 0.3, 0.6], [0.58, 0.3, 0.9, 0.85]]
START, END = (0.2, 0.3), (0.7, 0.92)  # where a box is drawn, and how each grid takes it
DRAWN = {
    "off": [0.2, 0.3, 0.7, 0.92],
    "eighths": [2 / 8, 2 / 8, 6 / 8, 7 / 8],
    "sixteenths": [3 / 16, 5 / 16, 11 / 16, 15 / 16],
    "thirds": [1 / 3, 1 / 3, 2 / 3, 1],
}


def exactly(box):
    return pytest.approx(box, abs=0.0001)


def test_a_drawn_box_snaps_to_the_chosen_grid_and_alt_lets_it_go(look):
    editor = Editor.add(look, [])
    for grid, expected in DRAWN.items():
        editor.tool("snap").select_option(grid)
        editor.set([])
        editor.drag(START, END)
        if grid == "off":
            assert editor.boxes() == editor.near([expected])
        else:
            assert editor.boxes() == [exactly(expected)], grid
    editor.set([])
    editor.drag(START, END, keys=["Alt"])
    assert editor.boxes() == editor.near([DRAWN["off"]])


def test_moving_and_resizing_snap_to_the_grid_and_alt_lets_them_go(look):
    editor = Editor.add(look, [[0.1, 0.2, 0.4, 0.6]])
    editor.tool("snap").select_option("eighths")
    editor.drag((0.3, 0.3), (0.44, 0.51))  # left and top would be 0.24 and 0.41
    assert editor.boxes() == [exactly([0.25, 0.375, 0.55, 0.775])]
    editor.drag((0.55, 0.775), (0.85, 0.71))
    assert editor.boxes() == [exactly([0.25, 0.375, 0.875, 0.75])]
    editor.drag((0.4, 0.5), (0.345, 0.47), keys=["Alt"])
    assert editor.boxes() == editor.near([[0.195, 0.345, 0.82, 0.72]])
    editor.drag((0.82, 0.72), (0.8, 0.7), keys=["Alt"])
    assert editor.boxes() == editor.near([[0.195, 0.345, 0.8, 0.7]])


def test_edges_snap_to_those_of_another_box_when_they_are_near(look):
    editor = Editor.add(look, NARROW)
    near = 4 / editor.picture().width
    editor.drag((0.2, 0.4), (0.8 + near, 0.65 - near))  # right and bottom edges
    assert editor.boxes()[0] == exactly([0.7, 0.45, 0.9, 0.85])
    editor.drag((0.7, 0.65), (0.58 - near, 0.65))  # a handle
    assert editor.boxes()[0] == exactly([0.58, 0.45, 0.9, 0.85])
    editor.drag((0.15, 0.1), (0.42, 0.3 + near))  # a new box
    assert editor.boxes()[2][3] == 0.3


def test_alt_lets_near_edges_go(look):
    editor = Editor.add(look, NARROW)
    near = 4 / editor.picture().width
    editor.drag((0.2, 0.4), (0.8 + near, 0.65 - near), keys=["Alt"])
    moved = [0.7 + near, 0.45 - near, 0.9 + near, 0.85 - near]
    assert editor.boxes() == editor.near([moved, NARROW[1]])
    assert 0.9 not in editor.boxes()[0] and 0.85 not in editor.boxes()[0]


def test_edges_snap_to_the_picture(look):
    editor = Editor.add(look, TWO)
    near = 4 / editor.picture().width
    editor.drag((0.25, 0.4), (0.15 + near, 0.2 + near))
    assert editor.boxes()[0] == exactly([0, 0, 0.3, 0.4])


def test_lines_through_the_centre_appear_while_dragging(look):
    editor = Editor.add(look, [[0.1, 0.2, 0.4, 0.45]])
    upright = [(0.5, share / 100) for share in range(55, 95)]
    level = [(share / 100, 0.5) for share in range(55, 95)]
    elsewhere = [(0.75, share / 100) for share in range(55, 95)]
    with editor.still():
        editor.press((0.25, 0.3), (0.21, 0.33))
        during = [editor.colours(*points) for points in (upright, level, elsewhere)]
        look.page.mouse.up()
    after = [editor.colours(*points) for points in (upright, level, elsewhere)]
    assert during[0] != after[0] and during[1] != after[1]
    assert during[2] == after[2]
    assert len({tuple(colour) for colour in after[0] + after[1]}) == 1  # no line is left


def test_a_line_shows_the_edge_that_a_box_snaps_to(look):
    editor = Editor.add(look, TWO)
    points = [(0.9, share / 200) for share in range(180, 196)]  # below both boxes
    picture = editor.picture()
    with editor.still():
        editor.press((0.25, 0.3), (0.25 + 0.495, 0.3))  # the right edges are the nearest ones
        snapped = editor.colours(*points)
        look.page.mouse.move(*picture.at(0.25 + 0.42, 0.3))
        free = editor.colours(*points)
        look.page.mouse.up()
    assert snapped != free


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
