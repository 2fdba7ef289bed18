"""The toy of the demo, on a server: every example workflow, and boxes that are swapped."""

import json
import math

import pytest
from conftest import LOOKS, WORKFLOWS, known_nodes
from editor import Editor
from templates import FIRST
from test_http import painted
from tiny_world.workflows import use_tiny_world
from workflow_to_prompt import to_prompt


def prompt_of(server, path):
    workflow = use_tiny_world(json.loads(path.read_text(encoding="utf-8")))
    return to_prompt(workflow, known_nodes(workflow, server))


def run(server, prompt):
    return painted(server, prompt, server.wait(server.queue(prompt)))


def beer_on_the_left(picture):
    """How much more yellow the left half has than the right: the raccoon is grey, the beer not."""
    picture = picture / 255
    yellow = (picture[..., :2].min(-1) - picture[..., 2]).clip(0)
    middle = picture.shape[1] // 2
    return yellow[:, :middle].mean() / yellow[:, middle:].mean()


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_an_example_runs_on_the_toy(path, server):
    prompt = prompt_of(server, path)
    for entry in prompt.values():
        if "steps" in entry["inputs"]:
            entry["inputs"]["steps"] = 2
    picture = run(server, prompt)
    assert max(picture.shape) <= 608 and picture.std() > 0


@pytest.mark.parametrize("opened_look", LOOKS[-1:], indirect=True, ids="-".join)
def test_boxes_swapped_in_the_page_swap_the_subjects(look):
    workflow = use_tiny_world(json.loads(FIRST.read_text(encoding="utf-8")))
    layout = next(one for one in workflow["nodes"] if one["type"] == "LayoutBoxes")
    look.load(workflow)
    look.zoom(1, *(200 - place for place in layout["pos"]))
    editor = Editor(look, str(layout["id"]))
    editor.wait()
    assert beer_on_the_left(run_in_page(look)) <= 0.5
    editor.tool("swap").evaluate("one => one.click()")  # whatever the page has put over it
    assert 2 <= beer_on_the_left(run_in_page(look)) < math.inf


def run_in_page(look):
    entry = look.run()
    return painted(look.server, entry["prompt"][2], entry)
