"""The toy that was trained on emoji, through the nodes and KSampler: subjects in their places.

All emoji here are held out from the training. How near a place is to an emoji is measured as
`tiny_world.nearness` explains. The seeds are fixed: they choose emoji, boxes and noise. There are
as many as leave no room for chance; README tells the shares with 100 seeds, 99.5 % and 52 %.
"""

import numpy as np
import pytest
import torch
from emoji_jobs import LAYOUTS, distances, job, pair
from tiny_world.nearness import background
from tiny_world.painting import paint
from tiny_world.training.scenes import COLOURS, caption


def nearer_to_their_own(run, pictures, swapped=False, **changes):
    """The share of boxes that are nearer to their subject's reference than to the other's."""
    right = []
    for seed in range(pictures):
        boxes = LAYOUTS[seed % len(LAYOUTS)][:: -1 if swapped else 1]
        found = distances(paint(run, job(seed, boxes=boxes, **changes)), boxes, pair(seed))
        right += [found[0, 0] < found[0, 1], found[1, 1] < found[1, 0]]
    print(f"{np.mean(right):.1%} of {len(right)} boxes")  # `pytest -rP` shows it
    return np.mean(right)


@pytest.mark.parametrize("swapped", [False, True], ids=["as drawn", "swapped"])
def test_subjects_stand_in_their_boxes(swapped, run):
    assert nearer_to_their_own(run, 24, swapped) >= 0.9  # of 48 boxes; chance is a half


def test_without_weight_the_boxes_show_neither_subject(run):
    # a place that shows neither is nearer to the same one in both boxes: to its own in one of them
    assert 0.4 <= nearer_to_their_own(run, 12, apply={"weight": 0.0}) <= 0.6


def test_the_text_says_the_background(run):
    """Chance is one in twelve."""
    right = []
    for seed, colour in enumerate(COLOURS):
        names = [one.name for one in pair(seed)]
        wanted = job(seed, prompt=caption(names, colour))
        shown = background(paint(run, wanted), wanted.boxes)
        far = {name: (shown - torch.tensor(rgb)).norm() for name, rgb in COLOURS.items()}
        right.append(min(far, key=far.get) == colour)
    print(f"{sum(right)} of {len(right)} backgrounds")
    assert np.mean(right) >= 0.8
