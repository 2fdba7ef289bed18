"""Scenes to train with: one to four emoji in boxes over a simple background, and what they show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from .glyphs import Emoji

COLOURS = {
    "pink": (0.98, 0.70, 0.80),
    "red": (0.80, 0.22, 0.22),
    "orange": (0.98, 0.62, 0.25),
    "yellow": (0.98, 0.90, 0.45),
    "green": (0.40, 0.72, 0.42),
    "teal": (0.20, 0.60, 0.60),
    "blue": (0.35, 0.55, 0.88),
    "purple": (0.58, 0.42, 0.78),
    "brown": (0.52, 0.38, 0.28),
    "gray": (0.55, 0.55, 0.55),
    "white": (0.95, 0.95, 0.95),
    "black": (0.10, 0.10, 0.12),
}
SIDES = {
    1: (0.4, 0.85),
    2: (0.33, 0.6),
    3: (0.27, 0.45),
    4: (0.25, 0.4),
}  # of a box, by their number
NUMBERS = (1, 2, 2, 2, 3, 4)  # of emoji in a scene: two as often as all others together
MOST_OVERLAP = 0.05  # of the smaller box
OVERLAPPING = 0.1  # share of scenes that allow more
TRIES = 40
RECOLOURED = 0.3  # share of emoji with red, green and blue in another order


@dataclass(frozen=True)
class Scene:
    """A picture with its layout and caption.

    Attributes:
        picture: float (3, h, w), 0..1.
        caption: names the emoji and the background.
        phrases: the emoji's names, as in the caption.
        boxes: x0 y0 x1 y1 in 0..1 of each.
        references: float (subjects, 3, side, side), each emoji on black.
    """

    picture: Tensor
    caption: str
    phrases: tuple[str, ...]
    boxes: tuple[tuple[float, float, float, float], ...]
    references: Tensor


def make_scene(
    emoji: Sequence[Emoji],
    height: int,
    width: int,
    random: np.random.Generator,
    number: int,
    vary: bool = True,
    repeat: bool = False,
) -> Scene:
    """A scene of `height` × `width` cells with `number` emoji; a later one hides an earlier one.

    Args:
        vary: whether they are mirrored and recoloured, see `varied`.
        repeat: whether one may come twice.
    """
    places = _places(random, height, width, number)
    numbers = random.choice(len(emoji), len(places), replace=repeat)
    chosen = [emoji[int(number)] for number in numbers]
    if vary:
        chosen = [varied(one, random) for one in chosen]
    colour = str(random.choice(list(COLOURS)))
    picture = background(colour, height, width, random)
    for one, (x0, y0, x1, y1) in zip(chosen, places, strict=True):
        cut = shrink(one.picture, y1 - y0, x1 - x0)
        part = picture[:, y0:y1, x0:x1]
        part.mul_(1 - cut[3:]).add_(cut[:3])
    size = np.array([width, height, width, height])
    names = tuple(one.name for one in chosen)
    return Scene(
        picture.clamp(0, 1),
        caption(names, colour),
        names,
        tuple(tuple((np.array(place) / size).tolist()) for place in places),
        torch.stack([one.picture[:3] for one in chosen]),
    )


def varied(emoji: Emoji, random: np.random.Generator) -> Emoji:
    """Half of them mirrored, some in other colours: what they look like is for the picture to say.

    Without this, a thousand emoji are few enough to be learned by name.
    """
    picture = emoji.picture
    if random.random() < 0.5:
        picture = picture.flip(-1)
    if random.random() < RECOLOURED:
        picture = picture[[*random.permutation(3), 3]]
    return Emoji(emoji.name, picture)


def caption(names: Sequence[str], colour: str) -> str:
    """ "a beer mug and a bus on a pink background" """
    things = [f"{'an' if name[0] in 'aeiou' else 'a'} {name}" for name in names]
    listed = " and ".join([", ".join(things[:-1]), things[-1]] if things[1:] else things)
    return f"{listed} on {'an' if colour[0] in 'aeiou' else 'a'} {colour} background"


def background(colour: str, height: int, width: int, random: np.random.Generator) -> Tensor:
    """A gradient between two shades of a colour: (3, height, width)."""
    angle = random.uniform(0, 2 * np.pi)
    y, x = torch.linspace(-1, 1, height)[:, None], torch.linspace(-1, 1, width)
    along = (np.cos(angle) * x + np.sin(angle) * y) / 2
    base = torch.tensor(COLOURS[colour]) + torch.from_numpy(random.normal(0, 0.03, 3)).float()
    return (base[:, None, None] + random.uniform(0, 0.25) * along).clamp(0, 1)


def shrink(picture: Tensor, height: int, width: int) -> Tensor:
    """An emoji (4, SIDE, SIDE) at another size, colours still times alpha."""
    size = (height, width)
    resized = F.interpolate(picture[None], size, mode="bilinear", antialias=True)
    return resized[0].clamp(0, 1)


def _places(
    random: np.random.Generator, height: int, width: int, number: int
) -> list[tuple[int, ...]]:
    """Boxes in cells that hardly overlap, but for some scenes; fewer where no room was found."""
    low, high = SIDES[number]
    most = 1.0 if random.random() < OVERLAPPING else MOST_OVERLAP
    places: list[tuple[int, ...]] = []
    for _ in range(TRIES):
        if len(places) == number:
            break
        side = random.uniform(low, high)
        stretch = np.exp(random.uniform(-0.3, 0.3))
        w = min(max(round(width * side * stretch), 4), width)
        h = min(max(round(height * side / stretch), 4), height)
        x, y = random.integers(0, width - w + 1), random.integers(0, height - h + 1)
        place = (int(x), int(y), int(x + w), int(y + h))
        if all(overlap(place, other) <= most for other in places):
            places.append(place)
    return places


def overlap(one: Sequence[float], other: Sequence[float]) -> float:
    """The common area of two boxes as a share of the smaller one."""
    w = min(one[2], other[2]) - max(one[0], other[0])
    h = min(one[3], other[3]) - max(one[1], other[1])
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return max(w, 0) * max(h, 0) / min(areas)
