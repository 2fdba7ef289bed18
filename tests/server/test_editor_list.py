"""The list of boxes in the layout editor, and what linked subjects bring to it."""

import json

import pytest
from conftest import BOTH
from editor import TWO, Editor, add_node, add_subjects

pytestmark = BOTH

CAT_AND_CUP = {"cat": "chelsea.png", "cup of coffee": "coffee.png"}
ROWS = list(CAT_AND_CUP.items())
NO_AREA = [0, 0, 0, 0]
LOADERS = """() => window.app.graph._nodes
    .filter(node => node.type === 'LoadImage').map(node => String(node.id))"""


def with_subjects(look, boxes=TWO):
    """An editor with two subjects linked; and their Encode Subjects."""
    encode = add_subjects(look, CAT_AND_CUP)
    editor = Editor.add(look, boxes)
    look.connect(encode, 0, editor.number, "subjects")
    return editor, encode


def notes(editor):
    return [note.inner_text() for note in editor.panel.query_selector_all(".msd-note")]


def test_names_and_thumbnails_come_from_the_linked_subjects(look):
    editor, _ = with_subjects(look)
    editor.wait_for(editor.rows, ROWS)
    across = [(0.15 + share / 100, 0.42) for share in range(20)]

    def varied():
        return len({tuple(colour) for colour in editor.colours(*across)}) > 10

    editor.wait_for(varied)  # a photograph is in the box
    assert editor.boxes() == TWO


def test_names_come_through_options_reroutes_and_a_chain_of_encoders(look):
    editor, encode = with_subjects(look)
    options = add_node(look, "SubjectOptions", 950, 450)
    look.connect(encode, 0, options, "subjects")
    scene = add_node(look, "BackgroundSubject", 950, 700)
    look.set_widget(scene, "number", 2)
    look.connect(options, 0, scene, "subjects")
    reroute = add_node(look, "Reroute", 800, 200)
    look.connect(scene, 0, reroute, "")
    look.connect(reroute, 0, editor.number, "subjects")
    editor.wait_for(lambda: notes(editor), ["", "whole picture"])
    assert editor.rows() == ROWS
    earlier = add_subjects(look, {"man": "astronaut.png"}, 950, 900)
    look.connect(earlier, 0, encode, "subjects")
    editor.set([*TWO, [0.15, 0.7, 0.35, 0.95]])
    editor.wait_for(editor.rows, [("man", "astronaut.png"), *ROWS])
    assert look.prompt()[editor.number]["inputs"]["subjects"] == [scene, 0]


def test_reordering_gives_the_subjects_each_others_boxes(look):
    third = [0.15, 0.7, 0.35, 0.95]
    editor, _ = with_subjects(look, [*TWO, third])
    editor.wait_for(editor.rows, [*ROWS, ("", None)])
    editor.tool("grip0").press("ArrowDown")
    assert editor.boxes() == [TWO[1], TWO[0], third]
    editor.tool("grip2").press("ArrowUp")
    assert editor.boxes() == [TWO[1], third, TWO[0]]
    assert editor.rows() == [*ROWS, ("", None)]  # subject 1 keeps its name and has another box
    editor.tool("grip0").press("ArrowUp")  # there is no place above the first
    editor.tool("grip2").press("ArrowDown")
    assert editor.boxes() == [TWO[1], third, TWO[0]]


def test_a_new_name_is_written_into_the_linked_subjects(look):
    editor, encode = with_subjects(look)
    earlier = add_subjects(look, {"man": "astronaut.png"}, 950, 700)
    look.connect(earlier, 0, encode, "subjects")
    editor.wait_for(editor.rows, [("man", "astronaut.png"), *ROWS])
    editor.rename(0, "old woman")
    editor.rename(1, "grey kitten")
    renamed = [("old woman", "astronaut.png"), ("grey kitten", "chelsea.png"), ROWS[1]]
    editor.wait_for(editor.rows, renamed)
    phrases = {number: look.prompt()[number]["inputs"]["phrases"] for number in (earlier, encode)}
    assert phrases == {earlier: "old woman", encode: "grey kitten\ncup of coffee"}
    assert look.widget(encode, "phrases") == phrases[encode]
    assert editor.boxes() == TWO


def test_a_name_without_linked_subjects_is_saved_with_the_workflow(look):
    editor = Editor.add(look, TWO)
    painted = editor.painted()
    editor.rename(1, "my dog")
    assert [name for name, _ in editor.rows()] == ["", "my dog"]
    assert editor.painted() != painted  # the name is on the canvas
    look.load(json.loads(json.dumps(look.saved())))
    editor = Editor(look, editor.number)
    editor.wait()
    assert [name for name, _ in editor.rows()] == ["", "my dog"]
    assert editor.boxes() == TWO


