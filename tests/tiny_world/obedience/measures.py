"""What a picture shows in its boxes, measured in cells.

The background is a plane in each colour, fitted to the cells that are no emoji. What differs from
it is painted; each painted cell counts for the box that it is nearest to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import torch
from torch import Tensor

from ..emoji import Emoji
from ..nearness import Box, distance, pixels

PAINTED = 0.25  # distance in red, green and blue from the background
ROUNDS = 4  # of fitting


@dataclass(frozen=True)
class Measured:
    """One box.

    Attributes:
        iou: of the cells that were painted for it with the box.
        own: distance to its own emoji.
        right: whether no other of the named emoji is nearer.
        other: distance to the emoji of the other box; None where that is the same.
        background: whether the background's colour is nearest to the one that was asked for.
    """

    iou: float
    own: float
    right: bool
    other: float | None
    background: bool

    def record(self) -> dict[str, float | bool | None]:
        return asdict(self)


def measure(
    picture: Tensor,
    boxes: Sequence[Box],
    names: Sequence[str],
    emoji: Sequence[Emoji],
    colours: dict[str, Tensor],
    colour: str,
) -> list[Measured]:
    """Each box of a picture (h, w, 3).

    Args:
        emoji: all that are named.
        colours: of backgrounds, and which was asked for.
    """
    plane = background_plane(picture, boxes)
    painted = (picture - plane).norm(dim=-1) > PAINTED
    middle = plane.mean((0, 1))
    far = {name: (middle - value).norm().item() for name, value in colours.items()}
    kept = min(far, key=far.__getitem__) == colour
    nearest = torch.stack([_distance_to(box, picture) for box in boxes]).argmin(0)
    found = []
    for number, (box, name) in enumerate(zip(boxes, names, strict=True)):
        x0, y0, x1, y1 = pixels(box, picture)
        inside = torch.zeros_like(painted)
        inside[y0:y1, x0:x1] = True
        own_paint = painted & (nearest == number)
        iou = ((own_paint & inside).sum() / (own_paint | inside).sum()).item()
        local = plane[y0:y1, x0:x1].mean((0, 1))
        far_from = {one.name: distance(picture, box, one, local) for one in emoji}
        right = min(far_from, key=far_from.__getitem__) == name
        others = [each for each in names if each != name]
        other = far_from[others[0]] if others else None
        found.append(Measured(iou, far_from[name], right, other, kept))
    return found


def background_plane(picture: Tensor, boxes: Sequence[Box]) -> Tensor:
    """The background as if nothing stood before it: (h, w, 3)."""
    height, width = picture.shape[:2]
    y, x = torch.meshgrid(
        torch.linspace(-1, 1, height), torch.linspace(-1, 1, width), indexing="ij"
    )
    places = torch.stack([torch.ones_like(x), x, y], dim=-1)  # (h, w, 3)
    outside = torch.ones(height, width, dtype=torch.bool)
    for box in boxes:
        x0, y0, x1, y1 = pixels(box, picture)
        outside[y0:y1, x0:x1] = False
    plane = picture[outside].median(dim=0).values.expand(height, width, 3)
    for _ in range(ROUNDS):
        near = (picture - plane).norm(dim=-1) < PAINTED
        if near.sum() < 3 * ROUNDS:
            break
        fitted = torch.linalg.lstsq(places[near], picture[near]).solution
        plane = places @ fitted
    return plane


def _distance_to(box: Box, picture: Tensor) -> Tensor:
    """Of each cell from a box, in cells: (h, w)."""
    x0, y0, x1, y1 = pixels(box, picture)
    y, x = (torch.arange(size).float() + 0.5 for size in picture.shape[:2])
    beside = torch.maximum((x0 - x).clamp(min=0), (x - x1).clamp(min=0))
    above = torch.maximum((y0 - y).clamp(min=0), (y - y1).clamp(min=0))
    return torch.hypot(above[:, None], beside[None])
