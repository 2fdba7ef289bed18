"""Where each subject acts: boxes, regions and their masks on any grid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from .errors import InputError, is_finite, naming
from .masks import bounds, visible
from .region_options import RegionOptions


class Extent(NamedTuple):
    """A size: height first, as in tensors, and written the other way round, as people do."""

    height: int
    width: int

    def __str__(self) -> str:
        return f"{self.width} × {self.height}"


@dataclass(frozen=True)
class Box:
    """A rectangle in shares of the picture: x to the right, y down, 0..1.

    Four zeros mean *no area*. Any other box has x0 < x1 and y0 < y1 and lies inside 0..1.

    Raises:
        InputError: the numbers are not finite, outside the picture or turned round.
    """

    x0: float
    y0: float
    x1: float
    y1: float

    def __post_init__(self) -> None:
        corners = self.as_tuple()
        if not all(map(is_finite, corners)):
            raise InputError(f"{list(corners)} has a number that is not finite")
        if not any(corners):
            return
        if not all(0.0 <= value <= 1.0 for value in corners):
            raise InputError(
                f"{list(corners)} lies outside the picture; x0, y0, x1, y1 are shares of the"
                " picture from 0 to 1, not pixels"
            )
        if self.x0 >= self.x1 or self.y0 >= self.y1:
            raise InputError(
                f"{list(corners)} has no area; x0 must be less than x1 and y0 less than y1"
                " (four zeros mean that the subject has no area on purpose)"
            )

    def as_tuple(self) -> tuple[float, float, float, float]:
        return (self.x0, self.y0, self.x1, self.y1)

    def within(self, window: Box) -> Box:
        """This box, given in shares of a window of the picture, in shares of the picture."""
        width, height = window.x1 - window.x0, window.y1 - window.y0
        x0, x1 = (window.x0 + x * width for x in (self.x0, self.x1))
        y0, y1 = (window.y0 + y * height for y in (self.y0, self.y1))
        return Box(x0, y0, x1, y1)  # not over 1: 1 - x0 is rounded by less than 1 shows

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
    """The area of one subject: a box, or a mask of any shape with the box around it.

    Attributes:
        box: what grounds the subject in the resampler, and its area where there is no mask.
        mask: float (h, w) of the whole picture in any size, 0 to 1: the share of the image
            attention at each place.
        options: how its subject acts, as far as the layout says it.
    """

    box: Box
    mask: Tensor | None = field(default=None, compare=False)
    options: RegionOptions = RegionOptions()

    @classmethod
    def from_mask(cls, mask: Tensor) -> Region:
        """A region of any shape from a mask (h, w); its box is the bounds of what is visible.

        What is not visible is 0 in the region's mask; a mask without any is a region without area.

        Raises:
            InputError: the mask is not finite.
        """
        if not mask.isfinite().all():
            raise InputError("the mask has values that are not finite (NaN); make it again")
        mask = visible(mask.float().to("cpu"))
        seen = bounds(mask)
        if seen is None:
            return cls(NO_AREA)
        (height, width), (rows, columns) = mask.shape, seen
        left, top = columns.start / width, rows.start / height
        return cls(Box(left, top, columns.stop / width, rows.stop / height), mask)

    def coverage(self, height: int, width: int) -> Tensor:
        """The subject's share of each cell of a grid: float (height, width) on the CPU, 0 to 1."""
        if self.mask is not None:
            return F.adaptive_avg_pool2d(self.mask[None], (height, width))[0]
        coverage = torch.zeros(height, width)
        coverage[self.box.cells(height, width)] = 1
        return coverage

    def crop(self, window: Box) -> Region:
        """The region as seen in a window of the picture; no area where it does not reach in."""
        width, height = window.x1 - window.x0, window.y1 - window.y0
        x0, x1 = (_inside((x - window.x0) / width) for x in (self.box.x0, self.box.x1))
        y0, y1 = (_inside((y - window.y0) / height) for y in (self.box.y0, self.box.y1))
        box = Box(x0, y0, x1, y1) if x0 < x1 and y0 < y1 else NO_AREA
        mask = None if self.mask is None else self.mask[window.cells(*self.mask.shape)]
        return replace(self, box=box, mask=mask)


@dataclass(frozen=True)
class Layout:
    """One region a subject, in the order of the subjects; `width` and `height` in pixels."""

    regions: tuple[Region, ...]
    width: int
    height: int

    def coverage(self, height: int, width: int) -> Tensor:
        """The regions on a grid: float (regions, height, width) on the CPU, 0 to 1."""
        return torch.stack([region.coverage(height, width) for region in self.regions])

    def masks(self, height: int, width: int) -> Tensor:
        """Where each subject acts at all: bool (regions, height, width) on the CPU."""
        return self.coverage(height, width) > 0

    def crop(self, window: Box) -> Layout:
        """The layout of a window (a tile, an area) of the picture, in the window's own shares."""
        return Layout(
            tuple(region.crop(window) for region in self.regions),
            round(self.width * (window.x1 - window.x0)),
            round(self.height * (window.y1 - window.y0)),
        )

    def with_options(self, options: Sequence[RegionOptions]) -> Layout:
        """The layout with these options, in the order of the regions; the rest has none.

        Raises:
            InputError: there are some for a region that is not there.
        """
        count = len(self.regions)
        for number, extra in enumerate(options[count:], start=count + 1):
            if extra.said:
                raise InputError(
                    f"box {number} has {', '.join(extra.said)}, and there are {count} boxes in all;"
                    " remove the entry, or add the box"
                )
        pairs = zip_longest(self.regions, options[:count], fillvalue=RegionOptions())
        regions = tuple(replace(region, options=own) for region, own in pairs)
        return replace(self, regions=regions)

    def tile(self, x: int, y: int, width: int, height: int) -> Layout:
        """The layout of a tile, which is given in the layout's own pixels.

        Raises:
            InputError: the tile is not inside the picture.
        """
        if x + width > self.width or y + height > self.height:
            raise InputError(
                f"the tile reaches from {x}, {y} to {x + width}, {y + height}, but the layout is"
                f" {self.width}×{self.height}; use a tile inside it"
            )
        left, right = x / self.width, (x + width) / self.width
        return self.crop(Box(left, y / self.height, right, (y + height) / self.height))

    def boxes(self) -> Tensor:
        """The boxes that ground the subjects: float32 (regions, 4)."""
        boxes = [region.box.as_tuple() for region in self.regions]
        return torch.tensor(boxes, dtype=torch.float32)


@dataclass(frozen=True)
class LayoutBatch:
    """A layout for each picture of a batch; all have as many regions."""

    layouts: tuple[Layout, ...]


def all_layouts(layout: Layout | LayoutBatch) -> tuple[Layout, ...]:
    """One layout for all pictures, or one a picture."""
    return layout.layouts if isinstance(layout, LayoutBatch) else (layout,)


NO_AREA = Box(0.0, 0.0, 0.0, 0.0)


def regions_from_masks(masks: Tensor) -> list[Region]:
    """A region for each mask of a batch (regions, h, w).

    Raises:
        InputError: what is wrong, with the number of the mask (from 1).
    """
    if masks.ndim not in (2, 3) or not masks.numel():
        raise InputError(f"shape {list(masks.shape)} came; expected [subjects, height, width]")
    regions = []
    for number, mask in enumerate(masks if masks.ndim == 3 else masks[None], start=1):
        with naming(f"mask {number}"):
            regions.append(Region.from_mask(mask))
    return regions


def _inside(share: float) -> float:
    return min(max(share, 0.0), 1.0)