def test_a_name_of_a_box_without_a_subject_is_kept_beside_linked_ones(look):
    editor, encode = with_subjects(look, [*TWO, [0.15, 0.7, 0.35, 0.95]])
    editor.wait_for(editor.rows, [*ROWS, ("", None)])
    editor.rename(2, "beer mug")
    named = [*ROWS, ("beer mug", None)]
    editor.wait_for(editor.rows, named)
    assert look.widget(encode, "phrases") == "\n".join(CAT_AND_CUP)
    look.load(json.loads(json.dumps(look.saved())))
    editor = Editor(look, editor.number)
    editor.wait()
    editor.wait_for(editor.rows, named)


def test_a_name_goes_with_its_box_when_another_one_is_removed(look):
    editor = Editor.add(look, [*TWO, [0.15, 0.7, 0.35, 0.95]])
    editor.rename(1, "beer mug")
    assert editor.message() == ""  # a name alone is no subject to count
    editor.tool("remove0").click()
    editor.wait_for(lambda: [name for name, _ in editor.rows()], ["beer mug", ""])


def test_a_missing_picture_is_told_by_its_name(look):
    editor, _ = with_subjects(look)
    editor.wait_for(editor.rows, ROWS)
    numbers = {look.widget(one, "image"): one for one in look.page.evaluate(LOADERS)}
    look.set_widget(numbers["coffee.png"], "image", "gone.png")
    missing = editor.panel.wait_for_selector(".msd-missing")
    assert missing.inner_text() == "gone.png" and "gone.png" in missing.get_attribute("title")
    assert len(editor.panel.query_selector_all(".msd-row img")) == 1
    look.set_widget(numbers["coffee.png"], "image", "coffee.png")
    editor.wait_for(lambda: len(editor.panel.query_selector_all(".msd-missing")), 0)
    editor.wait_for(editor.rows, ROWS)


def test_a_phrase_changed_in_the_linked_node_is_shown(look):
    editor, encode = with_subjects(look)
    editor.wait_for(editor.rows, ROWS)
    look.set_widget(encode, "phrases", "tiger\ncup of coffee")
    editor.wait_for(editor.rows, [("tiger", "chelsea.png"), ROWS[1]])


def test_the_list_selects_and_removes_boxes_and_keys_in_it_leave_the_node(look):
    third = [0.15, 0.7, 0.35, 0.95]
    editor = Editor.add(look, [*TWO, third])
    look.select(editor.number)
    editor.tool("select2").click()
    assert editor.selected() == 2
    editor.tool("select1").click()
    assert editor.selected() == 1
    editor.canvas.focus()
    editor.keys("ArrowRight")
    moved = editor.boxes()[1]
    assert moved[0] == pytest.approx(TWO[1][0] + 8 / 1024, abs=0.0002)
    editor.tool("remove0").click()
    assert editor.boxes() == [moved, third]
    editor.tool("select1").click()
    editor.keys("Delete")
    assert len(editor.boxes()) in (1, 2)  # and the node is still in the prompt


def test_a_box_loses_its_area_and_a_drag_gives_it_one(look):
    editor = Editor.add(look, TWO)
    editor.tool("area0").click()
    assert editor.boxes() == [NO_AREA, TWO[1]]
    editor.wait_for(lambda: notes(editor), ["no area", ""])
    editor.drag((0.12, 0.13), (0.35, 0.42))
    assert editor.boxes() == editor.near([[0.12, 0.13, 0.35, 0.42], TWO[1]])
    drawn = editor.boxes()
    editor.tool("area1").click()
    editor.tool("area1").click()
    assert editor.boxes() == drawn  # where it was before


def test_an_area_that_was_taken_away_is_remembered_by_saved_workflows_and_undo(look):
    editor = Editor.add(look, TWO)
    look.load(json.loads(json.dumps(look.saved())))
    look.zoom(1)
    editor = Editor(look, editor.number)
    editor.wait()
    editor.tool("area0").click()
    editor.tool("grip0").press("ArrowDown")
    assert editor.boxes() == [TWO[1], NO_AREA]
    look.command("Comfy.Undo")
    editor.wait_for(lambda: json.loads(look.widget(editor.number, "boxes")), [NO_AREA, TWO[1]])
    look.load(json.loads(json.dumps(look.saved())))
    look.zoom(1)
    editor = Editor(look, editor.number)
    editor.wait()
    editor.tool("area0").click()
    assert editor.boxes() == TWO


def test_a_warning_tells_of_more_or_fewer_boxes_than_subjects(look):
    editor, _ = with_subjects(look)
    editor.wait_for(editor.rows, ROWS)
    assert editor.message() == ""
    for boxes in ([TWO[0]], [*TWO, [0.15, 0.7, 0.35, 0.95]]):
        editor.set(boxes)
        assert str(len(boxes)) in editor.message() and "2" in editor.message()


def test_the_plus_button_adds_boxes_that_can_be_seen(look):
    editor = Editor.add(look, [])
    assert editor.message() != ""  # how to begin
    for count in (1, 2, 3):
        editor.tool("add").click()
        boxes = editor.boxes()
        assert len({tuple(box) for box in boxes}) == count
        assert editor.selected() == count - 1
        for left, top, right, bottom in boxes:
            assert 0 <= left < right <= 1 and 0 <= top < bottom <= 1
