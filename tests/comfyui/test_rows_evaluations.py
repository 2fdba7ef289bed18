"""Nodes that evaluate conditions by themselves: beside the guider, in its place, in any order."""

import comfy.sampler_helpers
import comfy.samplers
import nodes
import pytest
import torch
from comfy.samplers import calc_cond_batch
from comfy_extras import nodes_apg, nodes_model_advanced, nodes_pag, nodes_perpneg, nodes_sag
from other_packs import core
from rows import ONE_STEP, Rows
from sampling import PROMPT, ksampler


@pytest.fixture(scope="module")
def rows(tiny, patch, subjects):
    return Rows(tiny, patch, subjects)


def turned_round(model):
    """The list of conditions evaluated the other way round."""

    def evaluate(args):
        inputs = (args["input"], args["sigma"], args["model_options"])
        return calc_cond_batch(args["model"], args["conds"][::-1], *inputs)[::-1]

    clone = model.clone()
    clone.set_model_sampler_calc_cond_batch_function(evaluate)
    return clone


def one_by_one(model):
    """Each prompt evaluated in a list of its own, the negative one first."""

    def evaluate(args):
        inputs = (args["input"], args["sigma"], args["model_options"])
        negative = calc_cond_batch(args["model"], [args["conds"][1]], *inputs)
        return calc_cond_batch(args["model"], [args["conds"][0]], *inputs) + negative

    clone = model.clone()
    clone.set_model_sampler_calc_cond_batch_function(evaluate)
    return clone


def empty_text_first(empty):
    """A text of the pack's own, evaluated before anything else is."""
    conds = comfy.sampler_helpers.convert_cond(empty)

    def join(model):
        def evaluate(args):
            model, x = args["model"], args["input"]
            own = comfy.samplers.encode_model_conds(model.extra_conds, conds, x, x.device, "empty")
            inputs = (x, args["sigma"], args["model_options"])
            (nothing,) = calc_cond_batch(model, [own], *inputs)
            made = calc_cond_batch(model, args["conds"], *inputs)
            return [(2 * made[0] + nothing) / 3, made[1]]

        clone = model.clone()
        clone.set_model_sampler_calc_cond_batch_function(evaluate)
        return clone

    return join


def before_guidance(model):
    """A pre-CFG function that looks at a shifted latent: the negative prompt, then both."""

    def change(args):
        conds, options = args["conds"], args["model_options"]
        inputs = (args["input"] * 0.9, args["sigma"], options)
        (negative,) = calc_cond_batch(args["model"], [conds[1]], *inputs)
        other, positive = calc_cond_batch(args["model"], [conds[1], conds[0]], *inputs)
        first, second = args["conds_out"]
        return [(first + positive) / 2, (2 * second + negative + other) / 4]

    clone = model.clone()
    clone.set_model_sampler_pre_cfg_function(change)
    return clone


def after_guidance(model):
    """A post-CFG function that evaluates each prompt alone, at number 0, with copied conditions."""

    def change(args):
        made = args["denoised"]
        for name, share in (("uncond", 0.2), ("cond", -0.3)):
            conds = [dict(entry) for entry in args[name]]
            inputs = (args["input"] * 1.1, args["sigma"], args["model_options"])
            made = made + share * calc_cond_batch(args["model"], [conds], *inputs)[0]
        return made

    clone = model.clone()
    clone.set_model_sampler_post_cfg_function(change)
    return clone


def without_skipping(model):
    clone = model.clone()
    clone.model_options["disable_cfg1_optimization"] = True
    return clone


NODES = {
    "turned round": turned_round,
    "one by one": one_by_one,
    "pre-CFG function": before_guidance,
    "post-CFG function": after_guidance,
    "SAG": lambda model: core(
        nodes_sag.SelfAttentionGuidance, model=model, scale=0.5, blur_sigma=2.0
    ),
    "PAG": lambda model: core(nodes_pag.PerturbedAttentionGuidance, model=model, scale=3.0),
    "RescaleCFG": lambda model: core(nodes_model_advanced.RescaleCFG, model=model, multiplier=0.7),
    "APG": lambda model: core(
        nodes_apg.APG, model=model, eta=0.5, norm_threshold=9.0, momentum=0.1
    ),
}


@pytest.mark.parametrize("name", NODES)
def test_a_node(name, tiny, rows):
    def sample(model):
        return ksampler(tiny, model, **ONE_STEP)

    made = rows.check(sample, NODES[name], near=1e-3)
    assert not torch.equal(made, sample(rows.patch())) or name in ("turned round", "one by one")


def test_perp_neg_as_a_node(tiny, rows):
    def join(model):
        inputs = {"empty_conditioning": rows.texts[""], "neg_scale": 0.7}
        return core(nodes_perpneg.PerpNeg, model=model, **inputs)

    rows.check(lambda model: ksampler(tiny, model, **ONE_STEP), join, near=1e-3)


@pytest.mark.parametrize("cfg", [1.0, 7.0])
def test_a_text_of_its_own_before_the_samplers(cfg, tiny, rows):
    settings = {**ONE_STEP, "cfg": cfg}
    join = empty_text_first(rows.texts[""])

    def both(model):
        return without_skipping(join(model))

    rows.check(lambda model: ksampler(tiny, model, **settings), both, near=1e-3)


def test_a_text_of_its_own_while_the_positive_prompt_has_not_begun(tiny, rows):
    node = nodes.ConditioningSetTimestepRange
    positive = core(node, conditioning=rows.texts[PROMPT], start=0.4, end=1.0)
    settings = {**ONE_STEP, "steps": 3, "cfg": 2.0, "positive": positive}
    join = empty_text_first(rows.texts[""])
    rows.check(lambda model: ksampler(tiny, model, **settings), join)


@pytest.mark.parametrize("cfg", [1.0, 7.0])
@pytest.mark.parametrize("sampler", ["euler_cfg_pp", "dpmpp_2m_cfg_pp", "euler_ancestral_cfg_pp"])
def test_a_cfg_pp_sampler(sampler, cfg, tiny, rows):
    settings = {**ONE_STEP, "steps": 2, "sampler_name": sampler, "cfg": cfg}
    rows.check(lambda model: ksampler(tiny, model, **settings), near=1e-3)


def test_conditions_in_place_of_the_samplers_are_an_error(tiny, rows):
    conds = comfy.sampler_helpers.convert_cond(rows.texts["snow"])

    def evaluate(args):
        model, x = args["model"], args["input"]
        own = comfy.samplers.encode_model_conds(model.extra_conds, conds, x, x.device, "own")
        return calc_cond_batch(model, [own, own], x, args["sigma"], args["model_options"])

    ours = rows.patch()
    expected = ksampler(tiny, ours, **ONE_STEP)
    model = ours.clone()
    model.set_model_sampler_calc_cond_batch_function(evaluate)
    with pytest.raises(ValueError, match="conditions of its own in place of the sampler's"):
        ksampler(tiny, model, **ONE_STEP)
    assert torch.equal(ksampler(tiny, ours, **ONE_STEP), expected), "the next run is unharmed"
