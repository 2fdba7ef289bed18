"""One box as a detector gives it, read into four numbers, a label and a score."""

from __future__ import annotations

from collections.abc import Iterable
from numbers import Integral

from ..errors import InputError, shown
from .raw import BoxFormat, RawBox, limited, plain, read_number

EXPECTED = (
    "expected four numbers, {x, y, width, height}, {startX, startY, endX, endY} or {bbox_2d, label}"
)
REFUSED = (
    ({"box_2d"}, "has box_2d, top edge first; ask for bbox_2d: left, top, right, bottom"),
    ({"bbox", "desc"}, "is an Ideogram element, top edge first; connect the node's bboxes"),
)
KEYS = {
    BoxFormat.XYWH: ("x", "y", "width", "height"),
    BoxFormat.XYXY: ("startX", "startY", "endX", "endY"),
}


def read_rows(rows: object) -> list[RawBox]:
    """Read boxes that each stand for themselves.

    Raises:
        InputError: they are no list or too many, or what is wrong with one, by its number (from 1).
    """
    boxes = []
    for number, row in enumerate(limited(rows), start=1):
        try:
            boxes.append(read_box(row))
        except InputError as error:
            raise InputError(f"box {number} {error}") from error
    return boxes


def is_box(value: object) -> bool:
    """Whether this stands where a box does, good or bad: it is no list of such things."""
    if isinstance(value, dict):
        return not value.keys() & {"bboxes", "quad_boxes"}
    if not isinstance(value, list | tuple) or hasattr(value, "bbox"):
        return True
    first = plain(value[0]) if value else []
    return not isinstance(first, dict | list | tuple) and not hasattr(first, "bbox")


def any_box(rows: Iterable[object]) -> bool:
    return any(is_box(plain(row)) for row in rows)


def read_box(came: object) -> RawBox:
    """Read a box: four numbers, a dict of them, or an object with `bbox` as in SEGS.

    Raises:
        InputError: what is wrong, to be put after the number of the box.
    """
    row = plain(came)
    if hasattr(row, "bbox"):
        score = getattr(row, "confidence", None)
        row = {"bbox_2d": row.bbox, "label": getattr(row, "label", None), "score": score}
    elif not isinstance(row, dict):
        row = {"bbox": row}
    for keys, reason in REFUSED:
        if keys <= row.keys():
            raise InputError(reason)
    # `bbox` says no more than four bare numbers do: COCO's is xywh, others' are xyxy
    form = BoxFormat.XYXY if "bbox_2d" in row else BoxFormat.AUTO
    numbers = plain(row.get("bbox_2d", row.get("bbox")))
    for known, keys in KEYS.items():
        if row.keys() >= set(keys):
            form, numbers = known, [row[key] for key in keys]
    if not isinstance(numbers, list | tuple) or len(numbers) != 4:
        raise InputError(f"is {shown(came)}; {EXPECTED}")
    x0, y0, x1, y1 = (read_number(number) for number in numbers)
    return RawBox((x0, y0, x1, y1), form, _label(row.get("label")), _score(row))


def _label(label: object) -> str:
    if label is None:
        return ""
    if isinstance(label, bool) or not isinstance(label, str | Integral):
        raise InputError(f"has the label {shown(label)}; expected text")
    return label.strip() if isinstance(label, str) else shown(label)


def _score(row: dict) -> float | None:
    score = plain(row.get("score", row.get("confidence")))
    if isinstance(score, list) and len(score) == 1:  # as some detectors of SEGS give it
        score = score[0]
    return None if score is None else read_number(score)
