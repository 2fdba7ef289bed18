"""Pictures dropped on the layout editor: from a file to the prompt that is sent."""

import json

import pytest
from conftest import BOTH
from demo_models import use_tiny_models
from dropping import Dropping
from editor import TWO, Editor, add_node, add_subjects, sent_subjects
from PIL import Image
from templates import FIRST

CUP = {"cup": "coffee.png"}
STEPS = """() =>
    window.app.extensionManager.workflow.activeWorkflow.changeTracker.undoQueue.length"""

# the page listens there, too
HEARD = """() => {
    const hear = ({ dataTransfer }) => {
        window.msdHeard = [...dataTransfer.files].map(({ name }) => name);
    };
    document.addEventListener('drop', hear, { once: true });
}"""


@pytest.fixture
def hand(look):
    return Dropping(look)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Files of pictures: a brown dog and a red hat, each in an aspect of its own."""
    folder = tmp_path_factory.mktemp("pictures")
    for name, size, colour in (("brown_dog.png", (60, 90), "brown"), ("hat.jpg", (80, 40), "red")):
        Image.new("RGB", size, colour).save(folder / name)
    return {path.stem: path for path in folder.iterdir()}


SIZE = """panel => [...panel.querySelectorAll('.msd-size input')].slice(0, 2)
    .map(({ value }) => value)"""


def opened(look, subjects, boxes=TWO):
    """An editor with linked subjects, in a workflow as it was opened; and its Encode Subjects."""
    encode = add_subjects(look, subjects)
    number = Editor.add(look, boxes).number
    look.connect(encode, 0, number, "subjects")
    look.load(json.loads(json.dumps(look.saved())))
    look.zoom(1)
    editor = Editor(look, number)
    editor.wait()
    return editor, encode


def field(editor):
    return editor.tool("nameField")


def name(editor, text):
    field(editor).wait_for()
    editor.page.keyboard.type(text)
    editor.keys("Enter")


@BOTH
def test_a_picture_dropped_on_a_box_becomes_its_subject(look, hand, pictures):
    editor, encode = opened(look, CUP)
    before = look.saved()
    with hand.over(editor.picture().at(0.7, 0.5), pictures["brown_dog"]):
        glow = look.rectangle(editor.panel.query_selector(".msd-glow"))
        sheet = editor.picture()
        box = (*sheet.at(0.58, 0.3), 0.32 * sheet.width, 0.55 * sheet.height)
        assert glow == pytest.approx(box, abs=1)
    field(editor).wait_for()
    assert field(editor).input_value() == "brown dog"
    name(editor, "corgi")
    assert sent_subjects(look, editor.number) == [("cup", "coffee.png"), ("corgi", "brown_dog.png")]
    assert editor.boxes() == TWO
    editor.wait_for(editor.rows, [("cup", "coffee.png"), ("corgi", "brown_dog.png")])
    assert len(look.saved()["nodes"]) == len(before["nodes"]) + 1


def content(look):
    """The graph's nodes with their values and links, wherever they are."""
    saved = look.saved()
    nodes = {str(one["id"]): (one["type"], one.get("widgets_values")) for one in saved["nodes"]}
    links = sorted(tuple(map(str, link[1:5])) for link in saved["links"])
    return nodes, links


@BOTH
def test_one_undo_takes_picture_name_and_box_back(look, hand, pictures):
    editor, _ = opened(look, CUP, TWO[:1])
    before = content(look)
    hand.drop(editor.picture().at(0.75, 0.3), pictures["brown_dog"])
    name(editor, "corgi")
    editor.wait_for(lambda: len(editor.boxes()), 2)
    after = content(look)
    assert after != before
    look.settle()
    look.page.mouse.click(60, 900)  # the page looks for changes then
    look.command("Comfy.Undo")
    editor.wait_for(lambda: content(look), before)
    look.command("Comfy.Redo")
    editor.wait_for(lambda: content(look), after)


@BOTH
def test_a_picture_dropped_on_the_empty_sheet_makes_a_box_there(look, hand, pictures):
    editor, _ = opened(look, CUP, TWO[:1])
    hand.drop(editor.picture().at(0.75, 0.3), pictures["brown_dog"])
    name(editor, "dog")
    kept, made = editor.boxes()
    assert kept == TWO[0]
    left, top, right, bottom = made
    assert ((left + right) / 2, (top + bottom) / 2) == pytest.approx((0.75, 0.3), abs=0.01)
    assert (right - left) / (bottom - top) == pytest.approx(60 / 90, abs=0.01)
    assert sent_subjects(look, editor.number)[1] == ("dog", "brown_dog.png")
    assert editor.selected() == 1


