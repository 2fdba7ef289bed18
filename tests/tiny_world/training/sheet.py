"""Pictures of held-out emoji, painted as a user would: the pack's nodes and KSampler."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from ..emoji import held_out
from ..painting import Job, Run, paint
from ..pixels import CELL
from .scenes import COLOURS, caption

PICTURES = 12
COLUMNS = 3
SIDE = 256  # of a picture on the sheet, in pixels
BOXES = ((0.04, 0.2, 0.48, 0.8), (0.52, 0.2, 0.96, 0.8))
GAP = 12


class Painter:
    """Paints pairs of emoji that were not in the training, always the same ones."""

    def __init__(self, run: Run) -> None:
        self.run = run

    def sheet(self, weights: Path, path: Path, height: int, width: int) -> None:
        """Saves the pictures of the seeds 0, 1, 2, …, each beside its two references.

        Args:
            height, width: of a picture, in cells.
        """
        shown = [self._entry(seed, weights, height, width) for seed in range(PICTURES)]
        rows = [torch.cat(shown[n : n + COLUMNS], dim=1) for n in range(0, PICTURES, COLUMNS)]
        pixels = (torch.cat(rows).clamp(0, 1) * 255).byte().numpy()
        Image.fromarray(pixels).save(path, quality=70)

    def _entry(self, seed: int, weights: Path, height: int, width: int) -> Tensor:
        job = held_out_job(seed, CELL * height, CELL * width)
        result = paint(self.run, job, weights)[::CELL, ::CELL]
        references = torch.cat([_enlarged(one, SIDE // 2) for one in job.pictures])
        entry = torch.cat([references, _enlarged(result, SIDE)], dim=1)
        return F.pad(entry, (0, 0, 0, GAP, 0, GAP), value=1.0)


def held_out_job(seed: int, height: int, width: int) -> Job:
    """Two held-out emoji side by side; the seed chooses them and the background."""
    random = np.random.default_rng(seed)
    emoji = held_out()
    pair = [emoji[number] for number in random.choice(len(emoji), 2, replace=False)]
    names = tuple(one.name for one in pair)
    prompt = caption(names, str(random.choice(list(COLOURS))))
    pictures = tuple(one.on_black() for one in pair)
    return Job(pictures, names, BOXES, prompt, width, height, seed)


def _enlarged(picture: Tensor, side: int) -> Tensor:
    """(h, w, 3) to (side, side, 3), in squares."""
    return F.interpolate(picture.permute(2, 0, 1)[None], (side, side))[0].permute(1, 2, 0)
