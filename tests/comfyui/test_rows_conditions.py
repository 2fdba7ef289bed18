"""Any conditioning of the positive prompt: parts of it, at times, in areas, with hooks."""

import comfy.samplers
import nodes
import pytest
import torch
from comfy_extras import nodes_hooks
from loras import hooked, lora
from other_packs import core
from rows import ONE_STEP, WHOLE, Rows, close
from sampling import PROMPT, ksampler


@pytest.fixture(scope="module")
def rows(tiny, patch, subjects):
    return Rows(tiny, patch, subjects)


def in_area(conditioning, x=32, y=0, width=64, height=128):
    sizes = {"x": x, "y": y, "width": width, "height": height}
    return core(nodes.ConditioningSetArea, conditioning=conditioning, **sizes, strength=0.9)


def in_mask(conditioning, **changes):
    mask = torch.zeros(1, 16, 16)
    mask[:, 4:12, 2:10] = 1
    inputs = {"mask": mask, "set_cond_area": "default", "strength": 0.8, **changes}
    return core(nodes.ConditioningSetMask, conditioning=conditioning, **inputs)


def at(conditioning, start, end):
    node = nodes.ConditioningSetTimestepRange
    return core(node, conditioning=conditioning, start=start, end=end)


def with_hook(conditioning):
    return hooked(conditioning, lora("attn2_to_q", "attn1_to_v"))


def with_default(conditioning, other):
    """The prompt in a mask, another one where it leaves room."""
    node = nodes_hooks.ConditioningSetDefaultAndCombine
    return core(node, cond=in_mask(conditioning), cond_DEFAULT=other)


POSITIVE = {
    "two prompts": lambda a, b: a + b,
    "one prompt twice": lambda a, b: a + a,
    "an area": lambda a, b: in_area(a),
    "an area beside all": lambda a, b: in_area(a) + b,
    "two areas": lambda a, b: in_area(a, x=0) + in_area(b, x=64),
    "a mask": lambda a, b: in_mask(a) + b,
    "a mask's bounds": lambda a, b: in_mask(a, set_cond_area="mask bounds") + b,
    "the whole, then a part": lambda a, b: at(a, 0.0, 0.5) + at(in_area(b), 0.5, 1.0),
    "later": lambda a, b: at(a, 0.4, 1.0),
    "a hook": lambda a, b: with_hook(a),
    "a hook on one of two": lambda a, b: with_hook(a) + b,
    "a default": lambda a, b: with_default(a, b),
}


@pytest.mark.parametrize("name", POSITIVE)
def test_the_positive_prompt(name, tiny, rows):
    positive = POSITIVE[name](rows.texts[PROMPT], rows.texts["snow"])
    settings = {**ONE_STEP, "steps": 3, "cfg": 2.0, "positive": positive}
    rows.check(lambda model: ksampler(tiny, model, **settings), boxes=WHOLE)


def test_at_cfg_1(tiny, rows):
    positive = in_area(rows.texts[PROMPT]) + rows.texts["snow"]
    settings = {**ONE_STEP, "cfg": 1.0, "positive": positive}
    rows.check(lambda model: ksampler(tiny, model, **settings), boxes=WHOLE)


@pytest.mark.parametrize("name", ["area", "mask's bounds"])
def test_the_negative_prompt(name, tiny, rows):
    # ComfyUI puts a copy with this area into the other list: here the positive one gets it
    change = in_area if name == "area" else lambda c: in_mask(c, set_cond_area="mask bounds")
    settings = {**ONE_STEP, "negative": change(rows.texts["blurry"])}
    rows.check(lambda model: ksampler(tiny, model, **settings), boxes=WHOLE)


def test_both_prompts_have_areas_and_the_same_text(tiny, patch, rows):
    # text cannot tell them apart: with one step the latent is linear in what each gives at cfg 1
    same = in_area(rows.texts[PROMPT], x=0, width=128)
    settings = {**ONE_STEP, "positive": same, "negative": same}
    ours = patch(boxes=WHOLE)
    with_subjects = ksampler(tiny, ours, **settings, cfg=1.0)
    without = ksampler(tiny, tiny.model, **settings, cfg=1.0)
    made = ksampler(tiny, ours, **settings)
    assert close(made, without + 7 * (with_subjects - without))
    assert not close(made, without, 1e-2)


def test_a_text_exchanged_where_it_cannot_be_told_is_an_error(tiny, patch, rows):
    """A pack that makes new texts for conditions that stand in both lists."""

    def exchange(args):
        conds = [[dict(entry) for entry in entries] for entries in args["conds"]]
        for entry in (entry for entries in conds for entry in entries):
            text = entry["model_conds"]["c_crossattn"]
            text = text._copy_with(text.cond * 1.5)
            entry["model_conds"] = {**entry["model_conds"], "c_crossattn": text}
        inputs = (args["input"], args["sigma"], args["model_options"])
        return comfy.samplers.calc_cond_batch(args["model"], conds, *inputs)

    settings = {**ONE_STEP, "positive": in_area(rows.texts[PROMPT])}
    model = patch().clone()
    model.set_model_sampler_calc_cond_batch_function(exchange)
    with pytest.raises(ValueError, match="exchanged the text .* in the positive and in the negat"):
        ksampler(tiny, model, **settings)
    # without an area each stands in one list alone
    made = ksampler(tiny, model, **ONE_STEP)
    assert not torch.equal(made, ksampler(tiny, patch(), **ONE_STEP))