@BOTH
def test_a_box_further_down_takes_the_next_subjects_place(look, hand, pictures):
    third = [0.4, 0.05, 0.55, 0.15]
    editor, _ = opened(look, CUP, [*TWO, third])
    hand.drop(editor.picture().at(0.475, 0.1), pictures["hat"])
    name(editor, "red hat")
    assert editor.boxes() == [TWO[0], third, TWO[1]]
    assert sent_subjects(look, editor.number) == [("cup", "coffee.png"), ("red hat", "hat.jpg")]


@BOTH
def test_a_subjects_picture_is_replaced_in_its_own_load_image(look, hand, pictures):
    editor, encode = opened(look, {"cat": "chelsea.png", **CUP})
    nodes = len(look.saved()["nodes"])
    hand.drop(editor.picture().at(0.7, 0.5), pictures["hat"])
    name(editor, "hat")
    assert sent_subjects(look, editor.number) == [("cat", "chelsea.png"), ("hat", "hat.jpg")]
    assert editor.boxes() == TWO
    assert len(look.saved()["nodes"]) == nodes


@BOTH
def test_a_load_image_that_others_use_keeps_its_picture(look, hand, pictures):
    editor, encode = opened(look, {"cat": "chelsea.png"})
    cat = look.prompt()[encode]["inputs"]["image_1"][0]
    other = add_node(look, "PreviewImage", 300, 900)
    look.connect(cat, 0, other, "images")
    look.connect(cat, 1, encode, "mask_1")
    hand.drop(editor.picture().at(0.25, 0.4), pictures["hat"])
    name(editor, "hat")
    prompt = look.prompt()
    assert sent_subjects(look, editor.number) == [("hat", "hat.jpg")]
    assert prompt[cat]["inputs"]["image"] == "chelsea.png"
    assert prompt[other]["inputs"]["images"] == [cat, 0]
    assert "mask_1" not in prompt[encode]["inputs"]  # it was the cat's
    assert "mask_1" in editor.message()


@BOTH
def test_pictures_go_to_the_encoder_behind_other_nodes(look, hand, pictures):
    encode = add_subjects(look, CUP)
    between = [add_node(look, kind, 1300, 800) for kind in ("SubjectOptions", "SaveSubjects")]
    editor = Editor.add(look, TWO)
    chain = [encode, *between, editor.number]
    for source, target in zip(chain, chain[1:], strict=False):
        look.connect(source, 0, target, "subjects")
    look.page.evaluate("id => { window.app.graph.getNodeById(id).mode = 4; }", between[0])
    hand.drop(editor.picture().at(0.7, 0.5), pictures["hat"])
    name(editor, "hat")
    assert look.prompt()[encode]["inputs"]["phrases"] == "cup\nhat"
    assert look.prompt()[encode]["inputs"]["image_2"]


@BOTH
def test_several_pictures_are_named_one_after_another(look, hand, pictures):
    editor, _ = opened(look, CUP)
    hand.drop(editor.picture().at(0.7, 0.5), pictures["hat"], pictures["brown_dog"])
    name(editor, "red hat")
    name(editor, "dog")
    expected = [("cup", "coffee.png"), ("red hat", "hat.jpg"), ("dog", "brown_dog.png")]
    assert sent_subjects(look, editor.number) == expected
    assert editor.boxes()[:2] == TWO and len(editor.boxes()) == 3


@BOTH
def test_a_layout_without_encoder_gets_one(look, hand, pictures):
    checkpoint = add_node(look, "CheckpointLoaderSimple", 100, 500)
    vision = add_node(look, "CLIPVisionLoader", 100, 700)
    apply = add_node(look, "ApplyMSDiffusion", 1300, 700)
    editor = Editor.add(look, TWO)
    look.connect(editor.number, 0, apply, "layout")
    hand.drop(editor.picture().at(0.25, 0.4), pictures["brown_dog"])
    name(editor, "")
    assert sent_subjects(look, editor.number) == [("brown dog", "brown_dog.png")]
    prompt = look.prompt()
    encode = prompt[editor.number]["inputs"]["subjects"][0]
    assert prompt[encode]["class_type"] == "EncodeSubjects"
    assert prompt[encode]["inputs"]["clip"] == [checkpoint, 1]
    assert prompt[encode]["inputs"]["clip_vision"] == [vision, 0]
    assert prompt[apply]["inputs"]["subjects"] == [encode, 0]


