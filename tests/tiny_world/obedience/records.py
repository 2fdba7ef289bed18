"""What was measured, kept as it comes: a line for each picture, so that a stopped run goes on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

Record = dict[str, Any]  # number and kind, whether twice, and `boxes`: what was measured in each
Value = Callable[[dict[str, Any]], float | None]


def _nearer(box: dict[str, Any]) -> bool | None:
    return None if box["other"] is None else box["own"] < box["other"]


COLUMNS: dict[str, tuple[Value, bool]] = {  # what of a box, and whether it is a share
    "IoU": (lambda box: box["iou"], False),
    "its own of 24": (lambda box: box["right"], True),
    "its own of both": (_nearer, True),
    "distance": (lambda box: box["own"], False),
    "background": (lambda box: box["background"], True),
}


def read(path: Path) -> list[Record]:
    """The records of a file; a line that was not finished is left out."""
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    return [json.loads(line) for line in lines if line.endswith("\n")]


def add(path: Path, records: Sequence[Record]) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write("".join(json.dumps(record) + "\n" for record in records))


def table(groups: dict[str, list[Record]]) -> Iterator[str]:
    """A table in Markdown: means, each with half of its 95 % interval."""
    yield f"| | {' | '.join(COLUMNS)} | boxes |"
    yield "|---" * (len(COLUMNS) + 2) + "|"
    for name, records in groups.items():
        if records:
            cells = [_mean(records, *column) for column in COLUMNS.values()]
            boxes = sum(len(record["boxes"]) for record in records)
            yield f"| {name} | {' | '.join(cells)} | {boxes} |"


def _mean(records: Sequence[Record], value: Value, share: bool) -> str:
    """Boxes of one picture are not independent, so the spread is that of the pictures' means."""
    found = [[value(box) for box in record["boxes"]] for record in records]
    means = np.array([np.mean(each) for each in found if None not in each], dtype=float)
    if not len(means):
        return "-"
    half = 1.96 * means.std() / len(means) ** 0.5
    return f"{means.mean():.0%} ± {half:.0%}" if share else f"{means.mean():.3f} ± {half:.3f}"
