"""The mouse in the layout editor: drawing, moving, resizing, selecting."""

import pytest
from editor import TWO, Editor

INNER = [[0.0, 0.0, 1.0, 1.0], [0.35, 0.6, 0.45, 0.75]]
# each handle, where it is dragged to, one after another
RESIZES = {
    "nw": (0.2, 0.22),
    "n": (0.9, 0.12),
    "ne": (0.8, 0.24),
    "e": (0.86, 0.9),
    "se": (0.76, 0.8),
    "s": (0.1, 0.9),
    "sw": (0.28, 0.7),
    "w": (0.12, 0.1),
}


def raw_mouse(editor, kind, point, button, buttons):
    """One event of the mouse, of Chromium's kinds, with the mask of all buttons held.

    Playwright's own mouse forgets the button held when another one is released.
    """
    x, y = editor.picture().at(*point)
    event = {"x": x, "y": y, "button": button, "buttons": buttons, "clickCount": 1}
    session = editor.page.context.new_cdp_session(editor.page)
    session.send("Input.dispatchMouseEvent", {"type": kind, **event})
    session.detach()


def test_a_drag_on_the_empty_picture_draws_a_box_where_it_was_drawn(look):
    editor = Editor.add(look, TWO)
    third = [0.18, 0.7, 0.33, 0.93]
    editor.drag((0.18, 0.7), (0.33, 0.93))
    assert editor.boxes() == editor.near([*TWO, third])
    assert editor.selected() == 2
    editor.drag((0.84, 0.13), (0.65, 0.06))  # to the left and up
    assert editor.boxes() == editor.near([*TWO, third, [0.65, 0.06, 0.84, 0.13]])
    assert editor.selected() == 3
    editor.set([])
    editor.drag((0.2, 0.1), (0.7, 0.4))
    assert editor.boxes() == editor.near([[0.2, 0.1, 0.7, 0.4]])


def test_a_drag_moves_a_box_and_keeps_it_in_the_picture(look):
    editor = Editor.add(look, TWO)
    second = TWO[1]
    editor.drag((0.25, 0.4), (0.28, 0.56))
    assert editor.boxes() == editor.near([[0.13, 0.36, 0.43, 0.76], second])
    assert editor.selected() == 0
    editor.drag((0.3, 0.5), (-0.9, -0.2))
    assert editor.boxes() == editor.near([[0, 0, 0.3, 0.4], second], pixels=0.5)
    editor.drag((0.7, 0.7), (0.95, 1.3))
    assert editor.boxes() == editor.near([[0, 0, 0.3, 0.4], [0.68, 0.45, 1, 1]], pixels=0.5)


def test_each_of_eight_handles_moves_its_own_edges(look):
    box = [0.3, 0.3, 0.7, 0.7]
    editor = Editor.add(look, [box])
    editor.click((0.4, 0.4))
    for handle, (x, y) in RESIZES.items():
        left, top, right, bottom = box
        across = {"w": left, "e": right}.get(handle[-1], (left + right) / 2)
        down = {"n": top, "s": bottom}.get(handle[0], (top + bottom) / 2)
        editor.drag((across, down), (x, y))
        box = [
            x if "w" in handle else left,
            y if "n" in handle else top,
            x if "e" in handle else right,
            y if "s" in handle else bottom,
        ]
        assert editor.boxes() == editor.near([box]), handle
    assert editor.selected() == 0


def test_a_handle_does_not_pass_the_opposite_edge_or_leave_the_picture(look):
    editor = Editor.add(look, TWO)
    editor.click((0.25, 0.4))
    editor.drag((0.4, 0.6), (-0.5, 0.05))
    left, top, right, bottom = editor.boxes()[0]
    assert (left, top) == (0.1, 0.2) and left < right < 0.15 and top < bottom < 0.25
    editor.click((0.7, 0.6))
    editor.drag((0.58, 0.3), (-0.3, -0.4))
    assert editor.boxes()[1] == [0, 0, 0.9, 0.85]


def test_a_click_selects_and_a_click_on_the_empty_picture_deselects(look):
    editor = Editor.add(look, TWO)
    before = editor.value()
    for point, selected in [((0.25, 0.4), 0), ((0.7, 0.6), 1), ((0.47, 0.9), None)]:
        editor.click(point)
        assert editor.selected() == selected
        assert editor.value() == before
    look.page.mouse.dblclick(*editor.picture().at(0.25, 0.4))
    look.page.mouse.dblclick(*editor.picture().at(0.47, 0.9))
    look.settle()
    assert look.dialogs() == []  # on the graph it opens the search for nodes
    assert editor.value() == before


def test_a_press_that_hardly_moves_changes_no_box(look):
    editor = Editor.add(look, TWO)
    before = editor.value()
    editor.click((0.25, 0.4))
    # inside the box, a corner and an edge of it, and the empty picture
    for point in [(0.25, 0.4), (0.1, 0.2), (0.4, 0.4), (0.47, 0.9)]:
        x, y = editor.picture().at(*point)
        look.drag((x, y), (x + 2, y + 1), steps=1)
        assert editor.value() == before, point


