"""A row's cells become a job: its subjects, its prompt and its settings."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, TypeVar

from . import cells
from .columns import NOTE, PLAIN, subject_column
from .faults import Fault, shortened
from .references import Reference, References

Value = TypeVar("Value")
MOST_SIDE, SIDE_STEP = 16384, 8  # of ComfyUI's latents
MOST_SEED = 2**64 - 1


@dataclass(frozen=True)
class Subject:
    """A subject of a picture. `weight` is None where the picture's counts."""

    picture: Reference
    mask: Reference | None
    phrase: str
    box: cells.Box
    weight: float | None


@dataclass(frozen=True)
class Job:
    """A row of the table. `settings` has what `models.DEFAULTS` names."""

    subjects: tuple[Subject, ...]
    prompt: str
    seed: int
    settings: Mapping[str, Any]


def side(cell: Any) -> int:
    """Pixels of a side."""
    pixels = cells.whole(cell, 64, MOST_SIDE)
    if pixels % SIDE_STEP:
        raise ValueError(f"{pixels} came, expected a multiple of {SIDE_STEP}")
    return pixels


READERS: dict[str, Callable[[Any], Any]] = {
    "negative": cells.text,
    "weight": lambda cell: cells.number(cell, 0, 3),
    "width": side,
    "height": side,
    "steps": lambda cell: cells.whole(cell, 1, 1000),
    "cfg": lambda cell: cells.number(cell, 0, 100),
    "sampler": cells.text,
    "scheduler": cells.text,
}


class Row:
    """Reads one row; what is wrong with it is collected."""

    def __init__(self, number: int, row: Mapping[str, Any], references: References) -> None:
        self.number = number
        self.row = row
        self.references = references
        self.faults: list[Fault] = []
        self.id: str = self.read("id", cells.text) or str(number)

    def fault(self, column: str, text: str) -> None:
        self.faults.append(Fault(self.number, column, text))

    def read(self, column: str, reader: Callable[[Any], Value]) -> Value | None:
        """A cell's value; None where it is empty or faulty."""
        if column not in self.row:
            return None
        try:
            return reader(self.row[column])
        except ValueError as error:
            self.fault(column, str(error))
            return None

    def required(self, column: str, reader: Callable[[Any], Value]) -> Value | None:
        if column not in self.row:
            self.fault(column, "is empty")
        return self.read(column, reader)

    def picture(self, cell: Any) -> Reference:
        return self.references.get(cells.text(cell))

    def notes(self) -> dict[str, Any]:
        return {name: cell for name, cell in self.row.items() if name.startswith(NOTE)}


def unknown_columns(columns: tuple[str, ...], known: Callable[[str], bool]) -> list[Fault]:
    """A fault for each column that means nothing."""
    words = [*PLAIN, "picture_1", "mask_1", "phrase_1", "box_1", "weight_1"]
    faults = []
    for name in columns:
        if name and not name.startswith(NOTE) and not known(name):
            near = get_close_matches(name.lower().replace(" ", "_"), words, 1)
            meant = f"did you mean {near[0]}? " if near else ""
            faults.append(
                Fault(0, name, f"is not known; {meant}what is for you alone begins with {NOTE}")
            )
    return faults


def is_ours(column: str) -> bool:
    """Whether a column is one of those that jobs have."""
    return column in PLAIN or subject_column(column) is not None


def read_job(row: Row, defaults: Mapping[str, Any]) -> Job | None:
    """The job of a row; None where it has faults."""
    prompt = row.required("prompt", cells.text)
    seed = row.read("seed", lambda cell: cells.whole(cell, 0, MOST_SEED))
    settings = {
        name: value if (value := row.read(name, reader)) is not None else defaults[name]
        for name, reader in READERS.items()
    }
    subjects = _subjects(row)
    if row.faults or prompt is None:
        return None
    return Job(subjects, prompt, _seed(row.id) if seed is None else seed, settings)


def _subjects(row: Row) -> tuple[Subject, ...]:
    numbers = {found[1] for name in row.row if (found := subject_column(name))}
    count = max(numbers, default=1)
    boxes = _boxes(row, count)
    found = []
    for number in range(1, count + 1):
        picture = row.required(f"picture_{number}", row.picture)
        mask = row.read(f"mask_{number}", row.picture)
        phrase = row.required(f"phrase_{number}", _phrase)
        weight = row.read(f"weight_{number}", lambda cell: cells.number(cell, 0, 3))
        if picture and mask and not _same_shape(picture.size, mask.size):
            sizes = f"{_by(mask.size)}, the picture {_by(picture.size)}"
            row.fault(f"mask_{number}", f"the mask is {sizes}: their shapes differ")
        if picture and phrase and boxes:
            found.append(Subject(picture, mask, phrase, boxes[number - 1], weight))
    return tuple(found)


def _boxes(row: Row, count: int) -> cells.Boxes | None:
    """A box a subject, from `layout` or from all `box_N`."""
    given = [name for name in row.row if name.startswith("box_")]
    if "layout" not in row.row:
        if not given:
            row.fault("layout", "is empty, and so is every box_N: say where the subjects go")
            return None
        boxes = [row.required(f"box_{number}", cells.box) for number in range(1, count + 1)]
        return None if None in boxes else tuple(boxes)
    if given:
        row.fault("layout", f"is there beside {', '.join(given)}: leave one of both empty")
        return None
    boxes = row.read("layout", cells.layout)
    if boxes is not None and len(boxes) != count:
        text = f"{shortened(row.row['layout'])} has {len(boxes)} boxes for {count} subjects"
        row.fault("layout", text)
        return None
    return boxes


def _phrase(cell: Any) -> str:
    phrase = cells.text(cell)
    if len(phrase.splitlines()) > 1:
        raise ValueError(f"{shortened(phrase)} has more than one line")
    return phrase


def _seed(name: str) -> int:
    """A row has its seed for ever, also when others come before it."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big")


def _same_shape(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether sizes have the same aspect ratio, to a pixel of the smaller one."""
    (width, height), (w, h) = one, other
    return abs(width * h - height * w) <= max(width, height, w, h)


def _by(size: tuple[int, int]) -> str:
    return f"{size[0]}×{size[1]}"