@BOTH
def test_a_layout_that_does_not_know_its_models_subjects_is_told(look, hand, pictures):
    encode = add_subjects(look, CUP)
    apply = add_node(look, "ApplyMSDiffusion", 1300, 700)
    editor = Editor.add(look, TWO)
    look.connect(editor.number, 0, apply, "layout")
    look.connect(encode, 0, apply, "subjects")
    hand.drop(editor.picture().at(0.7, 0.5), pictures["hat"])
    name(editor, "hat")
    expected = [("cup", "coffee.png"), ("hat", "hat.jpg")]
    assert sent_subjects(look, editor.number) == expected
    assert sent_subjects(look, apply) == expected


@BOTH
def test_a_new_encoders_own_text_gives_way(look, hand, pictures):
    encode = add_node(look, "EncodeSubjects", 950, 130)
    editor = Editor.add(look, TWO)
    look.connect(encode, 0, editor.number, "subjects")
    hand.drop(editor.picture().at(0.25, 0.4), pictures["hat"])
    field(editor).wait_for()
    assert field(editor).input_value() == "hat"
    assert sent_subjects(look, editor.number) == [("hat", "hat.jpg")]


@BOTH
def test_a_picture_of_a_page_is_taken(look, hand):
    editor, _ = opened(look, CUP)
    address = f"{look.server.address}/view?filename=chelsea.png&type=input"
    link = f"{look.server.address}/extensions"
    html = f'<a href="{link}"><img src="{address.replace("&", "&amp;")}"></a>'
    hand.drop(editor.picture().at(0.7, 0.5), text_html=html, **{"text_uri-list": link})
    name(editor, "cat")
    assert sent_subjects(look, editor.number) == [("cup", "coffee.png"), ("cat", "chelsea.png")]


@BOTH
def test_a_picture_that_its_page_keeps_to_itself_is_explained(look, hand):
    editor, _ = opened(look, CUP)
    before = content(look)
    hand.drop(editor.picture().at(0.7, 0.5), **{"text_uri-list": "https://example.com/dog.png"})
    editor.wait_for(lambda: "paste it here" in editor.message())
    assert content(look) == before


@BOTH
def test_a_picture_is_dropped_on_a_row_of_the_list_or_beside_the_canvas(look, hand, pictures):
    editor, _ = opened(look, CUP)
    look.zoom(0.7)  # the list is on the screen then
    row = look.rectangle(editor.panel.query_selector("[data-box='1']"))
    hand.drop(row.at(0.5, 0.5), pictures["hat"])
    name(editor, "hat")
    assert editor.boxes() == TWO
    hand.drop(look.rectangle(editor.tool("add")).at(0.5, 0.5), pictures["brown_dog"])
    name(editor, "dog")
    expected = [("cup", "coffee.png"), ("hat", "hat.jpg"), ("dog", "brown_dog.png")]
    assert sent_subjects(look, editor.number) == expected
    assert editor.boxes()[:2] == TWO and len(editor.boxes()) == 3


@BOTH
def test_a_pasted_picture_goes_where_the_mouse_is(look, hand, pictures):
    editor, _ = opened(look, CUP)
    nodes = len(look.saved()["nodes"])
    look.page.mouse.move(*editor.picture().at(0.7, 0.5))
    hand.paste(pictures["brown_dog"])
    name(editor, "dog")
    (_, cup), (dog, file) = sent_subjects(look, editor.number)
    assert (cup, dog) == ("coffee.png", "dog") and file.startswith("image")
    assert editor.boxes() == TWO
    assert len(look.saved()["nodes"]) == nodes + 1


@BOTH
def test_a_pasted_picture_goes_to_the_selected_box(look, hand, pictures):
    editor, _ = opened(look, CUP)
    editor.click((0.7, 0.5))
    look.page.mouse.move(60, 900)
    hand.paste(pictures["brown_dog"])
    name(editor, "dog")
    assert sent_subjects(look, editor.number)[1][0] == "dog"
    assert editor.boxes() == TWO


