"""Each control on the real sampler: where in the sampled picture the subjects' effect is.

The tiny model mixes places in its self-attention, so the effect is not zero elsewhere; it is
clearly stronger where it belongs.
"""

from dataclasses import replace

import nodes
import pytest
import torch
from sampling import PROMPT, empty_latent, ksampler, text

SETTINGS = {"steps": 2, "cfg": 1.0, "latent_image": empty_latent(256, 256)}
NONE = [0, 0, 0, 0]
CORNER = [0, 0, 0.5, 0.5]
SIZE = 32
CLEARLY = 1.15


def area(x0, y0, x1, y1):
    """True inside a box on the latent."""
    made = torch.zeros(SIZE, SIZE, dtype=torch.bool)
    made[int(y0 * SIZE) : int(y1 * SIZE), int(x0 * SIZE) : int(x1 * SIZE)] = True
    return made


LEFT, RIGHT, TOP_LEFT = area(0, 0, 0.5, 1), area(0.5, 0, 1, 1), area(*CORNER)


def stronger(effect, inside):
    """How much stronger the effect is inside than outside."""
    return effect[inside].mean() / effect[~inside].mean()


@pytest.fixture(scope="module")
def sample(tiny):
    def run(model, **changes):
        return ksampler(tiny, model, **{**SETTINGS, **changes})

    return run


@pytest.fixture(scope="module")
def effect(tiny, sample):
    """The size of what a model changes in the picture, over another or the plain one: (h, w)."""

    def measure(model, other=None, **changes):
        difference = sample(model, **changes) - sample(other or tiny.model, **changes)
        return difference.abs().mean(1)[0]

    return measure


def test_a_box_and_a_moved_box(patch, effect):
    assert stronger(effect(patch(boxes=str([[0, 0, 0.5, 1], NONE]))), LEFT) > CLEARLY
    assert stronger(effect(patch(boxes=str([[0.5, 0, 1, 1], NONE]))), RIGHT) > CLEARLY


def test_a_mask_and_a_soft_mask(run, patch, effect):
    corner = torch.stack([TOP_LEFT.float(), torch.full((SIZE, SIZE), 1e-6)])

    def masked(share):
        made = run("LayoutBoxes", boxes="", width=256, height=256, masks=corner * share)[0]
        return effect(patch(layout=made, subject_weights="0.6, 0"))

    hard, soft = masked(1.0), masked(0.25)
    assert stronger(hard, TOP_LEFT) > 2
    assert soft[TOP_LEFT].mean() < 0.5 * hard[TOP_LEFT].mean()


def test_weight_and_switch_of_one_subject(options, patch, effect):
    for changes in ({"weight": 0.0}, {"enabled": False}):
        changed = options(2, **changes)
        assert stronger(effect(patch(subjects=changed)), LEFT) > CLEARLY


def test_time_of_one_subject(options, patch, effect):
    model = patch(subjects=options(1, start_percent=0.6))
    first = effect(model, steps=4, start_step=0, last_step=1)
    last = effect(model, steps=4, start_step=3, last_step=4)
    assert stronger(first, RIGHT) > CLEARLY
    assert stronger(last, RIGHT) < stronger(first, RIGHT)


def test_weights_of_views(run, tiny, options, patch, effect):
    views = torch.rand(2, 48, 64, 3, generator=torch.Generator().manual_seed(0))
    encoders = {"clip": tiny.clip, "clip_vision": tiny.clip_vision, "phrases": "dog"}
    subjects = run("EncodeSubjects", **encoders, image_1=views)[0]
    box = {"boxes": str([CORNER])}
    halved = options(1, subjects=subjects, view_weights="0.5, 0.5")
    none = options(1, subjects=subjects, view_weights="0, 0")
    full = effect(patch(**box, subjects=subjects))
    assert effect(patch(**box, subjects=halved)).mean() < full.mean()
    assert effect(patch(**box, subjects=none)).max() == 0


def test_the_topmost_subject_differs_in_the_overlap(patch, effect):
    boxes = str([[0, 0, 1, 1], CORNER])
    joint, topmost = patch(boxes=boxes), patch(boxes=boxes, overlap="topmost")
    assert stronger(effect(topmost, joint), TOP_LEFT) > CLEARLY


