"""The nodes in ComfyUI's own page, in a real browser."""

import json

import pytest
from conftest import BOTH, LOOKS, WORKFLOWS, known_nodes, node
from demo_models import TINY_NODES, use_tiny_models
from templates import FIRST
from workflow_to_prompt import to_prompt

NAMES = [
    "Apply Box Prompts (MS-Diffusion)",
    "Apply MS-Diffusion",
    "Authors' Schedule (MS-Diffusion)",
    "Auto Layout (MS-Diffusion)",
    "Background Subject (MS-Diffusion)",
    "Batch Layouts (MS-Diffusion)",
    "Box Prompts (MS-Diffusion)",
    "Crop Layout (MS-Diffusion)",
    "Encode Subjects (MS-Diffusion)",
    "Layout Boxes (MS-Diffusion)",
    "Load MS-Diffusion Model",
    "Load Subjects (MS-Diffusion)",
    "Save Subjects (MS-Diffusion)",
    "Show Areas (MS-Diffusion)",
    "Subject Detailer (MS-Diffusion)",
    "Subject Options (MS-Diffusion)",
    "Sweep Layout (MS-Diffusion)",
    "Text Follows Layout (MS-Diffusion)",
]


def bare(prompt):
    """A prompt without what people only read."""
    return {
        number: {"class_type": entry["class_type"], "inputs": entry["inputs"]}
        for number, entry in prompt.items()
    }


def reported(look, text):
    """Runs the graph; what the page says then, at the node and elsewhere, by a text in it."""
    look.page.evaluate("() => window.app.queuePrompt(0, 1)")
    message, more = look.page.get_by_text(text), look.page.get_by_text("View details")
    message.or_(more).first.wait_for(timeout=60_000)
    if more.count():  # newer front ends keep the message behind this button
        more.click()
    message.first.wait_for()
    return " ".join(message.all_inner_texts())


@BOTH
def test_the_nodes_are_in_the_menu_under_their_names(look):
    names = look.page.evaluate(
        """() => Object.values(LiteGraph.registered_node_types)
            .filter(node => node.nodeData?.category === 'MS-Diffusion')
            .map(node => node.title)"""
    )
    assert sorted(names) == sorted(NAMES)


@BOTH
@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_an_example_opens_without_missing_nodes_and_we_convert_it_as_the_page_does(path, look):
    workflow = json.loads(path.read_text())
    known = known_nodes(workflow, look.server)
    look.load(workflow)
    types = {entry["type"] for entry in workflow["nodes"]} - {"MarkdownNote", "Note"}
    assert types <= set(known)
    assert len(look.saved()["nodes"]) == len(workflow["nodes"])
    assert look.faulty() <= {*TINY_NODES, "LoadMSDModel"}, "for want of model files"
    look.reset()  # the page may have opened a dialog, which offers them for download
    workflow = use_tiny_models(workflow)
    look.load(workflow)
    assert look.faulty() == set()
    assert look.complaints() == []
    assert bare(to_prompt(workflow, known)) == bare(look.prompt())


@pytest.mark.parametrize("opened_look", LOOKS[1:], indirect=True, ids="-".join)
def test_the_example_runs_from_the_page(look):
    """In the first of the looks `test_examples` runs it."""
    workflow = use_tiny_models(json.loads(FIRST.read_text()))
    for entry in workflow["nodes"]:
        if entry["type"] == "LayoutBoxes":
            entry["widgets_values"][1:3] = [256, 256]
        if entry["type"] == "KSampler":
            entry["widgets_values"][2] = 2
    look.load(workflow)
    entry = look.run()
    prompt = entry["prompt"][2]
    saved = next(number for number, value in prompt.items() if value["class_type"] == "SaveImage")
    assert len(entry["outputs"][saved]["images"]) == 1
    assert node(prompt, "LayoutBoxes")["inputs"]["width"] == 256


@BOTH
def test_a_bad_box_is_reported_on_the_page(look):
    workflow = use_tiny_models(json.loads(FIRST.read_text()))
    for entry in workflow["nodes"]:
        if entry["type"] == "LayoutBoxes":
            entry["widgets_values"][0] = "[[0.5, 0, 0.2, 1], [0, 0, 1, 1]]"
    look.load(workflow)
    assert "box 1" in reported(look, "x0 must be less than x1")