def test_clicks_where_boxes_overlap_reach_each_of_them(look):
    editor = Editor.add(look, [[0.15, 0.2, 0.6, 0.65], [0.4, 0.4, 0.8, 0.85]])
    reached = []
    for _ in range(3):
        editor.click((0.45, 0.53))
        reached.append(editor.selected())
    assert sorted(reached[:2]) == [0, 1] and reached[2] == reached[0]


def test_overlaps_stay_visible_and_the_selected_box_is_on_top(look):
    editor = Editor.add(look, [[0.15, 0.2, 0.6, 0.65], [0.4, 0.4, 0.8, 0.85]])
    edge, overlap, alone = (0.6, 0.55), (0.53, 0.55), (0.7, 0.55)  # all in the second box
    editor.click((0.25, 0.5))
    on_top = editor.colours(edge)
    editor.click((0.7, 0.7))
    beneath, both, one = editor.colours(edge, overlap, alone)
    assert on_top != [beneath]
    assert beneath != one and both != one


def test_a_small_box_in_a_whole_picture_box_is_selected_and_moved(look):
    editor = Editor.add(look, INNER)
    editor.click((0.4, 0.7))
    assert editor.selected() == 1
    editor.click((0.8, 0.2))
    assert editor.selected() == 0
    editor.click((0.4, 0.7))
    assert editor.selected() == 1
    editor.drag((0.4, 0.68), (0.7, 0.28))
    assert editor.boxes() == editor.near([INNER[0], [0.65, 0.2, 0.75, 0.35]])


def test_ctrl_drag_draws_over_a_box(look):
    editor = Editor.add(look, INNER)
    editor.click((0.8, 0.2))
    editor.drag((0.1, 0.1), (0.28, 0.42), keys=["Control"])
    assert editor.boxes() == editor.near([*INNER, [0.1, 0.1, 0.28, 0.42]])
    assert editor.selected() == 2


def test_a_release_outside_the_canvas_or_the_window_ends_the_drag(look):
    editor = Editor.add(look, [TWO[0]])
    for outside in ((850, 60), (1700, -30)):
        with editor.still():
            editor.press((0.6, 0.7), (0.7, 0.6))
            look.page.mouse.move(*outside, steps=2)
            look.page.mouse.up()
        drawn = [TWO[0], [0.6, 0, 1, 0.7]]
        assert editor.boxes() == editor.near(drawn)
        look.page.mouse.move(*editor.picture().at(0.3, 0.9))
        assert editor.boxes() == editor.near(drawn)
        editor.set([TWO[0]])


def test_a_second_button_in_the_middle_of_a_drag_does_nothing(look):
    editor = Editor.add(look, TWO)
    for button, mask in (("right", 2), ("middle", 4)):
        with editor.still():
            editor.press((0.25, 0.4), (0.26, 0.47))
            raw_mouse(editor, "mousePressed", (0.26, 0.47), button, 1 | mask)
            raw_mouse(editor, "mouseReleased", (0.26, 0.47), button, 1)
            raw_mouse(editor, "mouseMoved", (0.28, 0.56), "left", 1)
            raw_mouse(editor, "mouseReleased", (0.28, 0.56), "left", 0)
        look.page.mouse.up()  # of Playwright's own count
        assert editor.boxes() == editor.near([[0.13, 0.36, 0.43, 0.76], TWO[1]]), button
        assert look.dialogs() == []
        editor.set(TWO)


def test_the_right_button_does_nothing_to_boxes(look):
    editor = Editor.add(look, TWO)
    before = editor.value()
    editor.drag((0.25, 0.4), (0.45, 0.1), button="right")
    editor.drag((0.45, 0.9), (0.8, 0.95), button="right")
    assert editor.value() == before


def test_the_middle_button_pans_the_graph_and_the_wheel_zooms_it(look):
    editor = Editor.add(look, TWO)
    before = editor.value()
    left, top, *_, scale = editor.place()
    corner = look.node_rectangle(editor.number)
    editor.press((0.25, 0.4), (0.5, 0.6), button="middle")
    look.page.mouse.up(button="middle")
    look.settle()
    moved = look.node_rectangle(editor.number)
    picture = editor.picture()
    assert moved.left - corner.left == pytest.approx(0.25 * picture.width, abs=3)
    assert moved.top - corner.top == pytest.approx(0.2 * picture.height, abs=3)
    assert editor.place()[:2] == [left, top]  # the node stays in its place of the graph
    look.page.mouse.move(*picture.at(0.3, 0.5))
    look.page.mouse.wheel(0, -120)
    look.settle()
    assert editor.place()[-1] > scale
    for _ in range(2):
        look.page.mouse.wheel(0, 120)
        look.settle()
    assert editor.place()[-1] < scale
    assert editor.value() == before
