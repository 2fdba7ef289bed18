"""Numbers as they came: a box of a picture that is not yet known, and how arrays become lists."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from numbers import Real

import numpy as np
from torch import Tensor

from ..errors import InputError, is_finite, shown
from ..layout import Extent

LIMIT = 1000  # boxes; far more than subjects, few enough to read and draw at once


class BoxFormat(Enum):
    """What four numbers mean. AUTO: they do not say it themselves."""

    AUTO = "auto"
    XYXY = "xyxy"
    XYWH = "xywh"


@dataclass(frozen=True)
class RawBox:
    """Four finite numbers in pixels or shares, of a picture that is not yet known."""

    numbers: tuple[float, float, float, float]
    form: BoxFormat
    label: str = ""
    score: float | None = None


@dataclass(frozen=True)
class Picture:
    """The boxes of one picture, and its size where the output tells it."""

    boxes: Sequence[RawBox]
    size: Extent | None = None


def read_number(value: object) -> float:
    """A finite number of any kind, also from an array without dimensions; no bool, no text."""
    value = plain(value)
    if isinstance(value, bool) or not isinstance(value, Real):
        raise InputError(f"has {shown(value)} where a number is expected")
    if not is_finite(value):
        raise InputError(f"has {shown(value)}, which is not finite")
    return float(value)


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


def limited(rows: object) -> Sequence[object]:
    """A list that is not too long.

    Raises:
        InputError: it is something else, or longer than LIMIT.
    """
    if not isinstance(rows, list | tuple):
        raise InputError(f"{shown(rows)} came where a list of boxes is expected")
    if len(rows) > LIMIT:
        raise InputError(f"a list of {len(rows)} came; at most {LIMIT} boxes are read")
    return rows
