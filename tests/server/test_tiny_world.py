"""The toy of the demo, on a server: every example workflow, and boxes that are swapped."""

import json

import numpy as np
import pytest
from conftest import ROOT, WORKFLOWS, node
from demo_world import swap_boxes, use_tiny_world
from test_http import painted
from workflow_to_prompt import to_prompt


def prompt_of(server, path):
    workflow = use_tiny_world(json.loads(path.read_text(encoding="utf-8")))
    return to_prompt(workflow, server.get("/object_info"))


def run(server, prompt):
    return painted(server, prompt, server.wait(server.queue(prompt)))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_an_example_runs_on_the_toy(path, server):
    prompt = prompt_of(server, path)
    node(prompt, "KSampler")["inputs"]["steps"] = 2
    picture = run(server, prompt)
    assert max(picture.shape) <= 608 and picture.std() > 0


def test_swapped_boxes_swap_the_subjects(server):
    """The demo's raccoon is grey, its beer yellow: the yellow changes sides."""
    prompt = prompt_of(server, ROOT / "example_workflows" / "two_subjects.json")
    sides = []
    for wanted in (prompt, swap_boxes(prompt)):
        picture = run(server, wanted).astype(float) / 255
        yellow = (picture[..., :2].min(-1) - picture[..., 2]).clip(0)
        middle = picture.shape[1] // 2
        sides.append(yellow[:, :middle].mean() / yellow[:, middle:].mean())
    assert sides[0] <= 0.5 and sides[1] >= 2
    assert np.isfinite(sides).all()
