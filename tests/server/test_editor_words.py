"""Words of boxes in the layout editor: in rows, in boxes, in their menu; chips about them."""

import json

from conftest import BOTH, ROOT
from demo_models import use_tiny_models
from dropping import Dropping
from editor import Editor, add_node
from templates import FIRST

pytestmark = BOTH

MUG = "a glossy red coffee mug on a wooden table"
HAT = "a green knitted hat on a wooden table"
IN_SECOND = (0.74, 0.6)  # in the middle of the template's second box
CHIPS = """panel => Object.fromEntries([...panel.querySelectorAll('.msd-chip')].map(chip =>
    [chip.dataset.tool, chip.classList.contains('msd-fails')]))"""
LABEL = "one => one.getAttribute('aria-label')"
# the nodes of a type, and what is linked to an input: the type of the node and its output
MADE = """([type, name]) => window.app.graph.nodes.filter(node => node.type === type).map(node => {
    const link = window.app.graph.getLink(node.inputs.find(one => one.name === name).link);
    return link && [window.app.graph.getNodeById(link.origin_id).type, link.origin_slot];
})"""

IDS = """type => window.app.graph.nodes.filter(node => node.type === type)
    .map(node => String(node.id))"""


def opened(look, path):
    """A template with tiny models, opened; its editor, and the ids of its nodes by type."""
    workflow = use_tiny_models(json.loads(path.read_text(encoding="utf-8")))
    look.load(workflow)
    numbers = {entry["type"]: str(entry["id"]) for entry in workflow["nodes"]}
    editor = Editor(look, numbers["LayoutBoxes"])
    editor.wait()
    return editor, numbers


def in_words(look):
    editor, numbers = opened(look, ROOT / "example_workflows" / "a_prompt_for_each_box.json")
    editor.prompts = numbers["BoxPrompts"]
    shows(editor, MUG, HAT)
    return editor, numbers


def again(editor):
    """The editor of a node that an undo has perhaps built anew."""
    editor.look.settle()
    made = Editor(editor.look, editor.number)
    made.prompts = editor.prompts
    made.wait()
    return made


def rows(editor):
    editor.look.settle()
    fields = editor.panel.query_selector_all(".msd-words input")
    return [field.input_value() for field in fields]


def shows(editor, *words):
    """The rows show these words, and they are what would be sent."""
    editor.wait_for(lambda: rows(editor), list(words))
    assert sent(editor) == list(words)


def sent(editor):
    return editor.look.prompt()[editor.prompts]["inputs"]["prompts"].split("\n")


def undo(editor, *words):
    editor.look.command("Comfy.Undo")
    editor = again(editor)
    shows(editor, *words)
    return editor


def chips(editor, expected):
    editor.wait_for(lambda: editor.panel.evaluate(CHIPS), expected)


def spoken(editor):
    return editor.panel.query_selector(".msd-spoken[aria-live]").text_content()


def type_over(editor, text):
    editor.keys("Control+a", "Delete")
    editor.page.keyboard.type(text)
    editor.keys("Enter")


def double_click(editor, point):
    editor.look.settle()
    with editor.still():
        editor.page.mouse.dblclick(*editor.picture().at(*point))


def test_words_are_written_in_a_row_and_on_the_box(look):
    editor, _ = in_words(look)
    chips(editor, {})
    painted = editor.painted()
    editor.tool("words0").click()
    type_over(editor, "a blue mug")
    shows(editor, "a blue mug", HAT)
    assert spoken(editor) == "Box 1, words: a blue mug"
    assert "box 1" in editor.tool("words0").evaluate(LABEL)
    assert editor.painted() != painted, "the words are shown in the box"
    double_click(editor, IN_SECOND)
    field = editor.tool("nameField")
    assert field.input_value() == HAT and "Words of box 2" in field.evaluate(LABEL)
    editor.keys("Escape")
    assert sent(editor) == ["a blue mug", HAT]
    double_click(editor, IN_SECOND)
    type_over(editor, "")
    shows(editor, "a blue mug", "")
    assert spoken(editor) == "Box 2 has no words" and look.dialogs() == []
    editor = undo(editor, "a blue mug", HAT)
    undo(editor, MUG, HAT)


