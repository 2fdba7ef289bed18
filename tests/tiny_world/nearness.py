"""Which emoji a place of a picture shows: measured in pixels, which no training looks at.

The place is cut out and shrunk to 16×16. Each candidate is laid over the picture's own background
colour (the median of all that is in no box) and shrunk to the same size. Nearest is the smallest
mean squared difference. A place that shows neither is as near to one as to the other.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from .emoji import Emoji

SIDE = 16
Box = tuple[float, float, float, float]


def background(picture: Tensor, boxes: Sequence[Box]) -> Tensor:
    """Median colour (3,) of a picture (h, w, 3) outside all boxes."""
    outside = torch.ones(picture.shape[:2], dtype=torch.bool)
    for box in boxes:
        x0, y0, x1, y1 = pixels(box, picture)
        outside[y0:y1, x0:x1] = False
    return picture[outside].median(dim=0).values


def distance(picture: Tensor, box: Box, emoji: Emoji, colour: Tensor) -> float:
    """Mean squared difference between the place and the emoji over the colour."""
    x0, y0, x1, y1 = pixels(box, picture)
    found, wanted = (_shrunk(each) for each in (picture[y0:y1, x0:x1], emoji.over(colour)))
    return (found - wanted).square().mean().item()


def pixels(box: Box, picture: Tensor) -> tuple[int, int, int, int]:
    """A box in pixels."""
    height, width = picture.shape[:2]
    x0, y0, x1, y1 = box
    return round(x0 * width), round(y0 * height), round(x1 * width), round(y1 * height)


def _shrunk(picture: Tensor) -> Tensor:
    return F.interpolate(picture.permute(2, 0, 1)[None], (SIDE, SIDE), mode="area")
