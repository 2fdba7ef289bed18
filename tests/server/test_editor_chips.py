"""Chips in the list of boxes: what is wrong before a run, and one click that mends it."""

import base64
import io
import json

import pytest
from conftest import BOTH, ROOT
from demo_models import use_tiny_models
from editor import TWO, Editor, add_node, add_subjects
from PIL import Image
from templates import FIRST

pytestmark = BOTH

CAT_AND_CUP = {"cat": "chelsea.png", "cup of coffee": "coffee.png"}
# the templates' own
PICTURED = [("cat", "msdiffusion_cat.jpg"), ("cup of coffee", "msdiffusion_coffee.jpg")]
THIRD = [0.15, 0.7, 0.35, 0.95]
RED, GREEN = (220, 30, 30), (30, 160, 40)  # a thing, and what is hidden around it
CHIPS = """panel => [...panel.querySelectorAll('.msd-chip')].map(chip =>
    [chip.dataset.tool, chip.classList.contains('msd-fails')])"""
SPOKEN = "panel => panel.querySelector('.msd-spoken').textContent"
UPLOAD = """async ([name, data]) => {
    const body = new FormData();
    const file = await (await fetch(data)).blob();
    body.append('image', new File([file], name, { type: 'image/png' }));
    body.append('overwrite', 'true');
    await fetch('/upload/image', { method: 'POST', body });
}"""
THUMBNAIL = """(panel, index) => {
    const image = panel.querySelectorAll('.msd-row img')[index];
    const { naturalWidth: width, naturalHeight: height } = image;
    if (!image.complete || !width) return null;
    const canvas = Object.assign(document.createElement('canvas'), { width, height });
    const context = canvas.getContext('2d');
    context.drawImage(image, 0, 0);
    const at = (x, y) => [...context.getImageData(x * width, y * height, 1, 1).data].slice(0, 3);
    return [width, height, at(0.05, 0.05), at(0.5, 0.5)];
}"""


def with_subjects(look, boxes=TWO):
    encode = add_subjects(look, CAT_AND_CUP)
    editor = Editor.add(look, boxes)
    look.connect(encode, 0, editor.number, "subjects")
    return editor, encode


def opened(look, name, **changes):
    """An example with tiny models, as it was opened; its editor, and the ids of its nodes by type.

    `changes` are the first widget's values by the node's type.
    """
    workflow = use_tiny_models(json.loads((ROOT / f"example_workflows/{name}.json").read_text()))
    for entry in workflow["nodes"]:
        if entry["type"] in changes:
            entry["widgets_values"][0] = changes.pop(entry["type"])
    look.load(workflow)
    numbers = {}
    for entry in workflow["nodes"]:
        numbers.setdefault(entry["type"], str(entry["id"]))
    return Editor(look, numbers["LayoutBoxes"]), numbers


def again(editor):
    """The editor of a node that an undo has perhaps built anew."""
    editor.look.settle()
    made = Editor(editor.look, editor.number)
    made.wait()
    return made


def chips(editor):
    """The chips by their names, and which of them are of what would fail."""
    return {name: fails for name, fails in editor.panel.evaluate(CHIPS)}


def shows(editor, expected):
    editor.wait_for(lambda: chips(editor), expected)


def spoken(editor):
    return editor.panel.evaluate(SPOKEN)


def upload(look, name, picture):
    file = io.BytesIO()
    picture.save(file, "PNG")
    data = "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
    look.page.evaluate(UPLOAD, [name, data])


def red_thing():
    """A red thing, 40 wide and 20 high, on hidden green."""
    picture = Image.new("RGBA", (100, 50), (*GREEN, 0))
    picture.paste((*RED, 255), (30, 15, 70, 35))
    return picture


def near(colour):
    return pytest.approx(colour, abs=12)


def test_where_all_is_well_there_are_no_chips(look):
    for name in (FIRST.stem, "auto_layout"):
        editor, _ = opened(look, name)
        editor.wait_for(editor.rows, PICTURED)
        look.page.wait_for_timeout(700)
        assert chips(editor) == {} and spoken(editor) == ""


