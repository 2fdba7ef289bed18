"""Held-out emoji in boxes for the toy: what to paint, and how near a place is to which."""

from dataclasses import replace

import numpy as np
from tiny_world.emoji import held_out
from tiny_world.nearness import background, distance
from tiny_world.painting import Job

SIDE = 256
SETTINGS = {"width": SIDE, "height": SIDE, "steps": 5}
LAYOUTS = (
    ((0.03, 0.2, 0.48, 0.8), (0.52, 0.2, 0.97, 0.8)),
    ((0.2, 0.03, 0.8, 0.48), (0.2, 0.52, 0.8, 0.97)),
    ((0.03, 0.03, 0.5, 0.5), (0.5, 0.5, 0.97, 0.97)),
    ((0.5, 0.03, 0.97, 0.5), (0.03, 0.5, 0.5, 0.97)),
)


def pair(seed):
    """Two different emoji."""
    numbers = np.random.default_rng(seed).choice(len(held_out()), 2, replace=False)
    return tuple(held_out()[number] for number in numbers)


def job(seed, emoji=None, **changes):
    """The seed chooses emoji, boxes and noise; anything can be changed."""
    emoji = emoji or pair(seed)
    names = [one.name for one in emoji]
    wanted = Job(
        pictures=tuple(one.on_black() for one in emoji),
        phrases=tuple(names),
        boxes=LAYOUTS[seed % len(LAYOUTS)][: len(emoji)],
        prompt=" and ".join(f"a {name}" for name in names) + " on a gray background",
        seed=seed,
        **SETTINGS,
    )
    return replace(wanted, **changes)


def distances(picture, boxes, emoji):
    """(boxes, emoji): how far each place is from each emoji."""
    colour = background(picture, boxes)
    return np.array([[distance(picture, box, one, colour) for one in emoji] for box in boxes])
