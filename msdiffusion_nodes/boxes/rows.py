"""One box as a detector gives it, read into four numbers, a label and a score."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import InputError, shown
from .columns import read_columns
from .keys import BOXES, SCORES, Fields, flat
from .names import ClassMap, read_names
from .places import are_points, is_place, place_of
from .raw import (
    EXPECTED,
    NUMBER,
    Picture,
    RawBox,
    are_numbers,
    is_number,
    limited,
    number_in,
    plain,
    read_number,
)


def read_rows(rows: object, classes: ClassMap | None = None) -> Picture:
    """Read boxes that each stand for themselves.

    Args:
        classes: names of class numbers.

    Raises:
        InputError: they are no list or too many, or what is wrong with one, by its number (from 1).
    """
    rows = [plain(row) for row in limited(rows)]
    rows, columns = read_columns(rows) or (rows, ())
    places, fields, scores = [], [], []
    for number, row in enumerate(rows, start=1):
        try:
            fields.append(fields_of(row))
            places.append(place_of(fields[-1], row))
            scores.append(_score(fields[-1]))
        except InputError as error:
            raise InputError(f"box {number} {error}") from error
    counts = {place.counts for place in places}
    if len(counts) > 1:
        raise InputError(f"the boxes are counted in different ways; {EXPECTED} for all of them")
    names, on_names = read_names(fields, classes)
    boxes = [
        RawBox(place.numbers, place.forms, name, score)
        for place, name, score in zip(places, names, scores, strict=True)
    ]
    on_places = dict.fromkeys(note for place in places for note in place.notes)
    notes = (*columns, *on_places, *on_names)
    return Picture(boxes, counts=counts.pop() if counts else None, notes=notes)


def is_box(value: object) -> bool:
    """Whether this stands where a box does, good or bad: it is no list of such things."""
    if isinstance(value, dict):
        return is_place(flat(value))
    if not isinstance(value, list | tuple) or hasattr(value, "bbox"):
        return True
    if not value:
        return False
    if are_points(value) and len(value) == 2:
        return True
    first = plain(value[0])
    if len(value) > 1 and isinstance(value[1], str) and isinstance(first, list | tuple):
        return number_in(value[1]) is None and not re.search(NUMBER, value[1])  # a box and its name
    return not isinstance(first, dict | list | tuple) and not hasattr(first, "bbox")


def fields_of(row: object) -> dict[str, Any]:
    """The fields of a box, by keys as they are compared."""
    if hasattr(row, "bbox"):
        score = getattr(row, "confidence", None)
        return {"bbox2d": row.bbox, "label": getattr(row, "label", None), "score": score}
    if isinstance(row, dict):
        return _with_inner(flat(row))
    if isinstance(row, str):
        numbers = re.findall(NUMBER, row)
        return {"bbox": numbers} if len(numbers) == 4 and not re.search("[^\\W\\d]", row) else {}
    if isinstance(row, list | tuple):
        return _of_list(row)
    return {}


def _with_inner(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields, and behind them those of a dict that holds the box, as {"bndbox": {…}} does."""
    for key in BOXES:
        inner = fields.get(key)
        if isinstance(inner, Mapping):
            return {**{k: v for k, v in flat(inner).items() if k not in fields}, **fields}
    return fields


def _of_list(row: Sequence[Any]) -> dict[str, Any]:
    """Numbers, perhaps with a name among them, in front of or behind a list of numbers."""
    if are_points(row):
        return {"points": row}
    parts = [plain(part) for part in row]
    words = [part for part in parts if isinstance(part, str) and not is_number(part)]
    inner = [part for part in parts if isinstance(part, list | tuple | dict)]
    if len(inner) > 1:  # Kosmos-2 says between them where the name stands in its text
        inner = [part for part in inner if not are_numbers(part, 2)]
        parts = [*words, *inner, *(part for part in parts if is_number(part))]
    numbers = [part for part in parts if is_number(part)]
    if len(words) + len(inner) + len(numbers) < len(parts) or len(inner) > 1 or len(words) > 1:
        return {"bbox": row}
    box = {"bbox": inner[0]} if inner else {"bbox": numbers[:4] if words else numbers}
    rest = numbers if inner else numbers[4:] if words else []
    score = {"score": rest[0]} if rest else {}
    return box | score | ({"label": words[0]} if words else {})


def _score(fields: Fields) -> float | None:
    score = next((plain(fields[key]) for key in SCORES if fields.get(key) is not None), None)
    if isinstance(score, list) and len(score) == 1:  # as some detectors of SEGS give it
        score = score[0]
    try:
        return None if score is None else read_number(score)
    except InputError as error:
        raise InputError(f"has the score {shown(score)}; expected a finite number") from error
