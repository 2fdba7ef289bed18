"""One box as a detector gives it, read into four numbers, a label and a score."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ..errors import InputError, shown
from ..layout import Extent
from .columns import read_columns
from .keys import (
    BOXES,
    COCO_MARKS,
    CORNERS,
    SCORES,
    TOP_FIRST,
    Fields,
    edges_in,
    flat,
)
from .names import ClassMap, read_names
from .raw import (
    BARE,
    COCO,
    CXCYWH,
    EXPECTED,
    HUNDRED,
    NUMBER,
    THOUSAND,
    XYXY,
    BoxFormat,
    Forms,
    Picture,
    RawBox,
    are_numbers,
    is_number,
    limited,
    number_in,
    plain,
    read_number,
)

SLANTED = "the bounds of slanted boxes"
IDEOGRAM = "is an Ideogram element, top edge first; connect the node's bboxes"


class Place(NamedTuple):
    """Where a row says its box is: four numbers or more, what they mean, and how far they count."""

    numbers: Sequence[Any]
    forms: Forms
    counts: Extent | None = None
    notes: tuple[str, ...] = ()


def read_rows(rows: object, classes: ClassMap | None = None) -> Picture:
    """Read boxes that each stand for themselves.

    Args:
        classes: names of class numbers.

    Raises:
        InputError: they are no list or too many, or what is wrong with one, by its number (from 1).
    """
    rows = [plain(row) for row in limited(rows)]
    table = read_columns(rows)
    if table:
        rows, notes = table
    else:
        notes = ()
    places, fields, scores = [], [], []
    for number, row in enumerate(rows, start=1):
        try:
            fields.append(fields_of(row))
            place = _place(fields[-1], row)
            numbers = tuple(map(read_number, place.numbers))
            places.append(place._replace(numbers=numbers))
            scores.append(_score(fields[-1]))
        except InputError as error:
            raise InputError(f"box {number} {error}") from error
    labels, more = read_names(fields, classes)
    boxes = [
        RawBox(place.numbers, place.forms, label, score)
        for place, label, score in zip(places, labels, scores, strict=True)
    ]
    notes += tuple(dict.fromkeys(note for place in places for note in place.notes)) + more
    counts = {place.counts for place in places}
    if len(counts) > 1:
        raise InputError(f"the boxes are counted in different ways; {EXPECTED} for all of them")
    return Picture(boxes, counts=counts.pop() if counts else None, notes=notes)


def is_box(value: object) -> bool:
    """Whether this stands where a box does, good or bad: it is no list of such things."""
    if isinstance(value, dict):
        return _is_place(flat(value))
    if not isinstance(value, list | tuple) or hasattr(value, "bbox"):
        return True
    if not value:
        return False
    if _are_points(value) and len(value) == 2:
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
    if _are_points(row):
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


def _is_place(fields: Fields) -> bool:
    """Whether a dict is one box: it names edges or corners, or holds a list of four numbers."""
    if edges_in(fields) or any(a in fields and b in fields for a, b in CORNERS):
        return True
    for key in (*BOXES, *TOP_FIRST):
        value = plain(fields.get(key))
        if isinstance(value, Mapping) and _is_place(flat(value)):
            return True
        if isinstance(value, str) and key != "value":
            return True
        if isinstance(value, list | tuple) and (are_numbers(value) or _are_points(value)):
            return True
    return False


def _place(fields: Fields, came: object) -> Place:
    if {"bbox", "desc"} <= fields.keys():
        raise InputError(IDEOGRAM)
    place = _inner(fields) or _named(fields) or _listed(fields)
    if place is None or len(place.numbers) != 4:
        raise InputError(f"is {shown(came)}; {EXPECTED}")
    return place


def _inner(fields: Fields) -> Place | None:
    """What a dict says that stands where the box does, as {"bndbox": {"xmin": …}}."""
    for key in BOXES:
        if isinstance(fields.get(key), Mapping):
            inner = flat(fields[key])
            place = _named(inner) or _listed({k: inner[k] for k in inner if k != key})
            if place:
                return place
    return None


def _named(fields: Fields) -> Place | None:
    """Edges or corners under names of their own."""
    for first, second in CORNERS:
        if first in fields and second in fields:
            points = [_point(fields[first]), _point(fields[second])]
            if None not in points:
                return Place([*points[0], *points[1]], XYXY)
    edges = edges_in(fields)
    if edges is None:
        return None
    forms, numbers = edges
    if "rectanglelabels" in fields:
        return Place(numbers, forms, HUNDRED)
    if forms == (BoxFormat.XYWH,) and {"x", "y", "width", "class", "confidence"} <= fields.keys():
        return Place(numbers, CXCYWH, notes=("x and y are the centre, as Roboflow counts",))
    return Place(numbers, forms)


def _listed(fields: Fields) -> Place | None:
    """A list under one key."""
    for key in TOP_FIRST:
        if key in fields:
            numbers = plain(fields[key])
            if not are_numbers(numbers, 4):
                raise InputError(f"has box_2d {shown(numbers)}; expected four numbers, top first")
            top, left, bottom, right = numbers
            counts = THOUSAND if key == "box2d" else None
            return Place([left, top, right, bottom], XYXY, counts, ("top edge first",))
    for key, forms in BOXES.items():
        if key not in fields:
            continue
        value = plain(fields[key])
        if isinstance(value, str):
            value = re.findall(NUMBER + "%?", value)
        if _are_points(value):
            return _around([_point(point) for point in value])
        if are_numbers(value) and len(value) >= 8 and len(value) % 2 == 0:
            return _around(list(zip(value[::2], value[1::2], strict=True)))
        if isinstance(value, list | tuple) and len(value) == 1:  # [[x0, y0, x1, y1]]
            value = plain(value[0]) if are_numbers(plain(value[0]), 4) else value
        if isinstance(value, list | tuple):
            return Place(value, COCO if forms is BARE and fields.keys() & COCO_MARKS else forms)
    return None


def _are_points(value: object) -> bool:
    if not isinstance(value, list | tuple) or len(value) < 2 or hasattr(value, "bbox"):
        return False
    return all(_point(point) is not None for point in value)


def _point(value: object) -> tuple[Any, Any] | None:
    """[x, y] or {"x": …, "y": …}, where some leave a 0 out."""
    value = plain(value)
    if isinstance(value, dict):
        keys = set(value)
        return (value.get("x", 0), value.get("y", 0)) if keys and keys <= {"x", "y"} else None
    return tuple(value) if are_numbers(value, 2) else None


def _around(points: Sequence[Any]) -> Place:
    """The bounds of points: two corners, or a slanted box or polygon."""
    if len(points) == 2:
        (x0, y0), (x1, y1) = (tuple(map(read_number, point)) for point in points)
        return Place([min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)], XYXY)
    across, down = ([read_number(point[axis]) for point in points] for axis in (0, 1))
    upright = len(points) == 4 and len(set(across)) == 2 == len(set(down))
    corners = [min(across), min(down), max(across), max(down)]
    return Place(corners, XYXY, notes=() if upright else (SLANTED,))


def _score(fields: Fields) -> float | None:
    score = next((plain(fields[key]) for key in SCORES if fields.get(key) is not None), None)
    if isinstance(score, list) and len(score) == 1:  # as some detectors of SEGS give it
        score = score[0]
    try:
        return None if score is None else read_number(score)
    except InputError as error:
        raise InputError(f"has the score {shown(score)}; expected a finite number") from error