def test_a_phrase_that_is_not_in_the_prompt_is_written_into_it(look):
    editor, numbers = opened(look, FIRST.stem, CLIPTextEncode="two cats on a table")
    shows(editor, {"absent1": False})
    assert "cup of coffee" in spoken(editor) and "not in the prompt" in spoken(editor)
    editor.tool("absent1").click()
    shows(editor, {})
    text = "two cats on a table, cup of coffee"
    assert look.prompt()[numbers["CLIPTextEncode"]]["inputs"]["text"] == text
    look.command("Comfy.Undo")
    shows(again(editor), {"absent1": False})
    text = "two cats on a table"
    assert look.prompt()[numbers["CLIPTextEncode"]]["inputs"]["text"] == text


def test_a_prompt_that_only_a_run_tells_raises_no_chip(look):
    editor, numbers = opened(look, FIRST.stem, CLIPTextEncode="a table")
    shows(editor, {"absent0": False, "absent1": False})
    look.set_widget(numbers["CLIPTextEncode"], "text", "a {red|blue} table")
    shows(editor, {})
    look.set_widget(numbers["CLIPTextEncode"], "text", "a table")
    shows(editor, {"absent0": False, "absent1": False})
    both = add_node(look, "StringConcatenate", 0, 900, string_a="cat", string_b="cup")
    look.connect(both, 0, numbers["CLIPTextEncode"], "text")
    shows(editor, {})


def test_auto_layout_fails_without_the_words_which_are_then_sampled_too(look):
    editor, numbers = opened(look, "auto_layout", AutoLayout="a cat at a window")
    shows(editor, {"absent1": True})
    editor.tool("absent1").click()
    shows(editor, {})
    prompt = look.prompt()[numbers["AutoLayout"]]["inputs"]["prompt"]
    assert prompt == "a cat at a window, cup of coffee"


def test_auto_layout_takes_the_prompt_that_is_sampled(look):
    prompt = "a cat and a cup of coffee"
    editor, numbers = opened(look, "auto_layout", AutoLayout=prompt)
    text = add_node(look, "CLIPTextEncode", 0, 900, text=f"{prompt}, at night")
    look.connect(text, 0, numbers["KSampler"], "positive")
    shows(editor, {"otherPrompt": True})
    assert "Auto Layout" in spoken(editor)
    editor.tool("otherPrompt").click()
    shows(editor, {})
    sent = look.prompt()[numbers["AutoLayout"]]["inputs"]["prompt"]
    assert sent == f"{prompt}, at night"
    look.command("Comfy.Undo")
    assert look.prompt()[numbers["AutoLayout"]]["inputs"]["prompt"] == prompt
    shows(again(editor), {"otherPrompt": True})


def test_a_box_smaller_than_a_cell_is_enlarged(look):
    editor, _ = with_subjects(look, [TWO[0], [0.6, 0.6, 0.61, 0.8]])
    look.load(look.saved())  # so that undo has nothing else to do
    editor = again(editor)
    shows(editor, {"tooSmall1": False})
    editor.tool("tooSmall1").focus()
    editor.keys("Enter")
    shows(editor, {})
    assert editor.panel.evaluate("() => document.activeElement.dataset.tool") == "select1"
    left, top, right, bottom = editor.boxes()[1]
    assert right - left == pytest.approx(1 / 32, abs=0.0002) and (top, bottom) == (0.6, 0.8)
    look.command("Comfy.Undo")
    shows(again(editor), {"tooSmall1": False})


def test_a_subject_without_a_box_gets_one(look):
    editor, _ = with_subjects(look, [TWO[0]])
    shows(editor, {"noBox1": True})
    assert editor.rows()[1] == ("cup of coffee", "coffee.png")
    assert editor.message().startswith("1 box for 2 subjects")
    editor.tool("noBox1").click()
    shows(editor, {})
    assert editor.message() == "" and len(editor.boxes()) == 2
    look.command("Comfy.Undo")
    shows(again(editor), {"noBox1": True})


def test_boxes_without_a_subject_are_removed(look):
    editor, encode = with_subjects(look, [*TWO, THIRD])
    shows(editor, {"noSubject2": True})
    look.set_widget(encode, "phrases", "cat")
    shows(editor, {"noSubject1": True, "noSubject2": True})
    assert editor.message().startswith("3 boxes for 1 subject:")
    editor.tool("noSubject1").click()
    shows(editor, {"noSubject1": True})
    editor.tool("noSubject1").click()
    shows(editor, {})
    assert editor.boxes() == [TWO[0]]


