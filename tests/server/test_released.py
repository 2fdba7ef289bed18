"""Workflows that were saved with version 0.1.0 open as they were saved."""

import json
from pathlib import Path

import pytest
from conftest import BOTH

RELEASED = sorted((Path(__file__).parent / "released").glob("*.json"))


def told(workflow):
    """What each node holds, and which of its inputs a link ends in."""
    links = {link[0]: tuple(link[1:5]) for link in workflow["links"]}
    return {
        node["id"]: (
            node["type"],
            node.get("widgets_values") or [],
            {
                entry["name"]: links[entry["link"]][:2]
                for entry in node.get("inputs", [])
                if entry.get("link") is not None
            },
        )
        for node in workflow["nodes"]
    }


@BOTH
@pytest.mark.parametrize("path", RELEASED, ids=lambda path: path.stem)
def test_a_workflow_of_0_1_0_opens_unchanged(look, path):
    workflow = json.loads(path.read_text())
    look.load(workflow)
    opened = told(look.saved())
    for number, (kind, values, links) in told(workflow).items():
        assert opened[number][0] == kind and links.items() <= opened[number][2].items()
        # newer versions may have more to say, at the end
        assert opened[number][1][: len(values)] == values, kind
