"""A subject's surroundings, cut out of a picture, and put back through a soft area."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from ..layout import Box, Extent, Region

CELL = 8  # pixels along the side of a latent's cell


class Window(NamedTuple):
    """A part of a picture, in whole pixels; right and bottom edge are outside."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def extent(self) -> Extent:
        return Extent(self.bottom - self.top, self.right - self.left)

    @property
    def slices(self) -> tuple[slice, slice]:
        """Rows and columns."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    def box(self, picture: Extent) -> Box:
        """The same in shares of the picture."""
        width, height = picture.width, picture.height
        return Box(self.left / width, self.top / height, self.right / width, self.bottom / height)


@dataclass(frozen=True)
class Crop:
    """What is cut out for one subject.

    Attributes:
        window: where.
        area: how much of each pixel is put back: float (rows, columns) of the window, 0 to 1.
        size: what the window is enlarged to, multiples of a cell.
    """

    window: Window
    area: Tensor
    size: Extent


@dataclass(frozen=True)
class Cutting:
    """How crops are cut.

    Attributes:
        size: the longer side of an enlarged crop, in pixels.
        padding: what is added on each side of a box, as a share of the box's side.
        feather: how wide the soft edge around an area is, in pixels of the picture.
    """

    size: int
    padding: float
    feather: int

    def crop(self, region: Region, picture: Extent) -> Crop | None:
        """What to cut out of a picture for a region; None where it touches no pixel."""
        window = self._window(region.box, picture)
        area = region.coverage(*picture)[window.slices]
        if not area.any():
            return None
        return Crop(window, soft_area(area, self.feather), self._enlarged(window.extent))

    def _window(self, box: Box, picture: Extent) -> Window:
        rows, columns = box.cells(*picture)
        left, right = self._padded(columns, picture.width)
        top, bottom = self._padded(rows, picture.height)
        return Window(left, top, right, bottom)

    def _padded(self, side: slice, most: int) -> tuple[int, int]:
        """Whole cells, but for what the picture's edge cuts off."""
        added = max(math.ceil(self.padding * (side.stop - side.start)), self.feather)
        start = (side.start - added) // CELL * CELL
        stop = math.ceil((side.stop + added) / CELL) * CELL
        return max(start, 0), min(stop, most)

    def _enlarged(self, window: Extent) -> Extent:
        """In the window's aspect; what is larger already keeps its size, in whole cells."""
        scale = max(self.size / max(window), 1)
        return Extent(*(max(round(side * scale / CELL), 1) * CELL for side in window))


def soft_area(area: Tensor, feather: int) -> Tensor:
    """An area (h, w) with an edge that fades out over `feather` pixels outside it.

    It goes on beyond the edges of the tensor: there it does not fade.
    """
    if not feather:
        return area
    grown = math.ceil(feather / 2)  # then blurred by no more than that: whole stays whole
    area = F.pad(area[None, None], [feather] * 4, mode="replicate")
    area = F.max_pool2d(area, (2 * grown + 1, 1), stride=1)
    area = F.max_pool2d(area, (1, 2 * grown + 1), stride=1)
    blurred = 2 * (feather - grown) + 1
    return F.avg_pool2d(F.avg_pool2d(area, (blurred, 1), 1), (1, blurred), 1)[0, 0].clamp(0, 1)


def resized(picture: Tensor, size: Extent) -> Tensor:
    """A picture (h, w, channels) in another size, in 0..1."""
    moved = picture.movedim(-1, 0)[None]  # HWC -> BCHW
    made = F.interpolate(moved, size, mode="bicubic", antialias=True)
    return made[0].movedim(0, -1).clamp(0, 1)


def paste(picture: Tensor, crop: Crop, painted: Tensor) -> None:
    """Put a painted crop (h, w, 3) of any size into the picture (h, w, 3), in place.

    What is outside the crop's area stays as it is, to the bit.
    """
    there = picture[crop.window.slices]
    painted = resized(painted.to(there), crop.window.extent)
    there.copy_(torch.lerp(there, painted, crop.area[..., None].to(there)))
