"""The rows of the editor's list, which are like layers: order, eye, weight, time, scene."""

import json

from conftest import BOTH
from editor import TWO, Editor, add_node, add_subjects

pytestmark = BOTH

CAT_AND_CUP = {"cat": "chelsea.png", "cup of coffee": "coffee.png"}
THIRD = [0.15, 0.7, 0.35, 0.95]
LARGE = "() => document.querySelector('.msd-enlarged:popover-open img')?.clientWidth ?? 0"
LINES = """panel => [...panel.querySelectorAll('.msd-toolbar')].map(bar => {
    const middles = [...bar.children].map(one => one.getBoundingClientRect())
        .filter(place => place.height).map(({ top, height }) => top + height / 2);
    return middles.length ? Math.round((Math.max(...middles) - Math.min(...middles)) / 12) : 0;
})"""
NARROW = """([id, width]) => {
    const node = window.app.graph.getNodeById(id);
    node.setSize([width, node.size[1]]);
    node.graph.setDirtyCanvas(true, true);
}"""


def opened(look, boxes, **linked):
    """An editor in a workflow as it was opened, where undo has nothing to do."""
    encode = add_subjects(look, CAT_AND_CUP) if linked.get("subjects") else None
    editor = Editor.add(look, boxes)
    if encode:
        look.connect(encode, 0, editor.number, "subjects")
    look.load(json.loads(json.dumps(look.saved())))
    look.zoom(1)
    editor = again(look, editor.number)
    if encode:
        rows = [*CAT_AND_CUP.items(), ("", None)][: len(boxes)]
        editor.wait_for(editor.rows, rows)
    return editor


def again(look, number):
    look.settle()
    editor = Editor(look, number)
    editor.wait()
    return editor


def said(editor):
    """What the rows say, as it would be sent."""
    value = editor.look.widget(editor.number, "options")
    assert editor.look.prompt()[editor.number]["inputs"]["options"] == value
    return json.loads(value or "[]")


def notes(editor):
    editor.look.settle()
    return [note.inner_text() for note in editor.panel.query_selector_all(".msd-note")]


def spoken(editor):
    return editor.panel.query_selector(".msd-spoken[aria-live]").text_content()


def drag_row(editor, index, to):
    """Drags a row by its grip onto another, and stays there."""
    editor.look.settle()
    start, end = (editor.tool(f"grip{one}").bounding_box() for one in (index, to))
    mouse = editor.page.mouse
    mouse.move(start["x"] + start["width"] / 2, start["y"] + start["height"] / 2)
    mouse.down()
    mouse.move(end["x"] + end["width"] / 2, end["y"] + end["height"] / 2, steps=3)


def test_a_dragged_row_gives_its_box_to_another_subject_in_one_step_of_undo(look):
    editor = opened(look, [*TWO, THIRD], subjects=True)
    editor.tool("eye0").click()
    with editor.still():
        drag_row(editor, 0, 1)
        assert editor.message() == "Box 1 goes to 2 cup of coffee."
        editor.keys("Escape")
        look.page.mouse.up()
        assert editor.boxes() == [*TWO, THIRD] and editor.message() != "Box 1 goes to"
        drag_row(editor, 0, 2)
        look.page.mouse.up()
    assert editor.boxes() == [TWO[1], THIRD, TWO[0]]
    assert "Box 1, cat, 58 to 90 % from the left" in spoken(editor)
    assert "Box 3, 10 to 40 % from the left" in spoken(editor)
    names = [name for name, _ in editor.rows()]
    assert names == ["cat", "cup of coffee", ""] and said(editor) == [{"enabled": False}]
    look.command("Comfy.Undo")
    editor.wait_for(lambda: json.loads(look.widget(editor.number, "boxes")), [*TWO, THIRD])


def test_without_subjects_a_row_moves_whole_and_the_keyboard_goes_along(look):
    editor = opened(look, [*TWO, THIRD])
    editor.rename(0, "beer mug")
    editor.tool("eye0").focus()
    editor.keys("Enter", "Alt+ArrowDown")
    assert editor.boxes() == [TWO[1], TWO[0], THIRD]
    assert said(editor) == [{}, {"enabled": False}]
    assert [name for name, _ in editor.rows()] == ["", "beer mug", ""]
    editor.keys("Enter")  # on the same eye
    assert said(editor) == []
    editor.canvas.focus()
    editor.keys("Alt+ArrowDown")  # the selected box
    assert editor.boxes() == [TWO[1], THIRD, TWO[0]] and editor.selected() == 2


