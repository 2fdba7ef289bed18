"""Whatever guider samples, the subjects act in the positive prompt alone.

The oracle goes by the text of each row (`rows.py`), or by what guidance is: with one step, the
latent is what the guider makes of the parts, each of which is sampled by itself at cfg 1.
"""

import nodes
import pytest
from comfy_extras import nodes_custom_sampler, nodes_perpneg
from other_packs import core, guided
from rows import ONE_STEP, WHOLE, Rows, close
from sampling import PROMPT, ksampler


@pytest.fixture(scope="module")
def rows(tiny, patch, subjects):
    return Rows(tiny, patch, subjects)


def plain(model, texts, cfg=7.0):
    inputs = {"positive": texts[PROMPT], "negative": texts["blurry"], "cfg": cfg}
    return core(nodes_custom_sampler.CFGGuider, model=model, **inputs)


def basic(model, texts):
    return core(nodes_custom_sampler.BasicGuider, model=model, conditioning=texts[PROMPT])


def dual(model, texts, style="regular", middle="snow", cfgs=(5.0, 3.0)):
    inputs = {"cond1": texts[PROMPT], "cond2": texts[middle], "negative": texts["blurry"]}
    inputs |= {"cfg_conds": cfgs[0], "cfg_cond2_negative": cfgs[1], "style": style}
    return core(nodes_custom_sampler.DualCFGGuider, model=model, **inputs)


def perp_neg(model, texts):
    inputs = {"positive": texts[PROMPT], "negative": texts["blurry"], "neg_scale": 0.7, "cfg": 6.0}
    node = nodes_perpneg.PerpNegGuider
    return core(node, model=model, empty_conditioning=texts[""], **inputs)


def two_models(model, texts):
    """The negative prompt on a model of its own, which has no subjects."""
    inputs = {"positive": texts[PROMPT], "negative": texts["blurry"], "cfg": 7.0}
    node = nodes_custom_sampler.DualModelGuider
    return core(node, model=model, model_negative=model.clone(), **inputs)


GUIDERS = {
    "CFG": plain,
    "CFG at 1": lambda model, texts: plain(model, texts, cfg=1.0),
    "basic": basic,
    "DualCFG": dual,
    "DualCFG, negative left out": lambda model, texts: dual(model, texts, cfgs=(4.0, 1.0)),
    "DualCFG, nested": lambda model, texts: dual(model, texts, "nested"),
    "PerpNeg": perp_neg,
}
if hasattr(nodes_custom_sampler, "DualModelGuider"):  # from ComfyUI 0.30
    GUIDERS["two models"] = two_models


@pytest.mark.parametrize("name", GUIDERS)
def test_a_guider(name, rows):
    def sample(model):
        return guided(GUIDERS[name](model, rows.texts), size=128)

    rows.check(sample, near=1e-3, positive=rows.texts[PROMPT])


@pytest.mark.parametrize("guider", [dual, perp_neg])
def test_a_guider_of_three_prompts_and_an_area(guider, rows):
    # ComfyUI copies the area, with the positive prompt's name, into both other lists
    node, area = nodes.ConditioningSetArea, {"width": 64, "height": 128, "x": 32, "y": 0}
    part = core(node, conditioning=rows.texts[PROMPT], **area, strength=1.0)
    texts = {**rows.texts, PROMPT: part + rows.texts["snow"]}
    if guider is dual:
        texts["snow"] = rows.texts[""]

    def sample(model):
        return guided(guider(model, texts), size=128)

    rows.check(sample, boxes=WHOLE, near=1e-3)


@pytest.mark.parametrize("style", ["regular", "nested"])
def test_dual_cfg_with_the_negative_in_the_middle_is_cfg(style, tiny, patch, rows):
    # regular: negative + 4 (middle - negative) + 4 (positive - middle); nested at scale 1 outside
    cfgs = {"regular": (4.0, 4.0), "nested": (4.0, 1.0)}[style]
    for model in (tiny.model, patch()):
        expected = guided(plain(model, rows.texts, cfg=4.0), size=128)
        made = guided(dual(model, rows.texts, style, "blurry", cfgs), size=128)
        assert close(made, expected, 1e-3)


def test_the_same_text_in_both_prompts(tiny, patch, rows):
    # with one step the latent is negative + 7 (positive - negative), each of them at cfg 1
    same = {**ONE_STEP, "positive": rows.texts[PROMPT], "negative": rows.texts[PROMPT]}
    with_subjects = ksampler(tiny, patch(), **same, cfg=1.0)
    without = ksampler(tiny, tiny.model, **same, cfg=1.0)
    expected = without + 7 * (with_subjects - without)
    assert close(ksampler(tiny, patch(), **same), expected)
    assert not close(without, expected, 1e-2)
