"""Each example workflow, opened in the page and run there on tiny models."""

import json

import pytest
from conftest import WORKFLOWS, known_nodes
from demo_models import use_tiny_models
from PIL import Image
from templates import FIRST
from test_http import painted

WANTED = {
    "one_subject",
    "MS-Diffusion - your subjects in their places",
    "three_subjects_with_background",
    "person_with_clothes",
    "cut_out",
    "auto_layout",
    "controlnet",
    "inpainting",
    "boxes_from_a_detector",
    "as_in_the_paper",
    "a_prompt_for_each_box",
}
SMALL = {"width": 256, "height": 192}
PLACES = {  # of width and height among a node's widget values
    "LayoutBoxes": (1, 2),
    "ImageScale": (1, 2),
}


def small(workflow):
    """The workflow on tiny models, quick: a small picture in two steps."""
    workflow = use_tiny_models(workflow)
    for node in workflow["nodes"]:
        values = node.get("widgets_values")
        if node["type"] in PLACES:
            for place, side in zip(PLACES[node["type"]], SMALL.values(), strict=True):
                values[place] = side
        if node["type"] == "KSampler":
            values[2] = 2
        if node["type"] == "AuthorsSchedule":
            values[0] = 2
        if node["type"] == "AutoLayout":
            values[2] = 1  # its first step, to be within the two
    return workflow


def test_the_promised_examples_are_there_with_a_picture_and_notes():
    assert {path.stem for path in WORKFLOWS} == WANTED
    for path in WORKFLOWS:
        with Image.open(path.with_suffix(".jpg")) as picture:
            assert picture.format == "JPEG" and picture.size == (640, 640)
        notes = [
            node["widgets_values"][0]
            for node in json.loads(path.read_text())["nodes"]
            if node["type"] == "MarkdownNote"
        ]
        assert any("**Load**" in note for note in notes) and any(
            "### Try" in note for note in notes
        )


def test_the_papers_template_has_the_settings_of_the_authors_script():
    path = WORKFLOWS[0].with_name("as_in_the_paper.json")
    values = {
        node["type"]: node.get("widgets_values") for node in json.loads(path.read_text())["nodes"]
    }
    assert values["AuthorsSchedule"] == [30, 1]
    assert values["SamplerCustom"] == [True, 0, "fixed", 7.5]
    assert values["KSamplerSelect"] == ["euler"]
    assert values["LayoutBoxes"][1:3] == [1024, 1024]
    assert values["ApplyMSDiffusion"][:3] == [0.6, 0, 1]


@pytest.mark.parametrize("opened_look", [("bundled", "classic")], indirect=True)
@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_an_example_runs_from_the_page(path, look):
    workflow = json.loads(path.read_text())
    known_nodes(workflow, look.server)
    look.load(small(workflow))
    entry = look.run()
    picture = painted(look.server, entry["prompt"][2], entry)
    assert picture.shape == (SMALL["height"], SMALL["width"], 3)
    assert picture.std() > 0


def test_the_demos_address_opens_the_workflow_that_ran(browser, server):
    workflow = use_tiny_models(json.loads(FIRST.read_text()))
    server.post("/userdata/workflows%2Fopened_by_address.json?overwrite=true", workflow)
    page = browser.new_page()
    page.goto(f"{server.address}/?open=opened_by_address")
    opened = "() => !!window.app?.graph?._nodes?.some(node => node.type === 'ApplyMSDiffusion')"
    page.wait_for_function(opened, timeout=120_000)
    page.close()