def test_what_a_row_says_is_sent_and_saved_and_each_change_is_a_step(look):
    editor = opened(look, TWO, subjects=True)
    states = [[]]
    editor.tool("eye0").click()
    assert notes(editor) == ["off", ""] and "Box 1, cat: off" in spoken(editor)
    states.append([{"enabled": False}])
    editor.tool("more1").click()
    editor.tool("weight1").fill("0.9")
    editor.keys("Enter")
    states.append([{"enabled": False}, {"weight": 0.9}])
    assert said(editor) == states[-1]
    editor.tool("weightSlider1").focus()
    editor.keys("ArrowRight")
    states.append([{"enabled": False}, {"weight": 0.95}])
    assert said(editor) == states[-1]
    editor.tool("start1").fill("20")
    editor.keys("Tab")
    editor.tool("end1").fill("70")
    editor.tool("scene1").click()  # what is typed counts, and so does the click
    timed = {"weight": 0.95, "start_percent": 0.2, "end_percent": 0.7}
    assert said(editor)[1] == {**timed, "everywhere": True}
    editor.wait_for(lambda: notes(editor)[1], "whole picture, × 0.95, 20–70 %")
    assert editor.boxes() == TWO
    look.load(json.loads(json.dumps(look.saved())))
    editor = again(look, editor.number)
    assert said(editor)[1] == {**timed, "everywhere": True} and notes(editor)[0] == "off"
    editor.tool("more1").click()
    editor.tool("reset1").click()
    assert said(editor) == states[1]
    look.command("Comfy.Undo")
    editor.wait_for(lambda: said(editor)[1:], [{**timed, "everywhere": True}])


def test_a_row_shows_what_the_nodes_before_say_and_counts_before_them(look):
    encode = add_subjects(look, CAT_AND_CUP)
    changed = add_node(look, "SubjectOptions", 950, 450, number=1, weight=1.2, enabled=False)
    look.connect(encode, 0, changed, "subjects")
    editor = Editor.add(look, TWO)
    look.connect(changed, 0, editor.number, "subjects")
    editor.wait_for(lambda: notes(editor), ["off", ""])
    editor.tool("more0").click()
    assert editor.tool("weight0").input_value() == "1.2"
    editor.tool("eye0").click()
    assert said(editor) == [{"enabled": True}] and notes(editor) == ["", ""]
    editor.tool("eye0").click()
    assert said(editor) == []
    editor.tool("more1").click()
    editor.tool("scene1").click()
    assert said(editor) == [{}, {"everywhere": True, "weight": 0.4}]
    editor.click((0.7, 0.5))  # a scene is not in the way
    assert editor.selected() is None


def test_what_rows_say_goes_with_them_and_never_stays_without_a_box(look):
    editor = Editor.add(look, [*TWO, THIRD])
    editor.tool("eye2").click()
    editor.tool("more2").click()
    editor.tool("remove0").click()
    assert said(editor) == [{}, {"enabled": False}]
    assert editor.tool("weight1").is_visible()  # the opened row stays open
    editor.tool("layouts").select_option("threeBeings")
    editor.tool("eye2").click()
    assert said(editor) == [{}, {"enabled": False}, {"enabled": False}]
    editor.tool("layouts").select_option("twoBeings")
    assert said(editor) == [{}, {"enabled": False}]


def test_rows_are_set_while_masks_give_the_areas_and_leave_the_boxes(look):
    editor = Editor.add(look, TWO)
    mask = add_node(look, "LoadImage", 950, 130, image="coffee.png")
    look.connect(mask, 1, editor.number, "masks")
    editor.wait_for(editor.tool("add").is_disabled)
    editor.tool("eye1").click()
    assert said(editor) == [{}, {"enabled": False}] and editor.boxes() == TWO
    assert editor.tool("grip0").is_disabled()


def test_options_that_cannot_be_read_are_told_and_written_anew(look):
    editor = Editor.add(look, TWO)
    for text in ("much", '[{"weight": 9}]', '[{}, {}, {"weight": 1}]'):
        look.set_widget(editor.number, "options", text)
        editor.wait_for(lambda: "cannot be read" in editor.message(), True)
    editor.drag((0.25, 0.4), (0.28, 0.56))
    editor.tool("eye1").click()
    assert said(editor) == [{}, {"enabled": False}]
    editor.wait_for(editor.message, "")


def test_thumbnails_can_be_seen_and_are_large_under_the_mouse_and_the_keyboard(look):
    editor = opened(look, TWO, subjects=True)
    editor.wait_for(editor.rows, list(CAT_AND_CUP.items()))
    small = editor.panel.query_selector(".msd-thumbnail")
    assert small.bounding_box()["width"] >= 40
    small.hover()
    editor.wait_for(lambda: look.page.evaluate(LARGE) >= 200, True)
    look.page.mouse.move(*editor.picture().at(0.5, 0.5))
    editor.wait_for(lambda: look.page.evaluate(LARGE), 0)
    editor.tool("grip0").focus()
    editor.keys("Tab")
    editor.wait_for(lambda: look.page.evaluate(LARGE) >= 200, True)


def test_the_toolbar_is_one_line_in_a_new_node_and_in_a_narrower_one(look):
    editor = Editor.add(look, TWO)
    for width in (400, 360):
        look.page.evaluate(NARROW, [editor.number, width])
        editor.wait_for(lambda: editor.panel.bounding_box()["width"] < width, True)  # noqa: B023
        look.settle()
        assert not any(editor.panel.evaluate(LINES)), f"each bar is one line at {width}"


def test_options_have_no_row_of_their_own_in_the_node(look):
    editor = Editor.add(look, TWO)
    widget = look.page.evaluate(
        "id => { const node = window.app.graph.getNodeById(id);"
        " const one = node.widgets.find(one => one.name === 'options');"
        " return [one.hidden, node.inputs.some(input => input.name === 'options')]; }",
        editor.number,
    )
    assert widget == [True, False]
    texts = look.page.locator("[data-node-id] >> text=options").count()
    assert texts == 0
