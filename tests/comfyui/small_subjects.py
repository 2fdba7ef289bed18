"""Pictures of the toy in which the subjects are small, and the detailer for them."""

from functools import cache

import nodes
from emoji_jobs import SIDE, job
from tiny_world.painting import paint, subject_model, world

BOXES = (
    ((0.1, 0.1, 0.35, 0.35), (0.6, 0.6, 0.85, 0.85)),
    ((0.55, 0.1, 0.85, 0.35), (0.1, 0.55, 0.4, 0.9)),
    ((0.06, 0.4, 0.31, 0.65), (0.65, 0.4, 0.9, 0.65)),
)
FEATHER = 8


def small_job(seed, **changes):
    return job(seed, **{"boxes": BOXES[seed % len(BOXES)], "steps": 6, **changes})


@cache
def painted(run, seed):
    """A job, its model and its picture (1, h, w, 3)."""
    wanted = small_job(seed)
    return wanted, subject_model(run, wanted), paint(run, wanted).clamp(0, 1)[None]


def layout_of(run, boxes, width=SIDE, height=SIDE):
    return run("LayoutBoxes", boxes=str([list(box) for box in boxes]), width=width, height=height)[
        0
    ]


def detailed(run, wanted, model, image, **changes):
    """The pictures and the masks of SubjectDetailer."""
    toy = world(run)
    settings = {"seed": 1, "steps": 6, "cfg": 3.0, "sampler_name": "euler", "scheduler": "normal"}
    cut = {"denoise": 0.7, "size": SIDE, "padding": 0.25, "feather": FEATHER}
    inputs = {
        "model": model,
        "image": image,
        "vae": toy.vae,
        "positive": nodes.CLIPTextEncode().encode(toy.clip, wanted.prompt)[0],
        "negative": nodes.CLIPTextEncode().encode(toy.clip, "")[0],
        **settings,
        **cut,
        **changes,
    }
    inputs.setdefault("layout", layout_of(run, wanted.boxes))
    return run("SubjectDetailer", **inputs)
