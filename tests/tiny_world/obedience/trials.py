"""What is painted: two named emoji, in four layouts at once; the number decides everything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import combinations

import numpy as np

from ..emoji import Emoji, held_out
from ..named import named
from ..nearness import Box

CELLS = 32  # of a picture's side
GAP = 1  # cells between two boxes, at least
COLOURS = ("pink", "green", "teal", "blue", "purple", "brown", "gray", "white")
ALIKE = 30  # pairs of emoji that look alike
TOUCHING: dict[str, tuple[Box, Box]] = {
    "side by side": ((0.03, 0.25, 0.5, 0.75), (0.5, 0.25, 0.97, 0.75)),
    "one above the other": ((0.25, 0.03, 0.75, 0.5), (0.25, 0.5, 0.75, 0.97)),
    "falling": ((0.03, 0.1, 0.5, 0.6), (0.5, 0.4, 0.97, 0.9)),
    "rising": ((0.03, 0.4, 0.5, 0.9), (0.5, 0.1, 0.97, 0.6)),
}
TWICE = 4  # each so many-th trial has the same emoji twice


@dataclass(frozen=True)
class Trial:
    """One batch of pictures of one prompt.

    Attributes:
        number: also the seed of the noise.
        names: of the emoji, one a box.
        layouts: the two boxes of each picture, by kind.
        colour: of the background.
    """

    number: int
    names: tuple[str, str]
    layouts: dict[str, tuple[Box, Box]]
    colour: str

    @property
    def prompt(self) -> str:
        things = [f"{'an' if name[0] in 'aeiou' else 'a'} {name}" for name in self.names]
        return f"{' and '.join(things)} on a {self.colour} background"

    @property
    def twice(self) -> bool:
        return self.names[0] == self.names[1]


def trial(number: int) -> Trial:
    """The trial of that number."""
    random = np.random.default_rng(number)
    emoji = named()
    first, second = (emoji[int(n)].name for n in random.choice(len(emoji), 2, replace=False))
    names = (first, first) if number % TWICE == TWICE - 1 else (first, second)
    layouts = {kind: make(random) for kind, make in KINDS.items()}
    return Trial(number, names, layouts, str(random.choice(COLOURS)))


def alike(number: int) -> Trial:
    """Two held-out emoji that look much alike, in boxes that touch: what subjects may confuse."""
    random = np.random.default_rng(number)
    first, second = (one.name for one in _alike_pairs()[number % ALIKE])
    names = (first, second) if random.random() < 0.5 else (second, first)
    return Trial(number, names, TOUCHING, str(random.choice(COLOURS)))


@cache
def _alike_pairs() -> list[tuple[Emoji, Emoji]]:
    """Pairs of held-out emoji, the most alike before."""
    apart = {}
    for one, other in combinations(held_out(), 2):
        apart[one.name, other.name] = (one.on_black() - other.on_black()).square().mean().item()
    by_name = {one.name: one for one in held_out()}
    nearest = sorted(apart, key=apart.__getitem__)
    return [(by_name[first], by_name[second]) for first, second in nearest]


def _apart(
    random: np.random.Generator, sides: Callable[[np.random.Generator], tuple[int, int]]
) -> tuple[Box, Box]:
    """Two boxes of such sides anywhere, which do not touch."""
    while True:
        boxes = []
        for _ in range(2):
            width, height = sides(random)
            x = int(random.integers(0, CELLS - width + 1))
            y = int(random.integers(0, CELLS - height + 1))
            boxes.append((x, y, x + width, y + height))
        (a, b, c, d), (e, f, g, h) = boxes
        if max(a, e) - min(c, g) >= GAP or max(b, f) - min(d, h) >= GAP:
            return _shares(boxes[0]), _shares(boxes[1])


def _shares(cells: tuple[int, ...]) -> Box:
    x0, y0, x1, y1 = (edge / CELLS for edge in cells)
    return (x0, y0, x1, y1)


def _usual(random: np.random.Generator) -> tuple[Box, Box]:
    """As in the training: 0.34 to 0.5 of the side."""
    return _apart(random, lambda r: (int(r.integers(11, 17)), int(r.integers(11, 17))))


def _tiny(random: np.random.Generator) -> tuple[Box, Box]:
    """0.19 to 0.25 of the side; the least in training is 0.25, and with two emoji 0.33."""
    return _apart(random, lambda r: (int(r.integers(6, 9)),) * 2)


def _tall(random: np.random.Generator) -> tuple[Box, Box]:
    """Three times as tall as wide, or as wide as tall; at most 1.8 in training."""

    def sides(r: np.random.Generator) -> tuple[int, int]:
        short = int(r.integers(7, 10))
        return (short, 3 * short) if r.random() < 0.5 else (3 * short, short)

    return _apart(random, sides)


def _corners(random: np.random.Generator) -> tuple[Box, Box]:
    """In two of the picture's corners."""
    boxes = []
    for corner in random.choice(4, 2, replace=False):
        side = int(random.integers(10, 15))
        x, y = int(corner) % 2 * (CELLS - side), int(corner) // 2 * (CELLS - side)
        boxes.append(_shares((x, y, x + side, y + side)))
    return boxes[0], boxes[1]


KINDS = {"usual": _usual, "tiny": _tiny, "tall": _tall, "corners": _corners}