def test_a_background_subject_acts_everywhere(run, subjects, patch, effect):
    scene = run("BackgroundSubject", subjects=subjects, number=2, weight=0.4)[0]
    boxes = str([NONE, CORNER])  # its own box does not matter any more
    assert stronger(effect(patch(boxes=boxes)), TOP_LEFT) > 2
    assert stronger(effect(patch(boxes=boxes, subjects=scene)), TOP_LEFT) < CLEARLY


def test_text_that_stays_in_its_box_changes_the_rest(patch, effect, auto):
    kept = auto(text_in_box=True, areas=False)
    boxes = str([CORNER, CORNER])
    model = patch(boxes=boxes, weight=0.0, auto_layout=kept)
    assert stronger(effect(model), ~TOP_LEFT) > CLEARLY


def test_each_picture_of_a_batch_has_its_own_layout(run, patch, tiny, sample):
    texts = (str([[0, 0, 0.5, 1], NONE]), str([[0.5, 0, 1, 1], NONE]))
    layouts = [run("LayoutBoxes", boxes=each, width=256, height=256)[0] for each in texts]
    batch = run("BatchLayouts", layout_1=layouts[0], layout_2=layouts[1])[0]
    latent = {"latent_image": empty_latent(256, 256, 2)}
    difference = sample(patch(layout=batch), **latent) - sample(tiny.model, **latent)
    first, second = difference.abs().mean(1)
    assert stronger(first, LEFT) > CLEARLY and stronger(second, RIGHT) > CLEARLY


def test_an_area_of_the_picture_sees_the_layout_of_the_whole(tiny, patch, effect):
    # the area is the right half; the box is the picture's right quarter, so the area's right half
    set_area = nodes.ConditioningSetArea().append
    positive = set_area(text(tiny.clip, PROMPT), 128, 256, 128, 0, 1.0)[0]
    made = effect(patch(boxes=str([[0.75, 0, 1, 1], NONE])), positive=positive)
    assert (made[LEFT] == 0).all()
    assert made[area(0.75, 0, 1, 1)].mean() > CLEARLY * made[area(0.5, 0, 0.75, 1)].mean()
    outside = effect(patch(boxes=str([[0, 0, 0.5, 1], NONE])), positive=positive)
    assert (outside == 0).all(), "a box outside the area does not act in it"


def test_a_tile_sees_the_layout_of_the_whole(run, patch, effect):
    layout = run("LayoutBoxes", boxes=str([[0.75, 0, 1, 1], NONE]), width=512, height=256)[0]
    tile = run("CropLayout", layout=layout, x=256, y=0, width=256, height=256)[0]
    assert stronger(effect(patch(layout=tile)), RIGHT) > CLEARLY
    other = run("CropLayout", layout=layout, x=0, y=0, width=256, height=256)[0]
    assert effect(patch(layout=other)).max() == 0


def test_the_layout_follows_an_upscaled_latent(patch, effect):
    large = {"samples": torch.zeros(1, 4, 48, 32)}
    made = effect(patch(boxes=str([[0, 0, 1, 0.5], NONE])), latent_image=large)
    top = torch.zeros(48, 32, dtype=torch.bool)
    top[:24] = True
    assert stronger(made, top) > CLEARLY


def test_the_layout_follows_deep_shrink(tiny, patch, effect):
    from comfy_extras.nodes_model_downscale import PatchModelAddDownscale

    def shrunk(model):
        node = PatchModelAddDownscale()
        settings = (3, 2.0, 0.0, 1.0, True, "bicubic", "bicubic")
        return getattr(node, node.FUNCTION)(model, *settings)[0]

    model = shrunk(patch(boxes=str([CORNER, NONE])))
    assert stronger(effect(model, shrunk(tiny.model)), TOP_LEFT) > CLEARLY


@pytest.mark.parametrize("count", [8, 16])
def test_every_one_of_many_subjects_acts_in_its_place(count, patch, effect, subjects):
    many = [replace(subjects[n % 2], phrase=f"thing {n}") for n in range(count)]
    boxes = [NONE] * (count - 1) + [CORNER]
    assert stronger(effect(patch(subjects=many, boxes=str(boxes))), TOP_LEFT) > 2
