"""Rows of five to seven numbers, as YOLO and other detectors write them: which column is what."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ..errors import InputError
from .raw import are_numbers, read_number

Row = Sequence[float]
HOW = (
    "expected four numbers [x0, y0, x1, y1] a box; five: class, centre, width, height in shares, or"
    " x0, y0, x1, y1, score; six: x0, y0, x1, y1, score, class"
)
SLACK = 0.05  # of a side: how far a centre and size may reach out of the picture


class Columns(NamedTuple):
    """A way to read rows of so many numbers; the columns by their places."""

    name: str
    count: int
    fits: Callable[[Row], bool]
    box: slice
    key: str
    score: int | None
    label: int | None


def _shares(numbers: Row) -> bool:
    return all(0 <= number <= 1 for number in numbers)


def _whole(number: float) -> bool:
    return number >= 0 and float(number).is_integer()


def _centred(numbers: Row) -> bool:
    x, y, width, height = numbers
    reach = (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
    sized = width > 0 and height > 0 and _shares(numbers)
    return sized and all(-SLACK <= edge <= 1 + SLACK for edge in reach)


TABLE = (  # the first that fits every row counts
    Columns(
        "YOLO's class, centre, width, height",
        *(5, lambda row: _whole(row[0]) and _centred(row[1:])),
        *(slice(1, 5), "cxcywh", None, 0),
    ),
    Columns(
        "x0, y0, x1, y1, score", *(5, lambda row: _shares(row[4:])), *(slice(4), "xyxy", 4, None)
    ),
    Columns(
        "YOLO's class, centre, width, height, score",
        *(6, lambda row: _whole(row[0]) and _centred(row[1:5]) and _shares(row[5:])),
        *(slice(1, 5), "cxcywh", 5, 0),
    ),
    Columns(
        "x0, y0, x1, y1, score, class",
        *(6, lambda row: _shares(row[4:5]) and _whole(row[5])),
        *(slice(4), "xyxy", 4, 5),
    ),
    Columns(
        "x0, y0, x1, y1, class, score",
        *(6, lambda row: _whole(row[4]) and _shares(row[5:])),
        *(slice(4), "xyxy", 5, 4),
    ),
    Columns(
        "class, score, x0, y0, x1, y1",
        *(6, lambda row: _whole(row[0]) and _shares(row[1:2])),
        *(slice(2, 6), "xyxy", 1, 0),
    ),
    Columns(
        "x0, y0, x1, y1, track, score, class",
        *(7, lambda row: _whole(row[4]) and _shares(row[5:6]) and _whole(row[6])),
        *(slice(4), "xyxy", 5, 6),
    ),
    Columns(
        "picture, x0, y0, x1, y1, class, score",
        *(7, lambda row: row[0] == 0 and _whole(row[5]) and _shares(row[6:])),
        *(slice(1, 5), "xyxy", 6, 5),
    ),
    Columns(
        "picture, class, score, x0, y0, x1, y1",
        *(7, lambda row: row[0] == 0 and _whole(row[1]) and _shares(row[2:3])),
        *(slice(3, 7), "xyxy", 2, 1),
    ),
)


def read_columns(rows: Sequence[Any]) -> tuple[list[dict[str, Any]], tuple[str, ...]] | None:
    """Rows of numbers as fields, and a note; None where they are none of five to seven.

    Raises:
        InputError: no way to read them fits all rows.
    """
    count = len(rows[0]) if rows and are_numbers(rows[0]) else 0
    if not 5 <= count <= 7 or not all(are_numbers(row, count) for row in rows):
        return None
    numbers = [list(map(read_number, row)) for row in rows]
    fitting = [one for one in TABLE if one.count == count and all(map(one.fits, numbers))]
    if not fitting:
        raise InputError(f"rows of {count} numbers came, such as {numbers[0]}; {HOW}")
    way = fitting[0]
    fields = []
    for row in numbers:
        score = {} if way.score is None else {"score": row[way.score]}
        label = {} if way.label is None else {"classid": row[way.label]}
        fields.append({way.key: row[way.box], **score, **label})
    return fields, (f"columns: {way.name}",)
