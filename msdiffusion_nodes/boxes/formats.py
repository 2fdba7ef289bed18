"""The formats in which detectors hand out the boxes of a picture: a table of named readers."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Real
from typing import Any, NamedTuple

from ..errors import InputError, shown
from ..layout import Extent
from .raw import Picture, limited, plain, read_number
from .rows import EXPECTED, any_box, is_box, read_rows
from .texts import from_text


class Format(NamedTuple):
    """A way to write the boxes of one picture."""

    name: str
    recognise: Callable[[Any], bool]
    read: Callable[[Any], Picture]


def read_output(value: object) -> Picture:
    """The boxes of the one picture that has some.

    Args:
        value: one of FORMATS, a list of these by picture, or a text of either: JSON, also in a
            ``` fence, or "x0,y0,x1,y1;…".

    Raises:
        InputError: there is no box, there are too many or those of several pictures, or what is
            wrong with a box, by its number (from 1).
    """
    if isinstance(value, str):
        value = from_text(value)
    filled = [known for known in map(_read, _pictures(value)) if known.boxes]
    if not filled:
        raise InputError("the detector found nothing; lower its threshold or ask for other things")
    if len(filled) > 1:
        raise InputError(
            f"boxes of {len(filled)} pictures came; the boxes of one are needed: show the detector"
            " one picture"
        )
    return filled[0]


def format_of(value: object) -> Format | None:
    """The first format that recognises this as the boxes of one picture."""
    return next((known for known in FORMATS if known.recognise(value)), None)


def _read(picture: object) -> Picture:
    known = format_of(picture)
    if known is None:
        raise InputError(f"{shown(picture)} is nested too deeply; {EXPECTED}, listed by picture")
    return known.read(picture)


def _pictures(value: object) -> list[object]:
    """What came, one value a picture."""
    value = _unwrapped(value)
    if format_of(value):
        return [value]
    pictures = [_unwrapped(picture) for picture in limited(value)]
    if not all(map(format_of, pictures)):
        raise InputError(f"{shown(value)} is nested too deeply; {EXPECTED}, listed by picture")
    return pictures


def _unwrapped(value: object) -> object:
    """Arrays as lists; Florence2's raw {"<OD>": …} as what is in it."""
    if isinstance(value, dict) and len(value) == 1:
        key, inside = next(iter(value.items()))
        if isinstance(key, str) and key.startswith("<"):
            value = inside
    return plain(value)


def is_one(value: object) -> bool:
    return is_box(value)


def read_one(value: object) -> Picture:
    return Picture(read_rows([value]))


def is_columns(value: object) -> bool:
    """Florence2's lists side by side: {"bboxes": …, "labels": …}."""
    return isinstance(value, dict)


def read_columns(value: dict) -> Picture:
    if "bboxes" not in value:
        raise InputError("Florence2's quad_boxes came, which are slanted; use a task with bboxes")
    rows = [{"bbox_2d": corners} for corners in limited(plain(value["bboxes"]))]
    labels = value.get("labels", value.get("bboxes_labels"))
    for key, values in (("label", plain(labels)), ("score", plain(value.get("scores")))):
        if values is None:
            continue
        if not isinstance(values, list | tuple) or len(values) != len(rows):
            raise InputError(f"{key}s {shown(values)} came for {len(rows)} bboxes; give one each")
        for row, entry in zip(rows, values, strict=True):
            row[key] = entry
    return Picture(read_rows(rows))


def is_segs(value: object) -> bool:
    """Whether this is a pair of (height, width) and a list."""
    if not isinstance(value, list | tuple) or len(value) != 2:
        return False
    if not all(isinstance(part, list | tuple) for part in value):
        return False
    return len(value[0]) == 2 and all(isinstance(side, Real) for side in value[0])


def read_segs(value: tuple[Any, Any]) -> Picture:
    boxes = read_rows(value[1])
    size = Extent(*(int(read_number(side)) for side in value[0]))
    if boxes and min(size) < 1:
        raise InputError(f"SEGS of a picture of {size} came; detect again")
    return Picture(boxes, size)


def is_list(value: object) -> bool:
    """A list in which some things are boxes: of one picture then."""
    return isinstance(value, list | tuple) and (
        not value or any_box(map(_unwrapped, limited(value)))
    )


def read_list(value: list) -> Picture:
    return Picture(read_rows(value))


FORMATS = (  # the first that recognises a value reads it
    Format("a box", is_one, read_one),
    Format("lists of boxes and labels (Florence2)", is_columns, read_columns),
    Format("SEGS", is_segs, read_segs),
    Format("a list of boxes", is_list, read_list),
)
