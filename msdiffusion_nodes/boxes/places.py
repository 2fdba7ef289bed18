"""Where a box is: the numbers of a box's fields, and what they mean."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ..errors import InputError, shown
from ..layout import Extent
from .keys import BOXES, COCO_MARKS, CORNERS, SIDES, SIZED, TOP_FIRST, Fields, edges_in, flat
from .raw import (
    BARE,
    COCO,
    EXPECTED,
    HUNDRED,
    NUMBER,
    ROBOFLOW,
    THOUSAND,
    XYXY,
    BoxFormat,
    Forms,
    are_numbers,
    plain,
    read_number,
)

SLANTED = "the bounds of slanted boxes"
IDEOGRAM = (
    "is an Ideogram element, top edge first; connect the node's bboxes, or write bbox_2d: left,"
    " top, right, bottom"
)


class Place(NamedTuple):
    """Where a row says its box is: four numbers or more, what they mean, and how far they count."""

    numbers: Sequence[Any]
    forms: Forms
    counts: Extent | None = None
    notes: tuple[str, ...] = ()


def is_place(fields: Fields) -> bool:
    """Whether a dict is one box: it names edges or corners, or holds a list of four numbers."""
    if edges_in(fields) or _in_points(fields):
        return True
    for key in (*BOXES, *TOP_FIRST):
        value = plain(fields.get(key))
        if isinstance(value, Mapping) and is_place(flat(value)):
            return True
        if isinstance(value, str) and len(re.findall(NUMBER, value)) >= 4:
            return True
        if isinstance(value, list | tuple) and len(value) == 1 and are_numbers(plain(value[0]), 4):
            return True
        # two numbers are a place without a size
        if are_points(value) or are_numbers(value) and len(value) != 2:
            return True
    return False


def place_of(fields: Fields, came: object) -> Place:
    """Where a box is.

    Raises:
        InputError: what is wrong, to be put after the number of the box.
    """
    if {"bbox", "desc"} <= fields.keys():
        raise InputError(IDEOGRAM)
    place = _inner(fields) or _named(fields) or _listed(fields)
    if place is None or len(place.numbers) != 4:
        raise InputError(f"is {shown(came)}; {EXPECTED}")
    return place._replace(numbers=tuple(map(read_number, place.numbers)))


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
    place = _in_points(fields)
    if place:
        return place
    edges = edges_in(fields)
    if edges is None:
        return None
    forms, numbers = edges
    if "rectanglelabels" in fields:
        return Place(numbers, forms, HUNDRED)
    if forms == (BoxFormat.XYWH,) and {"x", "y", "width", "class", "confidence"} <= fields.keys():
        return Place(numbers, ROBOFLOW)
    return Place(numbers, forms)


def _in_points(fields: Fields) -> Place | None:
    """Two corners, or a point and a size."""
    pairs = [(XYXY, first, second) for first, second in CORNERS]
    pairs += [(forms, point, side) for forms, points in SIZED for point in points for side in SIDES]
    for forms, first, second in pairs:
        if first in fields and second in fields:
            points = _point(fields[first]), _point(fields[second])
            if None not in points:
                return Place([*points[0], *points[1]], forms)
    return None


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
            value = re.findall(NUMBER + "%?", value) or value
        if are_points(value):
            return _around([_point(point) for point in value])
        if are_numbers(value) and len(value) >= 8 and len(value) % 2 == 0:
            return _around(list(zip(value[::2], value[1::2], strict=True)))
        if isinstance(value, list | tuple) and len(value) == 1:  # [[x0, y0, x1, y1]]
            value = plain(value[0]) if are_numbers(plain(value[0]), 4) else value
        if isinstance(value, list | tuple):
            return Place(value, COCO if forms is BARE and fields.keys() & COCO_MARKS else forms)
    return None


def are_points(value: object) -> bool:
    """Whether this is a list of two or more points."""
    if not isinstance(value, list | tuple) or len(value) < 2 or hasattr(value, "bbox"):
        return False
    return all(_point(point) is not None for point in value)


def _point(value: object) -> tuple[Any, Any] | None:
    """[x, y] or {"x": …, "y": …}, where some leave a 0 out."""
    value = plain(value)
    if isinstance(value, dict):
        for across, down in (("x", "y"), ("width", "height"), ("w", "h")):
            if value and value.keys() <= {across, down}:
                return value.get(across, 0), value.get(down, 0)
        return None
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
