"""Who stands behind Apply MS-Diffusion: for a whole block, in our place, around us."""

import nodes
import pytest
import torch
from comfy.ldm.modules.attention import optimized_attention
from other_packs import core, halve
from row_packs import skipping
from rows import ONE_STEP, Rows, close
from sampling import PROMPT, ksampler
from straightforward import SITE_KEYS

BLOCKS = [("input", 8), ("input", 7), ("output", 0), ("output", 3), ("middle", 0)]
TWO_STEPS = {**ONE_STEP, "steps": 2}


@pytest.fixture(scope="module")
def rows(tiny, patch, subjects):
    return Rows(tiny, patch, subjects)


class Counting:
    """A third of the text attention; counts its calls."""

    def __init__(self):
        self.calls = 0

    def __call__(self, q, k, v, extra_options):
        self.calls += 1
        return optimized_attention(q, k, v, extra_options["n_heads"]) / 3

    def __deepcopy__(self, memo):
        return self


def in_whole_blocks(model, counting, index=None):
    clone = model.clone()
    for block in BLOCKS:
        clone.set_model_attn2_replace(counting, *block, index)
    return clone


def test_a_patch_for_whole_blocks_that_comes_later(tiny, patch):
    plain, after, before = Counting(), Counting(), Counting()
    alone = ksampler(tiny, in_whole_blocks(tiny.model, plain), **TWO_STEPS)
    ours = patch()
    made = ksampler(tiny, in_whole_blocks(ours, after), **TWO_STEPS)
    assert after.calls == plain.calls > 0, "called as often as on the plain model"
    assert not close(made, ksampler(tiny, ours, **TWO_STEPS), 1e-3)
    assert not close(made, alone, 1e-3)
    # before or after, it is the same
    first = ksampler(tiny, patch(model=in_whole_blocks(tiny.model, before)), **TWO_STEPS)
    assert torch.equal(first, made) and before.calls == plain.calls
    nothing = in_whole_blocks(patch(weight=0.0), Counting())
    assert torch.equal(ksampler(tiny, nothing, **TWO_STEPS), alone)


def test_a_patch_for_whole_blocks_and_two_layouts(tiny, patch):
    plain, both = Counting(), Counting()
    ksampler(tiny, in_whole_blocks(tiny.model, plain), **ONE_STEP)
    left = patch(boxes="[[0, 0, 0.5, 1], [0, 0, 0, 0]]")
    two = patch(model=left, boxes="[[0, 0, 0, 0], [0.5, 0, 1, 1]]")
    made = ksampler(tiny, in_whole_blocks(two, both), **ONE_STEP)
    assert both.calls == plain.calls
    together = patch(boxes="[[0, 0, 0.5, 1], [0.5, 0, 1, 1]]")
    assert close(made, ksampler(tiny, in_whole_blocks(together, Counting()), **ONE_STEP))


def test_a_patch_for_one_site_hides_one_for_the_whole_block(tiny, patch):
    # as on the plain model, whichever came first
    single, whole = Counting(), Counting()
    model = in_whole_blocks(in_whole_blocks(tiny.model, single, 0), whole)
    ksampler(tiny, model, **ONE_STEP)
    plain = single.calls, whole.calls
    single.calls = whole.calls = 0
    model = in_whole_blocks(patch(model=in_whole_blocks(tiny.model, single, 0)), whole)
    ksampler(tiny, model, **ONE_STEP)
    assert (single.calls, whole.calls) == plain


def in_our_place(model, keys):
    """A pack that puts its own attention at some sites and asks nobody what was there."""
    clone = model.clone()
    for key in keys:
        clone.set_model_attn2_replace(Counting(), *key)
    return clone


@pytest.mark.parametrize("cfg", [1.0, 7.0])
@pytest.mark.parametrize("where", ["everywhere", "at one site", "in the middle"])
def test_a_pack_in_our_place_is_an_error(where, cfg, tiny, patch):
    middle = [key for key in SITE_KEYS if key[0] == "middle"]
    keys = {"everywhere": SITE_KEYS, "at one site": SITE_KEYS[:1], "in the middle": middle}[where]
    settings, ours, steps = {**TWO_STEPS, "cfg": cfg}, patch(), []
    expected = ksampler(tiny, ours, **settings)
    model = in_our_place(ours, keys)
    model.set_model_sampler_post_cfg_function(lambda args: steps.append(1) or args["denoised"])
    match = f"took the subjects' place at {len(keys)} att.*put Apply MS-Diffusion behind it"
    with pytest.raises(ValueError, match=match):
        ksampler(tiny, model, **settings)
    assert not steps, "no step may come to its end"
    assert torch.equal(ksampler(tiny, ours, **settings), expected)
    behind = patch(model=in_our_place(tiny.model, keys))
    theirs = ksampler(tiny, in_our_place(tiny.model, keys), **settings)
    made = ksampler(tiny, behind, **settings)
    assert not close(made, theirs, 1e-3) and not close(made, expected, 1e-3)


def test_a_pack_in_the_place_of_one_of_two_is_an_error(tiny, patch):
    model = patch(model=in_our_place(patch(), SITE_KEYS[:2]))
    with pytest.raises(ValueError, match="took the subjects' place at 2 attentions"):
        ksampler(tiny, model, **ONE_STEP)


def test_a_pack_in_our_place_is_seen_when_a_late_prompt_begins(tiny, patch, rows):
    node = nodes.ConditioningSetTimestepRange
    late = core(node, conditioning=rows.texts[PROMPT], start=0.4, end=1.0)
    settings, steps = {**ONE_STEP, "steps": 3, "positive": late}, []
    ours = patch()
    assert ksampler(tiny, ours, **settings).isfinite().all()
    model = in_our_place(ours, SITE_KEYS)
    model.set_model_sampler_post_cfg_function(lambda args: steps.append(1) or args["denoised"])
    with pytest.raises(ValueError, match="took the subjects' place"):
        ksampler(tiny, model, **settings)
    assert len(steps) == 1, "the first step, in which it does not act yet"


def test_a_pack_around_us_is_none(tiny, rows):
    rows.check(lambda model: ksampler(tiny, model, **TWO_STEPS), halve)


def test_a_pack_around_us_and_skipped_blocks(tiny, rows):
    settings = {**ONE_STEP, "steps": 3}

    def join(model):
        return skipping(halve(model), 6)

    rows.check(lambda model: ksampler(tiny, model, **settings), join)
