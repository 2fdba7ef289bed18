"""A workflow of the user's in API form, and which of its inputs a table's columns set."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from console import SetupError

from . import cells
from .columns import NOTE
from .faults import Fault, shortened
from .references import References
from .rows import Row, unknown_columns
from .table import Table
from .tasks import Prompt, Shown, Task

PICTURE_NODES, PICTURE_INPUT = "LoadImage", "image"  # kinds of node begin so
SEEDS = ("seed", "noise_seed")
EXPORT = "In the page: Workflow, Export (API)."


@dataclass(frozen=True)
class Workflow:
    """A prompt to be changed.

    Attributes:
        mapping: node and input by column.
        output: the node whose picture is taken.
    """

    prompt: Prompt
    mapping: dict[str, tuple[str, str]]
    output: str


def read_workflow(path: Path, mapping: Mapping[str, str], output: str) -> Workflow:
    """Reads the workflow and checks the mapping.

    Args:
        mapping: `node.input` by column; the node by its id or its title.

    Raises:
        SetupError: the file is no workflow in API form, or has no such node or input.
    """
    try:
        prompt = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise SetupError(f"{path} cannot be read as a workflow: {error}") from error
    nodes = prompt.values() if isinstance(prompt, dict) else ()
    if not nodes or not all(isinstance(node, dict) and "class_type" in node for node in nodes):
        raise SetupError(f"{path} is no workflow in API form. {EXPORT}")
    if not mapping:
        raise SetupError("No column sets anything of the workflow: add --map COLUMN=NODE.INPUT.")
    places = {column: _place(prompt, column, place) for column, place in mapping.items()}
    if len(set(places.values())) < len(places):
        raise SetupError("Two columns set the same input of the workflow: leave one out.")
    return Workflow(prompt, places, _output(prompt, output))


def workflow_tasks(
    table: Table, workflow: Workflow, references: References
) -> tuple[list[Task], list[Fault]]:
    """The tasks of all rows, and what is wrong with the table."""
    known = {"id", *workflow.mapping}
    faults = unknown_columns(table.columns, known.__contains__)
    missing = [name for name in workflow.mapping if name not in table.columns]
    faults += [Fault(0, name, "is in --map, but not in the table") for name in missing]
    tasks = []
    for number, cells_of_row in enumerate(table.rows, start=1):
        row = Row(number, cells_of_row, references)
        tasks.append(_task(row, workflow))
        faults += row.faults
    return tasks, faults


def _task(row: Row, workflow: Workflow) -> Task:
    prompt = copy.deepcopy(workflow.prompt)
    files, shown, origins, seed = {}, [], {}, None
    for column, (node, name) in workflow.mapping.items():
        origins[node, name] = column
        if column not in row.row:
            continue  # the workflow's own value stays
        inputs = prompt[node]["inputs"]
        if prompt[node]["class_type"].startswith(PICTURE_NODES) and name == PICTURE_INPUT:
            if picture := row.read(column, row.picture):
                inputs[name] = picture.name
                files[picture.name] = picture
                shown.append(Shown(picture, column))
            continue
        before = inputs.get(name)
        inputs[name] = row.read(column, lambda cell, before=before: _like(before, cell))
        if name in SEEDS and isinstance(inputs[name], int):
            seed = inputs[name]
    return Task(
        row.number, row.id, prompt, workflow.output, seed, files, origins, row.notes(), tuple(shown)
    )


def _like(before: Any, cell: Any) -> Any:
    """The cell as a value of the kind that the workflow has there."""
    if isinstance(before, bool):
        words = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
        value = words.get(str(cell).strip().lower())
        if value is None:
            raise ValueError(f"{shortened(cell)} came, expected true or false")
        return value
    if isinstance(before, int | float):
        # a page writes 8 for 8.0: what the input takes, ComfyUI says
        value = cells.number(cell, float("-inf"), float("inf"))
        digits = re.sub(r"\.0*$", "", str(cell).strip())
        return int(digits) if re.fullmatch(r"[+-]?[0-9]+", digits) else value
    return cells.text(cell)


def _place(prompt: Prompt, column: str, place: str) -> tuple[str, str]:
    node, _, name = place.rpartition(".")
    if not node or not name:
        raise SetupError(f"--map {column}={place}: expected {column}=NODE.INPUT.")
    if column == "id" or column.startswith(NOTE):
        raise SetupError(f"--map {column}: this column has a meaning of its own, rename it.")
    node = _node(prompt, node, f"--map {column}={place}")
    inputs = prompt[node].get("inputs", {})
    if name not in inputs:
        raise SetupError(
            f"--map {column}={place}: node {node} ({prompt[node]['class_type']}) has no input "
            f"{name}, it has {', '.join(inputs) or 'none'}."
        )
    if isinstance(inputs[name], list):
        raise SetupError(f"--map {column}={place}: it is connected to a node, map that one.")
    return node, name


def _node(prompt: Prompt, wanted: str, what: str) -> str:
    """The id of a node, which may be named by its title."""
    if wanted in prompt:
        return wanted
    titled = [key for key, one in prompt.items() if one.get("_meta", {}).get("title") == wanted]
    if len(titled) != 1:
        found = f"{len(titled)} nodes have that title" if titled else "there is no such node"
        names = (f"{key} ({node['class_type']})" for key, node in prompt.items())
        raise SetupError(f"{what}: {found}; the workflow has {', '.join(names)}.")
    return titled[0]


def _output(prompt: Prompt, wanted: str) -> str:
    """The node whose picture is taken; empty where that is seen when a picture has come."""
    if wanted:
        return _node(prompt, wanted, f"--output-node {wanted}")
    savers = [key for key, node in prompt.items() if node["class_type"] == "SaveImage"]
    if len(savers) > 1:
        raise SetupError(
            f"The workflow saves pictures in the nodes {', '.join(savers)}: name the one whose "
            "picture is the row's, --output-node ID."
        )
    return savers[0] if savers else ""
