"""The mouse in the layout editor: drawing, moving, resizing, selecting."""

import pytest
from editor import TWO, Editor, add_node, add_subjects

INNER = [[0.0, 0.0, 1.0, 1.0], [0.35, 0.6, 0.45, 0.75]]
THIRD = [0.15, 0.7, 0.35, 0.95]
CATCH_WHEEL = """() => {
    window.msdWheels = [];
    const tell = event => setTimeout(() => { // not the copies that the page makes
        if (event.isTrusted) window.msdWheels.push(event.defaultPrevented);
    });
    window.addEventListener('wheel', tell, { capture: true, passive: true });
}"""


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
    editor.drag((0.18, 0.7), (0.33, 0.93))
    assert editor.boxes() == editor.near([*TWO, [0.18, 0.7, 0.33, 0.93]])
    assert editor.selected() == 2
    editor.set([])
    editor.drag((0.7, 0.4), (0.2, 0.1))
    assert editor.boxes() == editor.near([[0.2, 0.1, 0.7, 0.4]])


def test_a_drag_moves_a_box_and_keeps_it_in_the_picture(look):
    editor = Editor.add(look, TWO)
    editor.drag((0.25, 0.4), (0.28, 0.56))
    assert editor.boxes() == editor.near([[0.13, 0.36, 0.43, 0.76], TWO[1]])
    assert editor.selected() == 0
    editor.drag((0.3, 0.5), (-0.9, -0.2))
    assert editor.boxes() == editor.near([[0, 0, 0.3, 0.4], TWO[1]], pixels=0.5)


def test_a_drag_of_a_handle_moves_its_edges(look):
    editor = Editor.add(look, [[0.3, 0.3, 0.7, 0.7]])
    editor.click((0.4, 0.4))
    editor.drag((0.3, 0.3), (0.2, 0.22))  # a corner
    assert editor.boxes() == editor.near([[0.2, 0.22, 0.7, 0.7]])
    editor.drag((0.7, 0.46), (0.86, 0.9))  # an edge
    assert editor.boxes() == editor.near([[0.2, 0.22, 0.86, 0.7]])
    assert editor.selected() == 0


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
    editor = Editor.add(look, INNER)
    reached = []
    for _ in range(3):
        editor.click((0.4, 0.7))
        reached.append(editor.selected())
    assert reached == [1, 0, 1]  # the smaller one first


def test_a_shift_click_chooses_what_the_selected_box_is_swapped_with(look):
    editor = Editor.add(look, [*TWO, THIRD])
    editor.click((0.25, 0.4))
    editor.click((0.25, 0.8), keys=["Shift"])
    assert editor.boxes() == [*TWO, THIRD] and editor.selected() == 0
    editor.tool("swap").click()
    assert editor.boxes() == [THIRD, TWO[1], TWO[0]]


def test_ctrl_drag_draws_over_a_box(look):
    editor = Editor.add(look, INNER)
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


def test_a_pinch_zooms_the_graph_over_all_of_the_editor_and_not_the_page(look):
    editor = Editor.add(look, [THIRD] * 12)
    look.page.evaluate(CATCH_WHEEL)
    row = look.rectangle(editor.tool("select1"))
    for place in (editor.picture().at(0.5, 0.5), row.at(0.5, 0.5)):
        scale = editor.place()[-1]
        look.page.mouse.move(*place)
        look.page.keyboard.down("Control")  # how a trackpad tells of a pinch
        look.page.mouse.wheel(0, -60)
        look.page.keyboard.up("Control")
        look.settle()
        assert editor.place()[-1] > scale
        assert (
            look.page.evaluate("() => window.msdWheels.at(-1)") is True
        )  # else the page is zoomed
        look.zoom(1)


def test_shift_keeps_the_width_to_the_height_of_a_resized_box(look):
    editor = Editor.add(look, [[0.3, 0.3, 0.5, 0.6]])
    editor.click((0.4, 0.5))
    editor.drag((0.5, 0.6), (0.6, 0.62), keys=["Shift", "Alt"])
    assert editor.boxes() == editor.near([[0.3, 0.3, 0.6, 0.75]])
    editor.drag((0.3, 0.3), (0.2, 0.29), keys=["Alt"])  # without it, as ever
    assert editor.boxes() == editor.near([[0.2, 0.29, 0.6, 0.75]])


def test_a_tiny_box_can_be_moved_once_it_is_selected(look):
    editor = Editor.add(look, [[0.5, 0.5, 0.515, 0.515], [0.1, 0.1, 0.2, 0.2]])
    editor.tool("select0").click()
    editor.drag((0.508, 0.508), (0.608, 0.708), keys=["Alt"])
    assert editor.boxes()[0] == editor.near([[0.6, 0.7, 0.615, 0.715]])[0]
    left, top, right, bottom = editor.boxes()[0]
    assert right - left == pytest.approx(0.015, abs=0.0002)
    away = 15 / editor.picture().width  # where its corner's handle is
    handle = (right + away, bottom + away)
    editor.drag(handle, (handle[0] + 0.1, handle[1] + 0.1), keys=["Alt"])
    assert editor.boxes()[0] == editor.near([[left, top, right + 0.1, bottom + 0.1]])[0]


def test_a_scene_lies_beneath_and_is_not_in_the_way(look):
    encode = add_subjects(look, {"cat": "chelsea.png", "cup of coffee": "coffee.png"})
    scene = add_node(look, "BackgroundSubject", 950, 700)
    look.set_widget(scene, "number", 2)
    look.connect(encode, 0, scene, "subjects")
    cat = [0.2, 0.3, 0.5, 0.7]
    editor = Editor.add(look, [cat, [0, 0, 1, 1]])
    look.connect(scene, 0, editor.number, "subjects")
    whole = ".msd-note >> text=whole picture"
    editor.panel.wait_for_selector(whole)
    edge = [(0.2, 0.6), (0.3, 0.7)]  # of the cat's box
    for select in (None, 1, 0):
        if select is not None:
            editor.tool(f"select{select}").click()
        for red, green, blue, _ in editor.colours(*edge):
            assert red > 200 > green > 100 > blue, select  # orange, whatever is selected
        if select == 0:
            break
    editor.click((0.7, 0.5))
    assert editor.selected() is None
    editor.drag((0.6, 0.4), (0.8, 0.6), keys=["Alt"])
    assert editor.boxes() == editor.near([cat, [0, 0, 1, 1], [0.6, 0.4, 0.8, 0.6]])
    editor.set([cat, [0, 0, 0.9, 0.9]])
    editor.tool("select1").click()
    editor.drag((0.7, 0.5), (0.75, 0.55), keys=["Alt"])
    assert editor.boxes() == editor.near([cat, [0.05, 0.05, 0.95, 0.95]])
    editor.drag((0.3, 0.5), (0.35, 0.5), keys=["Alt"])  # the cat, though the scene is selected
    assert editor.boxes()[0] == editor.near([[0.25, 0.3, 0.55, 0.7]])[0]
