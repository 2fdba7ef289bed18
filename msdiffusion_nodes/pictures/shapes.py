"""Painted shapes become regions: stretched over their box, with soft edges."""

from __future__ import annotations

import math
from dataclasses import replace

import torch
from torch import Tensor
from torch.nn import functional as F

from ..errors import InputError
from ..layout import NO_AREA, Box, Extent, Region

FINEST = 2048  # cells along the longer side of the region's mask: finer than any attention


def shaped(box: Box, shape: Tensor, soft: float, picture: Extent) -> Region:
    """The region of a shape.

    Args:
        box: which the shape fills; it still grounds the subject.
        shape: (h, w), 1 inside and 0 outside.
        soft: pixels of the picture over which the edge fades.
        picture: the size of the layout.

    Raises:
        InputError: nothing of the shape is visible.
    """
    if box == NO_AREA:
        return Region(box)
    scale = min(FINEST / max(picture), 1)
    height, width = (max(round(side * scale), 1) for side in picture)
    rows, columns = box.cells(height, width)
    size = (rows.stop - rows.start, columns.stop - columns.start)
    mask = torch.zeros(height, width)
    mask[rows, columns] = F.interpolate(shape[None, None].float(), size, mode="area")[0, 0]
    region = Region.from_mask(_blurred(mask, soft * scale / 2))
    if region.mask is None:
        raise InputError("the painted area is black; paint it anew, or remove it")
    return replace(region, box=box)


def _blurred(mask: Tensor, deviation: float) -> Tensor:
    """A mask after a Gaussian; at the picture's edge it does not fade."""
    if deviation <= 0:
        return mask
    reach = math.ceil(3 * deviation)
    weights = torch.exp(-0.5 * (torch.arange(-reach, reach + 1) / deviation) ** 2)
    kernel = (weights / weights.sum())[None, None, None]
    padded = F.pad(mask[None, None], (reach, reach, reach, reach), mode="replicate")
    return F.conv2d(F.conv2d(padded, kernel), kernel.transpose(2, 3))[0, 0]
