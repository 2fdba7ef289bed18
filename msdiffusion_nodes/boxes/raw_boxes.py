"""One box as a detector gives it, read into four numbers, a label and a score."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from numbers import Integral, Real

import numpy as np
from torch import Tensor

from ..errors import InputError, shown

LIMIT = 1000  # boxes; far more than subjects, few enough to read and draw at once
EXPECTED = (
    "expected four numbers, {x, y, width, height}, {startX, startY, endX, endY} or {bbox_2d, label}"
)
REFUSED = (
    ({"box_2d"}, "has box_2d, top edge first; ask for bbox_2d: left, top, right, bottom"),
    ({"bbox", "desc"}, "is an Ideogram element, top edge first; connect the node's bboxes"),
)


class BoxFormat(Enum):
    """What four numbers mean. AUTO: they do not say it themselves."""

    AUTO = "auto"
    XYXY = "xyxy"
    XYWH = "xywh"


KEYS = {
    BoxFormat.XYWH: ("x", "y", "width", "height"),
    BoxFormat.XYXY: ("startX", "startY", "endX", "endY"),
}


@dataclass(frozen=True)
class RawBox:
    """Four finite numbers in pixels or shares, of a picture that is not yet known."""

    numbers: tuple[float, float, float, float]
    form: BoxFormat
    label: str = ""
    score: float | None = None


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


def read_number(value: object) -> float:
    """A finite number of any kind, also from an array without dimensions; no bool, no text."""
    value = plain(value)
    if isinstance(value, bool) or not isinstance(value, Real):
        raise InputError(f"has {shown(value)} where a number is expected")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise InputError(f"has {shown(value)}, which is not finite")
    return number


def plain(value: object) -> object:
    """Arrays as lists and numbers; anything else as it is.

    Raises:
        InputError: the array has more than 4 × LIMIT values, or none at all.
    """
    if not isinstance(value, Tensor | np.ndarray):
        return value
    if math.prod(value.shape) > 4 * LIMIT:
        raise InputError(f"an array of shape {list(value.shape)} came; at most {LIMIT} boxes")
    try:
        return value.tolist()
    except RuntimeError as error:  # as on the meta device
        raise InputError(f"an array without values came ({shown(str(error))})") from error


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
