"""Paints a trial through the pack's nodes and ComfyUI's own, and measures it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from .. import models
from ..emoji import Emoji, held_out
from ..named import named
from ..painting import Run, load_adapter, sampled
from ..pixels import CELL
from ..training.scenes import COLOURS
from .measures import measure
from .records import Record
from .trials import CELLS, Trial

SIDE = CELL * CELLS
STEPS = 8
CFG = 3.0
RGB = {name: torch.tensor(colour) for name, colour in COLOURS.items()}


class Painter:
    """The toy with its adapter.

    Args:
        run: runs a node.
        world: its models.
        emoji: all that may be painted.
    """

    def __init__(self, run: Run, world: models.World, emoji: Sequence[Emoji]) -> None:
        self.run, self.world = run, world
        self.adapter = load_adapter(run, models.WEIGHTS)
        self.emoji = {one.name: one for one in emoji}

    def records(self, trial: Trial, weight: float, follow: dict[str, float]) -> list[Record]:
        """What was measured in each picture.

        Args:
            weight: of the subjects; 0 paints with the text alone.
            follow: settings of TextFollowsLayout.
        """
        pictures = self.paint(trial, weight, follow)
        records = []
        for (kind, boxes), picture in zip(trial.layouts.items(), pictures, strict=True):
            emoji = list(self.emoji.values())
            found = measure(picture, boxes, trial.names, emoji, RGB, trial.colour)
            boxes_found = [each.record() for each in found]
            about = {"number": trial.number, "kind": kind, "twice": trial.twice}
            records.append({**about, "boxes": boxes_found})
        return records

    def paint(self, trial: Trial, weight: float, follow: dict[str, float]) -> Tensor:
        """(pictures, CELLS, CELLS, 3), one of each layout."""
        layout = self._layouts(trial)
        phrases = "\n".join(trial.names)
        model, clip = self.world.model, self.world.clip
        if follow.get("strength", 0) > 0:
            texts = {"clip": clip, "prompt": trial.prompt, "phrases": phrases}
            model = self.run("TextFollowsLayout", model=model, layout=layout, **texts, **follow)[0]
        if weight > 0:
            model = self._with_subjects(trial, model, layout, weight)
        size = {"width": SIDE, "height": SIDE, "batch_size": len(trial.layouts)}
        wanted = (trial.prompt, size, trial.number, STEPS, CFG)
        samples = sampled(self.run, self.world, model, *wanted)
        pictures = self.run("VAEDecode", samples=samples, vae=self.world.vae)[0]
        return pictures[:, ::CELL, ::CELL].clamp(0, 1)

    def _layouts(self, trial: Trial) -> Any:
        texts = [str([list(box) for box in boxes]) for boxes in trial.layouts.values()]
        made = [self.run("LayoutBoxes", boxes=text, width=SIDE, height=SIDE)[0] for text in texts]
        batch = {f"layout_{number}": layout for number, layout in enumerate(made, start=1)}
        return self.run("BatchLayouts", **batch)[0]

    def _with_subjects(self, trial: Trial, model: Any, layout: Any, weight: float) -> Any:
        subjects = self.run(
            "EncodeSubjects",
            clip=self.world.clip,
            clip_vision=self.world.clip_vision,
            phrases="\n".join(trial.names),
            image_1=self.emoji[trial.names[0]].on_black()[None],
            image_2=self.emoji[trial.names[1]].on_black()[None],
        )[0]
        return self.run(
            "ApplyMSDiffusion",
            model=model,
            msd_model=self.adapter,
            subjects=subjects,
            layout=layout,
            weight=weight,
            start_percent=0.0,
            end_percent=1.0,
        )[0]


def load_painter(run: Run, alike: bool = False) -> Painter:
    """The toy that knows names, or the one that asks references; its samplers are quiet."""
    import comfy.utils

    comfy.utils.PROGRESS_BAR_ENABLED = False
    if alike:
        return Painter(run, models.load(), held_out())
    return Painter(run, models.load_by_name(), named())
