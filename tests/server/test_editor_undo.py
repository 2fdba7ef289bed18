"""Undo and redo of what is done in the layout editor: one gesture, one step."""

import json

from conftest import BOTH
from editor import TWO, Editor, add_subjects

# the page takes no other step while it is at one
AT_REST = """() => {
    const { activeWorkflow } = window.app.extensionManager.workflow;
    return !activeWorkflow.changeTracker._restoringState;
}"""
UNDO = "Control+z"
REDO = ("Control+y", "Control+Shift+z", "Comfy.Redo")  # each does the same
# Nodes 2.0 of 1.32.9 takes 30 off any node's height when it is built anew, which an undo sometimes
# does; the next key makes this a step of its own, after which nothing can be redone. Not so here:
COMMANDS = ("Comfy.Undo", ("Comfy.Redo",) * 3)


def opened(look, boxes=TWO, encode=None):
    """An editor in a workflow as it was opened, where undo has nothing to do."""
    number = Editor.add(look, boxes).number
    if encode:
        look.connect(encode, 0, number, "subjects")
    look.load(json.loads(json.dumps(look.saved())))
    look.zoom(1)
    return again(look, number)


def again(look, number):
    """The editor of a node that may have been built anew."""
    look.settle()
    editor = Editor(look, number)
    editor.wait()
    return editor


def step(editor, how, expected):
    """Undoes or redoes, and waits until the boxes are as expected."""
    if how.startswith("Comfy."):
        editor.look.command(how)
    else:
        editor.page.keyboard.press(how)
    editor.wait_for(lambda: json.loads(editor.look.widget(editor.number, "boxes")), expected)
    editor.page.wait_for_function(AT_REST)
    assert editor.boxes() == expected


def test_undo_and_redo_go_through_the_gestures_one_by_one(look, request):
    editor = opened(look)
    states = [TWO]
    editor.drag((0.25, 0.4), (0.28, 0.56))
    states.append(editor.boxes())
    editor.drag((0.62, 0.08), (0.84, 0.14))
    states.append(editor.boxes())
    editor.keys("Delete")
    states.append(editor.boxes())
    assert len({str(boxes) for boxes in states[:3]}) == 3 and states[3] == states[1]
    shrinks = request.node.callspec.id.startswith("bundled-nodes2")
    undo, redos = COMMANDS if shrinks else (UNDO, REDO)
    for expected in states[2::-1]:
        step(editor, undo, expected)
    for redo, expected in zip(redos, states[1:], strict=True):
        step(editor, redo, expected)
    editor = again(look, editor.number)  # the boxes that are seen are those of the value
    editor.drag((0.28, 0.6), (0.25, 0.44))
    assert editor.boxes() == editor.near(TWO)


def test_a_click_and_a_drag_that_was_given_up_are_no_steps(look):
    editor = opened(look)
    editor.drag((0.25, 0.4), (0.28, 0.56))
    editor.click((0.7, 0.5))
    editor.press((0.7, 0.5), (0.72, 0.2))
    editor.keys("Escape")
    look.page.mouse.up()
    editor.keys("Tab", "Escape")
    step(editor, "Control+z", TWO)
    assert again(look, editor.number).shows(TWO)


@BOTH
def test_a_new_name_is_undone(look):
    encode = add_subjects(look, {"cat": "chelsea.png", "cup": "coffee.png"})
    editor = opened(look, encode=encode)

    def phrases():
        return look.prompt()[encode]["inputs"]["phrases"]

    editor.wait_for(editor.rows, [("cat", "chelsea.png"), ("cup", "coffee.png")])
    editor.rename(0, "tiger")
    assert phrases() == "tiger\ncup"
    look.command("Comfy.Undo")
    editor.wait_for(phrases, "cat\ncup")
    editor = again(look, editor.number)
    editor.wait_for(editor.rows, [("cat", "chelsea.png"), ("cup", "coffee.png")])
    look.command("Comfy.Redo")
    editor.wait_for(phrases, "tiger\ncup")
    assert editor.boxes() == TWO


@BOTH
def test_buttons_and_ready_made_layouts_are_steps(look):
    editor = opened(look)
    states = [TWO]
    editor.tool("mirror").click()
    states.append(editor.boxes())
    editor.tool("layouts").select_option("threeBeings")
    states.append(editor.boxes())
    editor.tool("remove1").click()
    states.append(editor.boxes())
    assert len({str(boxes) for boxes in states}) == 4
    for expected in states[2::-1]:
        step(editor, "Comfy.Undo", expected)
