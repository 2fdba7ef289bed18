"""The table of jobs that `tools/batch.py` paints, and what it has painted of it."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

from console import SetupError
from packages import write_whole

from . import settings
from .checkout import Subject
from .work import Task

JOBS, RESULTS = "jobs.csv", "results.csv"
OFFICIAL = {
    "negative": settings.NEGATIVE,
    "width": settings.SIDE,
    "height": settings.SIDE,
    "steps": settings.STEPS,
    "cfg": settings.GUIDANCE,
    "sampler": "euler",
    "scheduler": "authors",  # the node Authors' Schedule
    "seed": settings.SEED,
}


def write_jobs(tasks: Sequence[Task], folder: Path, changed: dict[str, Any]) -> Path:
    """Writes the table and returns its path.

    Args:
        changed: other values than the official ones, by column.
    """
    most = max(len(task.subjects) for task in tasks)
    numbered = [f"{name}_{number + 1}" for number in range(most) for name in ("picture", "phrase")]
    common = OFFICIAL | changed
    columns = ["id", *numbered, "layout", "prompt", "weight", *common, "note_kind"]
    text = StringIO()
    table = csv.DictWriter(text, columns, lineterminator="\n")
    table.writeheader()
    table.writerows(_row(task) | common for task in tasks)
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / JOBS, text.getvalue())
    return folder / JOBS


def read_jobs(folder: Path) -> list[Task]:
    """The tasks of a table that `write_jobs` wrote."""
    return [_task(row) for row in _rows(folder / JOBS)]


def unofficial(folder: Path) -> list[str]:
    """The columns of the table with other values than the official ones."""
    rows = list(_rows(folder / JOBS))
    official = {name: str(value) for name, value in OFFICIAL.items()}
    return [name for name, value in official.items() if any(row[name] != value for row in rows)]


def painted(tasks: Sequence[Task], folder: Path, partly: bool) -> dict[Task, Path]:
    """The picture of each task.

    Args:
        partly: leave those out that are not painted.

    Raises:
        SetupError: when some are not painted.
    """
    files = {row["id"]: row["file"] for row in _rows(folder / RESULTS) if row["status"] == "done"}
    found = {task: folder / files[task.name] for task in tasks if task.name in files}
    there = {task: file for task, file in found.items() if file.is_file()}
    lacking = [task.name for task in tasks if task not in there]
    if not there or (lacking and not partly):
        raise SetupError(
            f"{len(lacking):,} of {len(tasks):,} pictures are not in {folder}, the first is "
            f"{lacking[0]}. Call run again: it goes on where it stopped. To score those that are "
            "there, add --partly."
        )
    return there


def _row(task: Task) -> dict[str, Any]:
    row = {
        "id": task.name,
        "layout": json.dumps(task.boxes),
        "prompt": task.prompt,
        "weight": task.weight,
        "note_kind": task.kind,
    }
    for number, subject in enumerate(task.subjects, 1):
        row[f"picture_{number}"] = str(subject.picture)
        row[f"phrase_{number}"] = subject.phrase
    return row


def _task(row: dict[str, str]) -> Task:
    boxes = tuple(tuple(box) for box in json.loads(row["layout"]))
    categories = row["note_kind"].split("_")
    subjects = (
        Subject(category, Path(row[f"picture_{number}"]), row[f"phrase_{number}"])
        for number, category in enumerate(categories, 1)
    )
    kind, weight = row["note_kind"], float(row["weight"])
    return Task(row["id"], kind, tuple(subjects), boxes, row["prompt"], weight)


def _rows(file: Path) -> Iterator[dict[str, str]]:
    if not file.is_file():
        raise SetupError(f"{file} does not exist: paint the pictures first, python -m msbench run")
    with file.open(newline="", encoding="utf-8") as opened:
        yield from csv.DictReader(opened)
