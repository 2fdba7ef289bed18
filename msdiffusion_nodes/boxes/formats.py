"""The shapes in which detectors hand out the boxes of a picture."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from numbers import Real

from ..errors import InputError, shown
from .raw_boxes import EXPECTED, LIMIT, RawBox, plain, read_box, read_number

TEXT_LIMIT = 1_000_000  # characters

Size = tuple[int, int]  # width, height in pixels


def read_output(value: object) -> tuple[list[RawBox], Size | None]:
    """The boxes of one picture, and the picture's size where the detector says it (SEGS).

    Args:
        value: BOUNDING_BOX (a dict, a list of them, or lists by picture); BBOX or BBOXES (four
            numbers, lists of them, lists by picture, arrays (4,), (N, 4) or (1, N, 4), or dicts
            with startX); Florence2's {"bboxes", "labels"}; Qwen's [{"bbox_2d", "label"}];
            SEGS ((height, width), [SEG]); or text: JSON of these, also in a ``` fence, or
            "x0,y0,x1,y1;…".

    Raises:
        InputError: there is no box, there are too many or those of several pictures, or what is
            wrong with a box, by its number (from 1).
    """
    if isinstance(value, str):
        value = _from_text(value)
    pictures = _pictures(value)
    rows = [_rows(picture) for picture in pictures]
    filled = [number for number in range(len(rows)) if rows[number]]
    if not filled:
        raise InputError("the detector found nothing; lower its threshold or ask for other things")
    if len(filled) > 1:
        raise InputError(
            f"boxes of {len(filled)} pictures came; the boxes of one are needed: show the detector"
            " one picture"
        )
    boxes = []
    for number, row in enumerate(_limited(rows[filled[0]]), start=1):
        try:
            boxes.append(read_box(row))
        except InputError as error:
            raise InputError(f"box {number} {error}") from error
    return boxes, _own_size(pictures[filled[0]])


def _from_text(text: str) -> object:
    if len(text) > TEXT_LIMIT:
        raise InputError(f"text of {len(text)} characters came; at most {TEXT_LIMIT} are read")
    _, fence, fenced = text.partition("```")
    if fence:  # as language models answer, perhaps with words around
        text = re.sub("^json", "", fenced.partition("```")[0], flags=re.IGNORECASE)
    if not text.strip():
        return []
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        rows = [row.strip(" \t\r[]()") for row in re.split("[;\n]", text) if row.strip()]
    try:
        return [[float(number) for number in row.split(",")] for row in rows]
    except ValueError as error:
        raise InputError(
            f"{shown(text)} is neither JSON nor x0,y0,x1,y1;…; connect a detector's output, or ask"
            ' a language model for [{"bbox_2d": [x0, y0, x1, y1], "label": "…"}] alone'
        ) from error


def _pictures(value: object) -> Sequence[object]:
    """What came, one value a picture: a list of boxes, Florence2's dict or SEGS."""
    value = _unwrapped(value)
    if _is_box(value):
        return [[value]]
    if _is_picture(value):
        return [value]
    pictures = [_unwrapped(picture) for picture in _limited(value)]
    if not all(_is_picture(picture) for picture in pictures):
        raise InputError(f"{shown(value)} is nested too deeply; {EXPECTED}, listed by picture")
    return pictures


def _is_picture(value: object) -> bool:
    if _is_box(value):
        return False
    if isinstance(value, dict) or not value or _is_segs(value):
        return True
    return any(_is_box(_unwrapped(row)) for row in _limited(value))


def _is_box(value: object) -> bool:
    """Whether this stands where a box does, good or bad: it is no list of such things."""
    if isinstance(value, dict):
        return not value.keys() & {"bboxes", "quad_boxes"}
    if not isinstance(value, list | tuple) or hasattr(value, "bbox"):
        return True
    first = plain(value[0]) if value else []
    return not isinstance(first, dict | list | tuple) and not hasattr(first, "bbox")


def _is_segs(value: Sequence[object]) -> bool:
    """Whether this is a pair of (height, width) and a list."""
    if len(value) != 2 or not all(isinstance(part, list | tuple) for part in value):
        return False
    return len(value[0]) == 2 and all(isinstance(side, Real) for side in value[0])


def _own_size(picture: object) -> Size | None:
    if isinstance(picture, dict) or not _is_segs(picture):
        return None
    height, width = (int(read_number(side)) for side in picture[0])
    if min(height, width) < 1:
        raise InputError(f"SEGS of a picture of {width} × {height} came; detect again")
    return width, height


def _rows(picture: object) -> Sequence[object]:
    """The boxes of a picture, each still in its detector's shape."""
    if isinstance(picture, dict):
        return _florence_rows(picture)
    return picture[1] if _is_segs(picture) else picture


def _florence_rows(picture: dict) -> list[dict]:
    if "bboxes" not in picture:
        raise InputError("Florence2's quad_boxes came, which are slanted; use a task with bboxes")
    rows = [{"bbox_2d": corners} for corners in _limited(plain(picture["bboxes"]))]
    labels = picture.get("labels", picture.get("bboxes_labels"))
    for key, values in (("label", plain(labels)), ("score", plain(picture.get("scores")))):
        if values is None:
            continue
        if not isinstance(values, list | tuple) or len(values) != len(rows):
            raise InputError(f"{key}s {shown(values)} came for {len(rows)} bboxes; give one each")
        for row, value in zip(rows, values, strict=True):
            row[key] = value
    return rows


def _unwrapped(value: object) -> object:
    """Arrays as lists; Florence2's raw {"<OD>": …} as what is in it."""
    if isinstance(value, dict) and len(value) == 1:
        key, inside = next(iter(value.items()))
        if isinstance(key, str) and key.startswith("<"):
            value = inside
    return plain(value)


def _limited(rows: object) -> Sequence[object]:
    if not isinstance(rows, list | tuple):
        raise InputError(f"{shown(rows)} came where a list of boxes is expected")
    if len(rows) > LIMIT:
        raise InputError(f"a list of {len(rows)} came; at most {LIMIT} boxes are read")
    return rows
