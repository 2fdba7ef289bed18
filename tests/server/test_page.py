"""The nodes in ComfyUI's own page, in a real browser."""

import json

import pytest
from conftest import ROOT, WORKFLOWS, node
from demo_models import use_tiny_models
from workflow_to_prompt import to_prompt

NAMES = [
    "Apply MS-Diffusion",
    "Auto Layout (MS-Diffusion)",
    "Background Subject (MS-Diffusion)",
    "Batch Layouts (MS-Diffusion)",
    "Crop Layout (MS-Diffusion)",
    "Encode Subjects (MS-Diffusion)",
    "Layout Boxes (MS-Diffusion)",
    "Load MS-Diffusion Model",
    "Load Subjects (MS-Diffusion)",
    "Save Subjects (MS-Diffusion)",
    "Show Areas (MS-Diffusion)",
    "Subject Options (MS-Diffusion)",
    "Sweep Layout (MS-Diffusion)",
]
LOAD = "workflow => window.app.loadGraphData(workflow)"
PROMPT = "async () => (await window.app.graphToPrompt()).output"


def bare(prompt):
    """A prompt without what people only read."""
    return {
        number: {"class_type": entry["class_type"], "inputs": entry["inputs"]}
        for number, entry in prompt.items()
    }


def test_the_nodes_are_in_the_menu_under_their_names(page):
    names = page.evaluate(
        """() => Object.values(LiteGraph.registered_node_types)
            .filter(node => node.nodeData?.category === 'MS-Diffusion')
            .map(node => node.title)"""
    )
    assert sorted(names) == sorted(NAMES)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_an_example_opens_without_missing_nodes(path, page, server):
    workflow = json.loads(path.read_text())
    page.evaluate(LOAD, workflow)
    known = server.get("/object_info")
    types = {entry["type"] for entry in workflow["nodes"]} - {"MarkdownNote", "Note"}
    assert types <= set(known)
    assert page.evaluate("() => window.app.graph._nodes.filter(n => n.has_errors).length") == 0
    assert page.evaluate("() => window.app.graph._nodes.length") == len(workflow["nodes"])
    page.wait_for_timeout(2000)  # a complaint of the page's would be there by then
    for complaint in ("Missing Node", "Invalid workflow", "Alert"):
        assert page.get_by_text(complaint).count() == 0


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_our_conversion_is_the_pages_own(path, page, server):
    workflow = use_tiny_models(json.loads(path.read_text()))
    page.evaluate(LOAD, workflow)
    assert bare(to_prompt(workflow, server.get("/object_info"))) == bare(page.evaluate(PROMPT))


def test_the_example_runs_from_the_page(page, server):
    workflow = use_tiny_models(
        json.loads((ROOT / "example_workflows/two_subjects.json").read_text())
    )
    for entry in workflow["nodes"]:
        if entry["type"] == "LayoutBoxes":
            entry["widgets_values"][1:] = [256, 256]
        if entry["type"] == "KSampler":
            entry["widgets_values"][2] = 2
    page.evaluate(LOAD, workflow)
    with page.expect_response("**/prompt") as answer:
        page.evaluate("() => window.app.queuePrompt(0, 1)")
    entry = server.wait(answer.value.json()["prompt_id"])
    prompt = entry["prompt"][2]
    saved = next(number for number, value in prompt.items() if value["class_type"] == "SaveImage")
    assert len(entry["outputs"][saved]["images"]) == 1
    assert node(prompt, "LayoutBoxes")["inputs"]["width"] == 256


def test_a_bad_box_is_reported_on_the_page(page, server):
    workflow = use_tiny_models(
        json.loads((ROOT / "example_workflows/two_subjects.json").read_text())
    )
    for entry in workflow["nodes"]:
        if entry["type"] == "LayoutBoxes":
            entry["widgets_values"][0] = "[[0.5, 0, 0.2, 1], [0, 0, 1, 1]]"
    page.evaluate(LOAD, workflow)
    page.evaluate("() => window.app.queuePrompt(0, 1)")
    message = page.get_by_text("x0 must be less than x1").first
    message.wait_for(timeout=60_000)


def test_the_wrong_clip_vision_model_is_reported_on_the_page(page):
    workflow = use_tiny_models(
        json.loads((ROOT / "example_workflows/two_subjects.json").read_text())
    )
    for entry in workflow["nodes"]:
        if entry["type"] == "TinyCLIPVision":
            entry["type"] = "TinyWrongCLIPVision"
    page.evaluate(LOAD, workflow)
    page.evaluate("() => window.app.queuePrompt(0, 1)")
    message = page.get_by_text("clip_vision gives 48-wide features").first
    message.wait_for(timeout=60_000)
    assert "this adapter needs" in message.inner_text()