def test_what_would_fail_is_told_apart_without_colours(look):
    editor, _ = with_subjects(look, [[0.6, 0.6, 0.61, 0.8]])
    shows(editor, {"tooSmall0": False, "noBox1": True})
    texts = [editor.tool(name).inner_text() for name in ("tooSmall0", "noBox1")]
    assert texts[0][0] != texts[1][0]
    for name, said in (("tooSmall0", "may be wrong"), ("noBox1", "would fail")):
        assert said in editor.tool(name).get_attribute("aria-label")
    assert editor.panel.query_selector(".msd-spoken").get_attribute("role") == "status"


def test_the_thumbnail_is_what_the_encoder_gets_and_a_click_inverts_the_mask(look):
    upload(look, "red_thing.png", red_thing())
    encode = add_node(look, "EncodeSubjects", 950, 130, phrases="thing")
    load = add_node(look, "LoadImage", 1350, 130, image="red_thing.png")
    look.connect(load, 0, encode, "image_1")
    editor = Editor.add(look, [TWO[0]])
    look.connect(encode, 0, editor.number, "subjects")

    def thumbnail():
        return editor.panel.evaluate(THUMBNAIL, 0)

    # without a mask Load Image shows what was hidden
    editor.wait_for(thumbnail, [100, 50, near(GREEN), near(RED)])
    assert chips(editor) == {}
    look.connect(load, 1, encode, "mask_1")
    shows(editor, {"insideOut0": False})
    editor.wait_for(thumbnail, [100, 50, near(GREEN), near((0, 0, 0))])
    editor.tool("insideOut0").click()
    shows(editor, {})
    editor.wait_for(thumbnail, [40, 20, near(RED), near(RED)])
    assert look.prompt()[encode]["inputs"]["invert_masks"] is True
    look.command("Comfy.Undo")
    assert look.prompt()[encode]["inputs"]["invert_masks"] is False
    editor = again(editor)
    shows(editor, {"insideOut0": False})
    invert = add_node(look, "InvertMask", 1350, 530)  # the other way to turn it round
    look.connect(load, 1, invert, "mask")
    look.connect(invert, 0, encode, "mask_1")
    shows(editor, {})
    editor.wait_for(thumbnail, [40, 20, near(RED), near(RED)])


def test_a_mask_of_a_picture_without_transparency_is_unplugged(look):
    editor, encode = with_subjects(look)
    load = look.prompt()[encode]["inputs"]["image_2"][0]
    look.connect(load, 1, encode, "mask_2")
    shows(editor, {"emptyMask1": True})
    editor.tool("emptyMask1").click()
    shows(editor, {})
    assert "mask_2" not in look.prompt()[encode]["inputs"]
    editor.wait_for(editor.rows, list(CAT_AND_CUP.items()))
    look.command("Comfy.Undo")
    assert "mask_2" in look.prompt()[encode]["inputs"]
    shows(again(editor), {"emptyMask1": True})


def test_after_a_run_the_thumbnail_is_what_the_node_made(look):
    upload(look, "red_thing.png", red_thing())
    editor, numbers = opened(look, FIRST.stem, LoadImage="red_thing.png")
    encode = numbers["EncodeSubjects"]
    look.set_widget(encode, "phrases", "cat\ncup of coffee")
    mask = add_node(look, "LoadImageMask", 0, 900, image="red_thing.png", channel="alpha")
    look.connect(mask, 0, encode, "mask_1")
    look.set_widget(numbers["KSampler"], "steps", 1)
    look.set_widget(editor.number, "width", 256)
    look.set_widget(editor.number, "height", 256)
    assert look.run()["status"]["status_str"] == "success"
    shows(editor, {"insideOut0": False})

    def thumbnail():
        return editor.panel.evaluate(THUMBNAIL, 0)

    editor.wait_for(thumbnail, [96, 48, near(GREEN), near((0, 0, 0))])
    editor.tool("insideOut0").click()
    editor.wait_for(lambda: thumbnail()[:2], [100, 50])  # not yet known again
    assert look.run()["status"]["status_str"] == "success"
    editor.wait_for(thumbnail, [40, 20, near(RED), near(RED)])
    assert chips(editor) == {}