@BOTH
def test_beside_the_editor_the_page_keeps_its_own_drop_and_paste(look, hand, pictures):
    editor, _ = opened(look, CUP)
    before = sent_subjects(look, editor.number)
    known = {one["id"] for one in look.saved()["nodes"]}

    def pasted():
        return [one for one in look.saved()["nodes"] if one["id"] not in known]

    look.page.mouse.click(250, 940)
    hand.paste(pictures["brown_dog"])
    editor.wait_for(lambda: [one["type"] for one in pasted()], ["LoadImage"])
    look.page.evaluate(HEARD)
    hand.drop((150, 300), pictures["hat"])
    assert look.page.evaluate("() => window.msdHeard") == ["hat.jpg"]
    assert sent_subjects(look, editor.number) == before
    assert editor.boxes() == TWO


@BOTH
@pytest.mark.parametrize("kind", ["text", "broken", "mixed"])
def test_what_is_no_picture_changes_nothing(look, hand, pictures, tmp_path, kind):
    editor, _ = opened(look, CUP)
    before, steps = content(look), look.page.evaluate(STEPS)
    text, broken = tmp_path / "notes.txt", tmp_path / "broken.png"
    text.write_text("a dog")
    broken.write_bytes(pictures["brown_dog"].read_bytes()[:40])
    files = {"text": [text], "broken": [broken], "mixed": [pictures["hat"], text]}[kind]
    hand.drop(editor.picture().at(0.7, 0.5), *files)
    editor.wait_for(lambda: files[-1].name in editor.message())
    assert content(look) == before and look.page.evaluate(STEPS) == steps
    assert field(editor).is_hidden()


@BOTH
def test_a_failed_upload_changes_nothing(look, hand, pictures):
    editor, _ = opened(look, CUP)
    before, steps = content(look), look.page.evaluate(STEPS)
    refuse = lambda route: route.fulfill(status=413, body="too large")  # noqa: E731
    look.page.route("**/upload/image", refuse)
    hand.drop(editor.picture().at(0.7, 0.5), pictures["hat"])
    editor.wait_for(lambda: "413" in editor.message())
    look.page.unroute("**/upload/image")
    assert content(look) == before and look.page.evaluate(STEPS) == steps
    look.console_errors.clear()


@BOTH
def test_more_pictures_than_inputs_are_refused(look, hand, pictures):
    four = {f"cup {number}": "coffee.png" for number in range(1, 5)}
    editor, _ = opened(look, four)
    before = content(look)
    hand.drop(editor.picture().at(0.9, 0.1), pictures["hat"])
    editor.wait_for(lambda: "second Encode Subjects" in editor.message())
    assert content(look) == before
    hand.drop(editor.picture().at(0.7, 0.5), pictures["hat"])  # but one of them can be another
    name(editor, "hat")
    assert sent_subjects(look, editor.number)[1] == ("hat", "hat.jpg")


@BOTH
def test_phrases_from_another_node_are_not_written_over(look, hand, pictures):
    editor, encode = opened(look, CUP)
    text = add_node(look, "PrimitiveStringMultiline", 900, 800, value="cup")
    look.connect(text, 0, encode, "phrases")
    before = content(look)
    hand.drop(editor.picture().at(0.7, 0.5), pictures["hat"])
    editor.wait_for(lambda: "phrases" in editor.message())
    assert content(look) == before


@BOTH
def test_the_template_runs_with_dropped_pictures(look, hand, pictures):
    workflow = json.loads(FIRST.read_text())
    look.load(use_tiny_models(workflow))
    numbers = {one["type"]: str(one["id"]) for one in workflow["nodes"]}
    number, sampler = numbers["LayoutBoxes"], numbers["KSampler"]
    look.page.evaluate(
        "id => { window.app.canvas.centerOnNode(app.graph.getNodeById(id)); }", number
    )
    for key, value in {"boxes": json.dumps(TWO), "width": 256, "height": 256}.items():
        look.set_widget(number, key, value)
    look.set_widget(sampler, "steps", 2)
    editor = Editor(look, number)
    editor.wait()
    editor.wait_for(lambda: editor.panel.evaluate(SIZE), ["256", "256"])
    hand.drop(editor.picture().at(0.7, 0.5), pictures["hat"])
    name(editor, "red hat")
    hand.drop(editor.picture().at(0.5, 0.1), pictures["brown_dog"])
    name(editor, "dog")
    sent = sent_subjects(look, number)
    assert sent[1:] == [("red hat", "hat.jpg"), ("dog", "brown_dog.png")] and len(sent) == 3
    assert look.run()["status"]["status_str"] == "success"
