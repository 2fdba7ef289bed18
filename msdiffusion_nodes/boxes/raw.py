"""Numbers as they came: a box of a picture that is not yet known, and how arrays become lists."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from numbers import Real

import numpy as np
from torch import Tensor

from ..errors import InputError, is_finite, shown
from ..layout import Extent

LIMIT = 1000  # boxes; far more than subjects, few enough to read and draw at once
VALUES = 8 * LIMIT  # of an array
EXPECTED = (
    'expected four numbers [x0, y0, x1, y1], {x, y, width, height} or {"bbox_2d": [x0, y0, x1, y1],'
    ' "label": "…"}'
)
NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
THOUSAND = Extent(1000, 1000)
HUNDRED = Extent(100, 100)


class BoxFormat(Enum):
    """What four numbers mean. AUTO: they do not say it themselves."""

    AUTO = "auto"
    XYXY = "xyxy"
    XYWH = "xywh"
    CXCYWH = "cxcywh"  # the centre, width and height


Forms = tuple[BoxFormat, ...]
XYXY: Forms = (BoxFormat.XYXY,)
XYWH: Forms = (BoxFormat.XYWH,)
CXCYWH: Forms = (BoxFormat.CXCYWH,)
BARE: Forms = (BoxFormat.XYXY, BoxFormat.XYWH, BoxFormat.CXCYWH)
COCO: Forms = (BoxFormat.XYWH, BoxFormat.XYXY)
ROBOFLOW: Forms = (BoxFormat.CXCYWH, BoxFormat.XYWH)


@dataclass(frozen=True)
class RawBox:
    """Four finite numbers of a picture that is not yet known.

    Attributes:
        forms: what the numbers may mean, the usual first; one where the box says it itself.
    """

    numbers: tuple[float, float, float, float]
    forms: Forms
    label: str = ""
    score: float | None = None


@dataclass(frozen=True)
class Picture:
    """The boxes of one picture.

    Attributes:
        size: of the picture in pixels, where the output tells it.
        counts: how far the numbers go to the right and down, where the format says so.
        notes: what else a person should know of how it was read.
    """

    boxes: Sequence[RawBox]
    size: Extent | None = None
    counts: Extent | None = None
    notes: tuple[str, ...] = ()


def read_number(value: object) -> float:
    """A finite number of any kind, also as text ("64", "64px", "10%") or an array of one; no bool.

    Raises:
        InputError: what came instead, to be put after the number of the box.
    """
    came = value = plain(value)
    if isinstance(value, str):
        value = number_in(value)
    if isinstance(value, bool) or not isinstance(value, Real):
        raise InputError(f"has {shown(came)} where a number is expected; {EXPECTED}")
    if not is_finite(value):
        raise InputError(f"has {shown(came)}, which is not finite; {EXPECTED}")
    return float(value)


def number_in(text: str) -> float | None:
    """The number that a text is; a percent is a share."""
    match = re.fullmatch(rf"\s*({NUMBER}|[-+]?(?:nan|inf(?:inity)?))\s*(px|%)?\s*", text, re.I)
    if not match:
        return None
    return float(match[1]) / (100 if match[2] == "%" else 1)


def is_number(value: object) -> bool:
    """Whether this stands where a number does, good or bad."""
    value = plain(value)
    if isinstance(value, str):
        return number_in(value) is not None
    return isinstance(value, Real) and not isinstance(value, bool)


def are_numbers(values: object, count: int | None = None) -> bool:
    """Whether this is a list of numbers, of so many."""
    if not isinstance(values, list | tuple) or not values or hasattr(values, "bbox"):
        return False
    return (count is None or len(values) == count) and all(map(is_number, values))


def plain(value: object) -> object:
    """Arrays as lists and numbers; anything else as it is.

    Raises:
        InputError: the array has too many values, or none at all.
    """
    if not isinstance(value, Tensor | np.ndarray):
        return value
    if math.prod(value.shape) > VALUES:
        raise InputError(f"an array of shape {list(value.shape)} came; at most {LIMIT} boxes")
    try:
        return value.tolist()
    except RuntimeError as error:  # as on the meta device
        raise InputError(f"an array without values came ({shown(str(error))})") from error


def limited(rows: object) -> Sequence[object]:
    """A list that is not too long.

    Raises:
        InputError: it is something else, or longer than LIMIT.
    """
    if not isinstance(rows, list | tuple):
        raise InputError(f"{shown(rows)} came where a list of boxes is expected; {EXPECTED}")
    if len(rows) > LIMIT:
        raise InputError(f"a list of {len(rows)} came; at most {LIMIT} boxes are read")
    return rows
