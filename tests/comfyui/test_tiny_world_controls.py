"""Each control's effect on held-out emoji, measured as in `test_tiny_world.py`.

`pytest -rP` shows the numbers. Where all subjects follow, or a ratio is far from what is asked, six
seeds are enough.
"""

from dataclasses import replace

import numpy as np
import torch
from emoji_jobs import SIDE, distances, job, pair
from tiny_world.painting import paint, sample, subject_model

LEFT, RIGHT = (0.03, 0.25, 0.48, 0.75), (0.52, 0.25, 0.97, 0.75)
MIDDLE = (0.25, 0.25, 0.75, 0.75)
SEEDS, FEW = range(10), range(6)


def test_a_moved_box_moves_its_subject(run):
    right = []
    for seed in FEW:
        emoji = pair(seed)[:1]
        for own, other in ((LEFT, RIGHT), (RIGHT, LEFT)):
            picture = paint(run, job(seed, emoji, boxes=(own,)))
            found = distances(picture, (own, other), emoji)
            right.append(found[0, 0] < found[1, 0])
    print(f"{np.mean(right):.1%} of {len(right)} subjects moved with their box")
    assert np.mean(right) >= 0.9


def test_masks_place_subjects_as_boxes_do(run):
    y, x = torch.meshgrid(*[torch.linspace(0, 1, SIDE)] * 2, indexing="ij")
    # round, and no box is given
    discs = torch.stack([((x - a) ** 2 + (y - 0.5) ** 2).sqrt() < 0.22 for a in (0.26, 0.74)])
    boxes = ((0.04, 0.28, 0.48, 0.72), (0.52, 0.28, 0.96, 0.72))
    right = []
    for seed in FEW:
        nowhere = ((0, 0, 0, 0), (0, 0, 0, 0))
        picture = paint(run, job(seed, boxes=nowhere, masks=discs.float()))
        found = distances(picture, boxes, pair(seed))
        right += [found[0, 0] < found[0, 1], found[1, 1] < found[1, 0]]
    print(f"{np.mean(right):.1%} of {len(right)} discs are nearer to their own subject")
    assert np.mean(right) >= 0.9


def test_a_subjects_weight_is_its_own(run):
    kept, lost = [], []
    for seed in SEEDS:
        boxes = (LEFT, RIGHT)
        both = distances(paint(run, job(seed, boxes=boxes)), boxes, pair(seed))
        only = {"subject_weights": "0.6, 0"}
        one = distances(paint(run, job(seed, boxes=boxes, apply=only)), boxes, pair(seed))
        kept.append(one[0, 0] / both[0, 0])
        lost.append(one[1, 1] / both[1, 1])
    print(
        f"distance to its own, ÷ with both: {np.median(kept):.2f} kept, {np.median(lost):.2f} off"
    )
    assert np.median(kept) <= 1.5
    assert np.median(lost) >= 1.5


def test_topmost_shows_the_later_subject(run):
    shares = {}
    for overlap in ("joint", "topmost"):
        later = []
        for seed in SEEDS:
            boxes = (MIDDLE, MIDDLE)
            picture = paint(run, job(seed, boxes=boxes, apply={"overlap": overlap}))
            found = distances(picture, boxes, pair(seed))[0]
            later.append(found[1] < found[0])
        shares[overlap] = np.mean(later)
    print(f"nearer to the later subject: {shares}")
    assert shares["topmost"] >= 0.9
    assert 0.2 <= shares["joint"] <= 0.8


def test_auto_layout_changes_the_picture_where_it_finds_the_subjects(run):
    ratios = []
    for seed in FEW:
        wanted = job(seed, steps=8, auto={"threshold": 0.5, "start_step": 3})
        model = subject_model(run, wanted)
        latent = sample(run, wanted, model)
        masks = run("ShowAreas", model=model, samples=latent)[1]
        found = torch.nn.functional.interpolate(masks[None], latent["samples"].shape[-2:])[0]
        inside = found.amax(0) > 0
        plain = replace(wanted, auto=None)
        boxes = sample(run, plain, subject_model(run, plain))
        change = (latent["samples"] - boxes["samples"])[0].abs().mean(0)
        assert 0 < inside.float().mean() < 1
        ratios.append((change[inside].mean() / change[~inside].mean()).item())
    print(f"change inside ÷ outside of the areas found: {np.median(ratios):.2f}")
    assert np.median(ratios) >= 1.2
