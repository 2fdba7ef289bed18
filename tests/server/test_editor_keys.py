"""The keyboard in the layout editor."""

import pytest
from editor import TWO, Editor, add_node, add_subjects

WIDE = (1024, 512)
CATCH = """() => {
    window.msdKeys = [];
    window.addEventListener('keydown', event => window.msdKeys.push(event), true);
}"""
PREVENTED = "() => window.msdKeys.map(event => event.defaultPrevented)"
FOCUSED = """panel => {
    const { activeElement: one } = document;
    return panel.contains(one) ? one.dataset.tool ?? one.localName : null;
}"""
SELECTED = """() => [window.getSelection().toString(), window.app.canvas.selectedItems.size]"""
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


def test_tab_goes_through_the_boxes_and_on_and_escape_leaves_them(look):
    boxes = [*TWO, [0.15, 0.7, 0.35, 0.95]]
    editor = Editor.add(look, boxes)
    editor.click((0.47, 0.1))
    before = editor.value()
    reached = []
    for key in ["Tab"] * 4 + ["Shift+Tab"] * 2:
        editor.keys(key)
        reached.append((editor.selected(), editor.panel.evaluate(FOCUSED)))
    on_canvas = [(0, "canvas"), (1, "canvas"), (2, "canvas")]
    assert reached == [*on_canvas, (2, "grip0"), (2, "canvas"), (1, "canvas")]
    editor.keys("Shift+Tab", "Shift+Tab")
    assert editor.selected() == 0 and editor.panel.evaluate(FOCUSED) == "aspects"
    editor.keys("Tab", "Tab")
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


def test_ctrl_a_selects_every_box_and_nothing_of_the_graph_or_the_page(look):
    add_node(look, "EncodeSubjects", 900, 200)
    editor = Editor.add(look, TWO)
    editor.click((0.25, 0.4))
    nodes = look.page.evaluate(SELECTED)[1]
    for place in (editor.canvas, editor.tool("mirror")):
        place.focus()
        editor.keys("Escape", "Control+a")
        editor.wait_for(lambda: len(editor.panel.query_selector_all(".msd-selected")), len(TWO))
        assert look.page.evaluate(SELECTED) == ["", nodes]
    editor.canvas.focus()
    editor.keys("Shift+ArrowDown")
    lower = [[x0, close(y0 + 0.0625), x1, close(y1 + 0.0625)] for x0, y0, x1, y1 in TWO]
    assert editor.boxes() == lower
    editor.drag((0.7, 0.5), (0.75, 0.42), keys=["Alt"])  # both, by one of them
    drawn = [[x0 + 0.05, y0 - 0.0175, x1 + 0.05, y1 - 0.0175] for x0, y0, x1, y1 in TWO]
    assert editor.boxes() == editor.near(drawn)
    editor.click((0.3, 0.4))
    assert editor.selected() == 0  # one again
    editor.keys("Control+a", "Delete")
    assert editor.boxes() == []
    assert look.page.evaluate(COUNT) == 2


def test_with_space_a_drag_over_the_editor_pans_the_graph(look):
    editor = Editor.add(look, TWO)
    editor.click((0.25, 0.4))
    before = look.node_rectangle(editor.number)
    picture = editor.picture()
    look.page.keyboard.down("Space")
    look.settle()
    look.drag(picture.at(0.25, 0.4), picture.at(0.5, 0.6))
    look.page.keyboard.up("Space")
    look.settle()
    after = look.node_rectangle(editor.number)
    assert after.left - before.left == pytest.approx(0.25 * picture.width, abs=3)
    assert after.top - before.top == pytest.approx(0.2 * picture.height, abs=3)
    assert editor.boxes() == TWO
    editor.drag((0.25, 0.4), (0.28, 0.56))  # and boxes can be moved again
    assert editor.boxes() == editor.near([[0.13, 0.36, 0.43, 0.76], TWO[1]])


def test_each_change_is_spoken(look):
    encode = add_subjects(look, {"dog": "chelsea.png", "beer mug": "coffee.png"})
    editor = Editor.add(look, TWO)
    look.connect(encode, 0, editor.number, "subjects")
    editor.wait_for(lambda: editor.rows()[1][0], "beer mug")
    live = editor.panel.query_selector("[aria-live=polite]")
    spoken = live.inner_text
    editor.click((0.7, 0.5))
    assert spoken() == "Box 2, beer mug, 58 to 90 % from the left, 30 to 85 % from the top"
    editor.drag((0.7, 0.5), (0.67, 0.3), keys=["Alt"])
    assert spoken() == "Box 2, beer mug, 55 to 87 % from the left, 10 to 65 % from the top"
    editor.keys("Shift+ArrowDown")
    assert spoken() == "Box 2, beer mug, 55 to 87 % from the left, 16 to 71 % from the top"
    editor.keys("Tab", "Shift+Tab", "Shift+Tab")
    assert spoken().startswith("Box 1, dog, 10 to 40 %")
    editor.tool("mirror").click()
    assert "Box 1, dog, 60 to 90 %" in spoken() and "Box 2, beer mug, 13 to 45 %" in spoken()
    editor.tool("area0").click()
    assert spoken() == "Box 1, dog, no area"
    editor.tool("remove0").click()
    assert spoken() == "Removed; 1 left"
    editor.canvas.focus()
    editor.keys("Control+a")
    assert spoken() == "All 1 boxes are selected"
    assert live.bounding_box()["width"] <= 1  # it is not seen
    nameless = "panel => [...panel.querySelectorAll('button, select, input, textarea, canvas')]"
    nameless += (
        ".filter(one => !one.hidden && !one.getAttribute('aria-label')).map(one => one.outerHTML)"
    )
    assert editor.panel.evaluate(nameless) == []
    assert editor.tool("area0").get_attribute("aria-pressed") == "true"


def test_the_keyboard_stays_in_the_list_when_a_row_goes(look):
    editor = Editor.add(look, [*TWO, [0.15, 0.7, 0.35, 0.95]])
    for tool, then in (("remove2", "remove1"), ("area0", "area0"), ("remove0", "remove0")):
        editor.tool(tool).focus()
        editor.keys("Enter")
        editor.wait_for(lambda: editor.panel.evaluate(FOCUSED), then)
