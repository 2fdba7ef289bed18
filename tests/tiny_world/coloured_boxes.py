"""Words in boxes on the toy: whether each box gets the background that its own words ask for.

Of all that a prompt says the toy's text decides the background most surely (what an emoji looks
like it asks the references). So each box asks for a background of another colour.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from .nearness import Box
from .painting import Run, sampled, world
from .pixels import CELL
from .training.scenes import COLOURS, caption

SIDE, STEPS, CFG = 256, 8, 3.0
THING = "apple"
LAYOUTS: tuple[tuple[Box, Box], ...] = (
    ((0.03, 0.1, 0.48, 0.9), (0.52, 0.1, 0.97, 0.9)),
    ((0.1, 0.03, 0.9, 0.48), (0.1, 0.52, 0.9, 0.97)),
    ((0.0, 0.0, 0.5, 0.5), (0.5, 0.5, 1.0, 1.0)),
    ((0.5, 0.0, 1.0, 0.5), (0.0, 0.5, 0.5, 1.0)),
)
RGB = {name: torch.tensor(colour) for name, colour in COLOURS.items()}


@dataclass(frozen=True)
class Wish:
    """Two boxes, and a colour for each; the number decides all."""

    number: int

    @property
    def colours(self) -> list[str]:
        random = np.random.default_rng(self.number)
        return list(map(str, random.choice(list(COLOURS), 2, replace=False)))

    @property
    def boxes(self) -> tuple[Box, Box]:
        return LAYOUTS[self.number % len(LAYOUTS)]

    @property
    def lines(self) -> list[str]:
        return [caption([THING], colour) for colour in self.colours]


def right(run: Run, wish: Wish, in_boxes: bool) -> list[bool]:
    """Whether each box is nearest to its colour.

    Args:
        in_boxes: the words act in their boxes; else they stand in the main prompt alone.
    """
    picture = paint(run, wish, in_boxes)
    pairs = zip(wish.boxes, wish.colours, strict=True)
    return [nearest(picture, box) == colour for box, colour in pairs]


def paint(run: Run, wish: Wish, in_boxes: bool) -> Tensor:
    """(cells, cells, 3)."""
    models, size = world(run), {"width": SIDE, "height": SIDE}
    model, encode = models.model, {"clip": models.clip}
    if in_boxes:
        boxes = str([list(box) for box in wish.boxes])
        times = {"strength": 1.0, "start_percent": 0.0, "end_percent": 1.0}
        words = run("BoxPrompts", **encode, prompts="\n".join(wish.lines), **times)[0]
        layout = run("LayoutBoxes", boxes=boxes, **size)[0]
        model = run("ApplyBoxPrompts", model=model, layout=layout, box_prompts=words)[0]
    prompt = " and ".join(wish.lines)
    samples = sampled(run, models, model, prompt, size, wish.number, STEPS, CFG)
    return run("VAEDecode", samples=samples, vae=models.vae)[0][0, ::CELL, ::CELL].clamp(0, 1)


def nearest(picture: Tensor, box: Box) -> str:
    """The colour that a box's median is nearest to."""
    height, width = picture.shape[:2]
    x0, y0, x1, y1 = (
        round(edge * side) for edge, side in zip(box, (width, height) * 2, strict=True)
    )
    median = picture[y0:y1, x0:x1].flatten(0, 1).median(dim=0).values
    return min(RGB, key=lambda name: (RGB[name] - median).norm().item())


def shares(run: Run, numbers: Sequence[int]) -> tuple[float, float]:
    """The share of boxes with their colour: by the main prompt alone, and by words in boxes."""
    wishes = [Wish(number) for number in numbers]
    main, own = ([right(run, wish, how) for wish in wishes] for how in (False, True))
    return float(np.mean(main)), float(np.mean(own))
