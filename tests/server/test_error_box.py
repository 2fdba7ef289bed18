"""An error of ours in the page: at the node that failed, what is wrong and what to do."""

import json

import pytest
from comfy_server import PromptError
from conftest import BOTH
from demo_models import use_tiny_models
from editor import add_node
from templates import FIRST

BOX = ".msd-error"
WRONG = "phrases: 2 came (cat, mug) for 1 pictures"
CURE = "write one line for each connected picture"
SELECTED = "() => String(window.getSelection())"
FONT = "box => parseFloat(getComputedStyle(box).fontSize) * box.getBoundingClientRect().width"
FONT += " / box.offsetWidth"
INTO_SUBGRAPH = """id => {
    const { graph, canvas } = window.app;
    const made = graph.convertToSubgraph(new Set([graph.getNodeById(id)]));
    canvas.openSubgraph(made.subgraph, made.node);
}"""


def failing(look):
    """A small graph whose Encode Subjects gets two phrases for one picture."""
    encode = add_node(look, "EncodeSubjects", 500, 100, phrases="cat\nmug")
    models, vision = add_node(look, "TinySDXL", 60, 100), add_node(look, "TinyCLIPVision", 60, 250)
    load = add_node(look, "LoadImage", 60, 400, image="coffee.png")
    save = add_node(look, "SaveSubjects", 1000, 100)
    look.connect(models, 1, encode, "clip")
    look.connect(vision, 0, encode, "clip_vision")
    look.connect(load, 0, encode, "image_1")
    look.connect(encode, 0, save, "subjects")
    return encode


def places(look):
    """Where each node is, and how large."""
    look.settle()
    return {entry["id"]: (entry["pos"], entry["size"]) for entry in look.saved()["nodes"]}


def run_until_it_fails(look):
    """The box, once it is there; the page's own dialog is closed."""
    look.page.evaluate("() => window.app.queuePrompt(0, 1)")
    box = look.page.locator(BOX)
    box.wait_for(timeout=60_000)
    look.settle()
    if look.dialogs():
        look.page.keyboard.press("Escape")
        look.page.locator("[role=dialog]").first.wait_for(state="hidden")
    return box


@BOTH
def test_the_node_that_failed_says_what_is_wrong_and_what_to_do_and_stays_as_it_is(look):
    encode = failing(look)
    before = places(look)
    look.zoom(0.5, 200, 200)
    box = run_until_it_fails(look)
    wrong, cure = box.locator("p").all_inner_texts()
    assert (wrong.lower(), cure.lower()) == (WRONG.lower(), CURE.lower())
    node, place = look.node_rectangle(encode), look.rectangle(box)
    assert node.left <= place.left <= node.left + node.width
    assert abs(place.top - (node.top + node.height)) < 60
    assert box.evaluate(FONT) >= 12, "legible, however small the graph is shown"
    assert places(look) == before
    box.get_by_label("Close").click()
    box.wait_for(state="detached")
    assert places(look) == before


@BOTH
def test_its_text_can_be_selected_and_nothing_moves(look):
    failing(look)
    box = run_until_it_fails(look)
    before = places(look)
    line = look.rectangle(box.locator("p").first)
    look.drag(line.at(0.1, 0.3), line.at(0.5, 0.3))
    selected = look.page.evaluate(SELECTED)
    assert len(selected) > 8 and selected in WRONG
    assert places(look) == before


@BOTH
def test_it_is_gone_when_the_graph_is_queued_anew(look):
    encode = failing(look)
    box = run_until_it_fails(look)
    look.set_widget(encode, "phrases", "mug")
    look.run()
    assert box.count() == 0


@BOTH
def test_it_is_shown_in_a_subgraph(look):
    look.page.evaluate(INTO_SUBGRAPH, failing(look))
    look.settle()
    box = run_until_it_fails(look)
    assert "2 came" in box.inner_text()


@BOTH
def test_the_wrong_clip_vision_model_is_told_at_the_node_that_found_out(look):
    workflow = use_tiny_models(json.loads(FIRST.read_text()))
    for entry in workflow["nodes"]:
        if entry["type"] == "TinyCLIPVision":
            entry["widgets_values"] = [0, True]
    look.load(workflow)
    lines = run_until_it_fails(look).locator("p").all_inner_texts()
    assert lines[0].lower() == "subjects: clip_vision gives 48-wide features (another encoder)"
    assert "this adapter needs" in lines[1].lower() and "load that one" in lines[1]


@BOTH
def test_an_error_of_others_is_left_to_the_page(look):
    latent = add_node(look, "EmptySD3LatentImage", 60, 100)
    models, decode = add_node(look, "TinySDXL", 60, 400), add_node(look, "VAEDecode", 500, 100)
    shown = add_node(look, "PreviewImage", 900, 100)
    look.connect(latent, 0, decode, "samples")
    look.connect(models, 2, decode, "vae")
    look.connect(decode, 0, shown, "images")
    with pytest.raises(PromptError, match="VAEDecode"):
        look.run()
    look.settle()
    assert look.page.locator(BOX).count() == 0
