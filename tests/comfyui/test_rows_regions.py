"""Regions as Krita's AI plugin has them: the list of conditions gets entries without a name."""

import pytest
import torch
from comfy.samplers import calc_cond_batch
from comfy_extras import nodes_sag
from comfy_extras.nodes_custom_sampler import DualCFGGuider
from other_packs import core, couple, guided
from row_packs import regions
from rows import ONE_STEP, Rows, close
from sampling import PROMPT, empty_latent, ksampler


@pytest.fixture(scope="module")
def rows(tiny, patch, subjects):
    return Rows(tiny, patch, subjects)


def stripes(count):
    """Masks of equal upright stripes: (count, 32, 32)."""
    edges = torch.arange(32) * count // 32
    return torch.stack([(edges == n).float().expand(32, 32) for n in range(count)])


@pytest.fixture
def contexts(rows):
    return {name: conditioning[0][0] for name, conditioning in rows.texts.items()}


@pytest.mark.parametrize("count, batch, cfg", [(2, 1, 7.0), (3, 1, 1.0), (3, 2, 7.0), (2, 2, 1.0)])
def test_the_same_prompt_everywhere_changes_nothing(count, batch, cfg, tiny, patch, rows, contexts):
    settings = {**ONE_STEP, "cfg": cfg, "latent_image": empty_latent(128, 128, batch)}
    settings |= {"positive": rows.texts[PROMPT]}
    expected = ksampler(tiny, patch(), **settings)
    model = regions(patch(), [contexts[PROMPT]] * count, stripes(count))
    assert close(ksampler(tiny, model, **settings), expected)
    assert not close(ksampler(tiny, tiny.model, **settings), expected, 1e-2)


@pytest.mark.parametrize("cfg", [1.0, 7.0])
def test_prompts_of_their_own(cfg, tiny, rows, contexts):
    texts, settings = [contexts[PROMPT], contexts["snow"]], {**ONE_STEP, "steps": 2, "cfg": cfg}

    def join(model):
        return regions(model, texts, stripes(2))

    made = rows.check(lambda model: ksampler(tiny, model, **settings), join)
    # attention couple says the same in its own way
    settings |= {"positive": rows.texts[PROMPT]}
    beside = couple(rows.patch(), texts[1:], stripes(2))
    assert close(ksampler(tiny, beside, **settings), made)
    assert torch.equal(ksampler(tiny, rows.patch(model=join(tiny.model)), **settings), made)


def test_two_positive_prompts(tiny, rows, contexts):
    settings = {**ONE_STEP, "positive": rows.texts["snow"] + rows.texts[""]}

    def join(model):
        return regions(model, [contexts[PROMPT], contexts["snow"]], stripes(2))

    rows.check(lambda model: ksampler(tiny, model, **settings), join)


def test_each_prompt_in_a_call_of_its_own(tiny, patch, contexts):
    def split(args):
        inputs = (args["input"], args["sigma"], args["model_options"])
        nothing = [None, *args["conds"][1:]], [args["conds"][0], None]
        made = [calc_cond_batch(args["model"], conds, *inputs) for conds in nothing]
        return [made[1][0], made[0][1]]

    model = regions(patch(), [contexts[PROMPT], contexts["snow"]], stripes(2))
    alone = model.clone()
    alone.set_model_sampler_calc_cond_batch_function(split)
    expected = ksampler(tiny, model, **ONE_STEP)
    assert close(ksampler(tiny, alone, **ONE_STEP), expected)


def test_a_layout_for_each_picture(run, tiny, patch, rows, contexts):
    boxes = ["[[0, 0, 0.5, 1], [0, 0, 0, 0]]", "[[0.5, 0, 1, 1], [0, 0, 0.5, 1]]"]
    layouts = [run("LayoutBoxes", boxes=each, width=128, height=128)[0] for each in boxes]
    layout = run("BatchLayouts", layout_1=layouts[0], layout_2=layouts[1])[0]
    settings = {**ONE_STEP, "latent_image": empty_latent(128, 128, 2)}
    settings |= {"positive": rows.texts[PROMPT]}
    expected = ksampler(tiny, patch(layout=layout), **settings)
    model = regions(patch(layout=layout), [contexts[PROMPT]] * 3, stripes(3))
    assert close(ksampler(tiny, model, **settings), expected)
    swapped = run("BatchLayouts", layout_1=layouts[1], layout_2=layouts[0])[0]
    assert not close(ksampler(tiny, patch(layout=swapped), **settings), expected, 1e-2)


def test_beside_sag(tiny, rows, contexts):
    # the negative prompt, alone and at number 0, is a region to such a pack, but not to us
    def join(model):
        inputs = {"model": model, "scale": 0.5, "blur_sigma": 2.0}
        model = core(nodes_sag.SelfAttentionGuidance, **inputs)
        return regions(model, [contexts[PROMPT]] * 2, stripes(2))

    ours = join(rows.patch())
    plain = core(nodes_sag.SelfAttentionGuidance, model=rows.patch(), scale=0.5, blur_sigma=2.0)
    settings = {**ONE_STEP, "positive": rows.texts[PROMPT], "negative": rows.texts[PROMPT]}
    assert close(ksampler(tiny, ours, **settings), ksampler(tiny, plain, **settings), 1e-3)


def test_three_kinds_of_conditions_are_an_error(rows, contexts):
    model = regions(rows.patch(), [contexts[PROMPT], contexts["snow"]], stripes(2))
    conds = {"cond1": rows.texts[PROMPT], "cond2": rows.texts[""], "negative": rows.texts["blurry"]}
    guider = core(
        DualCFGGuider, model=model, **conds, cfg_conds=5, cfg_cond2_negative=3, style="regular"
    )
    with pytest.raises(ValueError, match="changed the list of conditions from .*no DualCFG"):
        guided(guider, size=128)


@pytest.mark.parametrize("changes", [{}, {"areas": False, "text_in_box": True}])
def test_auto_layout_does_not_read_their_prompts(changes, tiny, patch, auto, rows, contexts):
    model = patch(auto_layout=auto(**changes))
    settings = {**ONE_STEP, "positive": rows.texts[PROMPT]}
    expected = ksampler(tiny, model, **settings)
    beside = regions(model, [contexts[PROMPT], contexts["snow"]], stripes(2))
    with pytest.raises(ValueError, match="auto_layout: another node .* regions"):
        ksampler(tiny, beside, **settings)
    assert torch.equal(ksampler(tiny, model, **settings), expected)
