"""Where each subject acts: boxes, regions and their masks on any grid."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True)
class Box:
    """A rectangle in shares of the picture: x to the right, y down, 0..1.

    Four zeros mean *no area*. Any other box has x0 < x1 and y0 < y1 and lies inside 0..1.

    Raises:
        ValueError: the numbers are not finite, outside the picture or turned round.
    """

    x0: float
    y0: float
    x1: float
    y1: float

    def __post_init__(self) -> None:
        corners = self.as_tuple()
        if not all(math.isfinite(value) for value in corners):
            raise ValueError(f"{list(corners)} has a number that is not finite")
        if not any(corners):
            return
        if not all(0.0 <= value <= 1.0 for value in corners):
            raise ValueError(
                f"{list(corners)} lies outside the picture: x0, y0, x1, y1 are shares of the"
                " picture from 0 to 1, not pixels"
            )
        if self.x0 >= self.x1 or self.y0 >= self.y1:
            raise ValueError(
                f"{list(corners)} has no area: x0 must be less than x1 and y0 less than y1"
                " (four zeros mean that the subject has no area on purpose)"
            )

    def as_tuple(self) -> tuple[float, float, float, float]:
        return (self.x0, self.y0, self.x1, self.y1)

    def cells(self, height: int, width: int) -> tuple[slice, slice]:
        """Rows and columns of a `height` × `width` grid that the box touches.

        Every cell that the box touches counts: floor of the near edge, ceil of the far one. The
        products are rounded to float32 as in the official code, so 0.55 of 100 cells is 55.
        """
        size = np.array([width, height, width, height], dtype=np.float32)
        edges = np.array(self.as_tuple(), dtype=np.float32) * size
        left, top = np.floor(edges[:2]).astype(int)
        right, bottom = np.ceil(edges[2:]).astype(int)
        return slice(int(top), int(bottom)), slice(int(left), int(right))


@dataclass(frozen=True)
class Region:
    """The area of one subject."""

    box: Box

    def mask(self, height: int, width: int) -> Tensor:
        """True where the subject acts: bool (height, width) on the CPU."""
        mask = torch.zeros(height, width, dtype=torch.bool)
        mask[self.box.cells(height, width)] = True
        return mask


@dataclass(frozen=True)
class Layout:
    """One region a subject, in the order of the subjects; `width` and `height` in pixels."""

    regions: tuple[Region, ...]
    width: int
    height: int

    def masks(self, height: int, width: int) -> Tensor:
        """The regions on a grid: bool (regions, height, width) on the CPU."""
        return torch.stack([region.mask(height, width) for region in self.regions])

    def boxes(self) -> Tensor:
        """The boxes that ground the subjects: float32 (regions, 4)."""
        boxes = [region.box.as_tuple() for region in self.regions]
        return torch.tensor(boxes, dtype=torch.float32)


def parse_boxes(text: str) -> tuple[Box, ...]:
    """Read boxes from JSON: `[[x0, y0, x1, y1], …]` in shares of the picture.

    Raises:
        ValueError: what is wrong, with the number of the box (from 1).
    """
    expected = "expected [[x0, y0, x1, y1], …] from 0 to 1, one box a subject"
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{_shorten(text)} is no JSON ({error}); {expected}") from error
    if not isinstance(rows, list) or not rows:
        raise ValueError(f"{_shorten(rows)} came; {expected}")
    return tuple(_parse_box(number, row) for number, row in enumerate(rows, start=1))


def _parse_box(number: int, row: object) -> Box:
    if not isinstance(row, list) or len(row) != 4 or not all(_is_number(value) for value in row):
        raise ValueError(f"box {number} is {_shorten(row)}; expected four numbers x0, y0, x1, y1")
    try:
        return Box(*(float(value) for value in row))
    except OverflowError as error:
        raise ValueError(f"box {number} is {_shorten(row)}; expected shares from 0 to 1") from error
    except ValueError as error:
        raise ValueError(f"box {number}: {error}") from error


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _shorten(value: object, limit: int = 60) -> str:
    try:
        text = json.dumps(value)
    except RecursionError:  # what could just be read may be too deep to be written
        text = "a deeply nested value"
    return text if len(text) <= limit else text[:limit] + "…"