def test_words_go_with_their_boxes_in_the_same_step_of_undo(look):
    editor, _ = in_words(look)
    boxes = editor.boxes()
    editor.tool("grip0").focus()
    editor.keys("ArrowDown")
    assert editor.boxes() == boxes[::-1]
    shows(editor, HAT, MUG)
    editor.tool("remove0").click()
    assert editor.boxes() == boxes[:1]
    shows(editor, MUG)
    editor.tool("add").click()
    shows(editor, MUG, "")
    for words in ([MUG], [HAT, MUG], [MUG, HAT]):
        editor = undo(editor, *words)
    assert editor.boxes() == boxes
    chips(editor, {})


def test_words_from_another_node_are_shown_and_it_is_said_why_they_are_not_written(look):
    editor, numbers = in_words(look)
    given = add_node(look, "PrimitiveStringMultiline", 300, 900, value="a cup\na cap")
    look.connect(given, 0, numbers["BoxPrompts"], "prompts")
    editor.wait_for(lambda: rows(editor), ["a cup", "a cap"])
    assert "another node" in editor.tool("words1").get_attribute("title")
    assert not editor.tool("words1").is_editable()
    double_click(editor, IN_SECOND)
    editor.wait_for(lambda: "another node" in editor.message())
    assert editor.tool("nameField").is_hidden()


def test_chips_say_what_fails_and_mend_it(look):
    editor, numbers = in_words(look)
    look.set_widget(numbers["BoxPrompts"], "prompts", MUG)
    chips(editor, {"fewLines": True})
    editor.tool("fewLines").click()
    shows(editor, MUG, "")
    chips(editor, {})
    look.set_widget(numbers["BoxPrompts"], "prompts", f"{MUG}\n{HAT}\na spoon")
    chips(editor, {"moreLines": True})
    editor.tool("moreLines").click()
    shows(editor, MUG, HAT, "a spoon")
    assert len(editor.boxes()) == 3
    editor.tool("area2").click()
    chips(editor, {"wordsNowhere2": True})
    editor.tool("wordsNowhere2").click()
    chips(editor, {})
    look.set_widget(numbers["BoxPrompts"], "prompts", "")
    chips(editor, {"noWords": True})


def test_box_prompts_are_made_when_the_first_words_are_written(look):
    editor, numbers = opened(look, FIRST)
    editor.wait_for(lambda: [name for name, _ in editor.rows()], ["cat", "cup of coffee"])
    assert rows(editor) == []
    box = editor.boxes()[1]
    middle = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
    editor.click(middle, button="right")
    editor.tool("menuWords").click()
    editor.tool("nameField").wait_for()
    editor.keys("Escape")  # so far nothing was made
    assert look.page.evaluate(MADE, ["BoxPrompts", "clip"]) == []
    editor.click(middle, button="right")
    editor.tool("menuWords").click()
    editor.page.keyboard.type("on a saucer")
    editor.keys("Enter")
    editor.wait_for(lambda: rows(editor), ["", "on a saucer"])
    made = look.page.evaluate(MADE, ["BoxPrompts", "clip"])
    assert made == look.page.evaluate(MADE, ["CLIPTextEncode", "clip"])[:1]
    assert look.page.evaluate(MADE, ["ApplyMSDiffusion", "box_prompts"]) == [["BoxPrompts", 0]]
    assert editor.message() == "A Box Prompts was added and connected."
    chips(editor, {"unnamed1": False})
    editor.tool("unnamed1").click()
    editor.wait_for(lambda: rows(editor), ["", "cup of coffee, on a saucer"])
    hand = Dropping(look)
    hand.drop(editor.picture().at(0.5, 0.06), ROOT / "web/example_pictures/msdiffusion_rocket.jpg")
    editor.tool("nameField").wait_for()
    editor.keys("Escape")
    editor.wait_for(lambda: rows(editor), ["", "cup of coffee, on a saucer", ""])
    [editor.prompts] = look.page.evaluate(IDS, "BoxPrompts")
    assert len(sent(editor)) == len(editor.boxes()) == 3
    editor = undo(editor, "", "cup of coffee, on a saucer")
    double_click(editor, middle)  # a subject's box is named, as ever
    assert editor.tool("nameField").input_value() == "cup of coffee"
    editor.keys("Escape")
    look.command("Comfy.Undo")
    look.command("Comfy.Undo")
    look.settle()
    assert look.page.evaluate(MADE, ["BoxPrompts", "clip"]) == []
    assert rows(Editor(look, numbers["LayoutBoxes"])) == []
