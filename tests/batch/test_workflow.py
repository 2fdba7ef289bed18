"""A workflow of one's own, whose inputs are set by columns."""

import json

import pytest
from batching.jobs import Jobs
from batching.workflow import read_workflow
from console import SetupError
from toy_rows import write_csv

WORKFLOW = {
    "1": {"class_type": "LoadImage", "inputs": {"image": "own.png"}, "_meta": {"title": "Product"}},
    "2": {
        "class_type": "KSampler",
        "inputs": {"seed": 3, "cfg": 8, "latent_image": ["1", 0], "add": True, "text": "old"},
    },
    "3": {"class_type": "SaveImage", "inputs": {"images": ["2", 0], "filename_prefix": "x"}},
}
MAPPING = {"product": "Product.image", "seed": "2.seed", "words": "2.text"}


@pytest.fixture
def file(tmp_path):
    def save(content):
        path = tmp_path / "workflow.json"
        path.write_text(json.dumps(content))
        return path

    return save


def tasks_of(folder, workflow, *rows):
    return Jobs(write_csv(folder / "jobs.csv", rows)).tasks(workflow)


def test_columns_set_inputs_and_the_rest_stays(folder, file):
    workflow = read_workflow(file(WORKFLOW), MAPPING, "")
    first, second = tasks_of(
        folder,
        workflow,
        {"product": "cat.png", "seed": "7", "words": "a cat", "id": "one", "note_x": "y"},
        {"product": "", "seed": "", "words": "", "id": "", "note_x": ""},
    )
    changed = first.prompt["2"]["inputs"]
    assert (changed["seed"], changed["text"], changed["cfg"]) == (7, "a cat", 8)
    assert first.prompt["1"]["inputs"]["image"] in first.files
    assert (first.id, first.seed, first.output) == ("one", 7, "3")
    assert second.prompt == WORKFLOW
    assert first.digest != second.digest


def test_values_are_of_the_workflows_kinds(folder, file):
    mapping = {"cfg": "2.cfg", "add": "2.add"}
    workflow = read_workflow(file(WORKFLOW), mapping, "")
    (task,) = tasks_of(folder, workflow, {"cfg": "7.5", "add": "no"})
    assert task.prompt["2"]["inputs"]["cfg"] == 7.5
    assert task.prompt["2"]["inputs"]["add"] is False
    with pytest.raises(
        SetupError, match="(?s)row 1, column add: 'perhaps'.*row 1, column cfg: 'x'"
    ):
        tasks_of(folder, workflow, {"cfg": "x", "add": "perhaps"})


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"prodct": "cat.png"}, "column prodct: is not known"),
        ({"seed": "1"}, "column product: is in --map"),
    ],
)
def test_columns_and_mapping_must_fit(folder, file, columns, said):
    workflow = read_workflow(file(WORKFLOW), {"product": "1.image", "seed": "2.seed"}, "")
    with pytest.raises(SetupError, match=said):
        tasks_of(folder, workflow, columns)


@pytest.mark.parametrize(
    ("content", "mapping", "output", "said"),
    [
        ({"nodes": [], "links": []}, MAPPING, "", r"Export \(API\)"),
        ([], MAPPING, "", r"Export \(API\)"),
        (WORKFLOW, {}, "", "add --map"),
        (WORKFLOW, {"a": "9.seed"}, "", r"no such node; the workflow has 1 \(LoadImage\)"),
        (WORKFLOW, {"a": "2.sede"}, "", "has no input sede, it has seed, cfg"),
        (WORKFLOW, {"a": "2.latent_image"}, "", "it is connected"),
        (WORKFLOW, {"a": "seed"}, "", "expected a=NODE.INPUT"),
        (WORKFLOW, {"id": "2.seed"}, "", "a meaning of its own"),
        (WORKFLOW, {"a": "2.seed", "b": "2.seed"}, "", "Two columns set the same input"),
        (WORKFLOW, MAPPING, "9", "--output-node 9: there is no such node"),
        ({**WORKFLOW, "4": WORKFLOW["3"]}, MAPPING, "", "saves pictures in the nodes 3, 4"),
    ],
)
def test_what_is_no_workflow_or_no_place_in_it_is_said(file, content, mapping, output, said):
    with pytest.raises(SetupError, match=said):
        read_workflow(file(content), mapping, output)
