"""What nobody announced is refused before the first step ends, and names what does such a thing."""

import pytest
import torch
from comfy.samplers import calc_cond_batch
from row_packs import doubled, merged_queries, nag, tiled
from rows import ONE_STEP, Rows
from sampling import empty_latent, ksampler

THREE_STEPS = {**ONE_STEP, "steps": 3}


@pytest.fixture(scope="module")
def rows(tiny, patch, subjects):
    return Rows(tiny, patch, subjects)


@pytest.fixture(scope="module")
def refused(tiny):
    """The error of a model in a company; afterwards the model is as it was."""

    def check(ours, join, match, settings=THREE_STEPS):
        expected, steps = ksampler(tiny, ours, **settings), []
        model = join(ours).clone()
        model.set_model_sampler_post_cfg_function(lambda args: steps.append(1) or args["denoised"])
        with pytest.raises(ValueError, match=match) as caught:
            ksampler(tiny, model, **settings)
        text = str(caught.value)
        assert text.startswith("model: ") and len(text) < 600
        assert not steps, "no step may come to its end"
        assert torch.equal(ksampler(tiny, ours, **settings), expected), "the next run is unharmed"

    return check


def evaluated(model, change):
    """A pack that has the conditions evaluated in its own way: `change(args, evaluate)`."""

    def function(args):
        def evaluate(x, conds=args["conds"], sigma=args["sigma"]):
            return calc_cond_batch(args["model"], conds, x, sigma, args["model_options"])

        return change(args, evaluate)

    clone = model.clone()
    clone.set_model_sampler_calc_cond_batch_function(function)
    return clone


def at_half_size(model):
    """A sampler that works at several sizes."""

    def change(args, evaluate):
        small = torch.nn.functional.avg_pool2d(args["input"], 2)
        return [each.repeat_interleave(2, 2).repeat_interleave(2, 3) for each in evaluate(small)]

    return evaluated(model, change)


def one_picture_at_a_time(model):
    def change(args, evaluate):
        pairs = zip(args["input"].split(1), args["sigma"].split(1), strict=True)
        made = [evaluate(x, sigma=sigma) for x, sigma in pairs]
        return [torch.cat(each) for each in zip(*made, strict=True)]

    return evaluated(model, change)


def negative_alone_first(model):
    def change(args, evaluate):
        positive, negative = args["conds"]
        (second,) = evaluate(args["input"], [negative])
        return [*evaluate(args["input"], [positive]), second]

    return evaluated(model, change)


@pytest.mark.parametrize("cfg", [1.0, 7.0])
@pytest.mark.parametrize("per_call", [2, 3, 4])
def test_several_tiles_in_a_call(per_call, cfg, patch, refused):
    # at 4 × 1 the batch would even divide by the number of conditions
    match = f"{per_call * (2 if cfg > 1 else 1)} rows came.*Tiled Diffusion.*Crop Layout"
    if per_call == 3 and cfg > 1:
        match = "6 rows came.*Tiled Diffusion"
    settings = {**THREE_STEPS, "cfg": cfg}
    refused(patch(), lambda model: tiled(model, per_call), match, settings)


@pytest.mark.parametrize("cfg", [1.0, 7.0])
def test_one_tile_in_a_call(cfg, patch, refused):
    match = "8×8 cells .* of a latent of 16×16 .*Tiled Diffusion.*Crop Layout"
    refused(patch(), lambda model: tiled(model, 1), match, {**THREE_STEPS, "cfg": cfg})


def test_tiles_of_a_batch(patch, refused):
    settings = {**THREE_STEPS, "latent_image": empty_latent(128, 128, 2)}
    match = "8 rows came for 2 conditions of 2 pictures.*Tiled Diffusion"
    refused(patch(), lambda model: tiled(model, 2), match, settings)


@pytest.mark.parametrize("cfg", [1.0, 7.0])
def test_text_without_a_picture(cfg, rows, refused):
    def join(model):
        return nag(model, rows.texts["blurry"][0][0])

    refused(rows.patch(), join, "text [23] rows for .*NAG", {**THREE_STEPS, "cfg": cfg})


def test_text_without_a_picture_where_the_negative_prompt_comes_alone(rows, refused):
    def join(model):
        return nag(negative_alone_first(model), rows.texts["blurry"][0][0])

    refused(rows.patch(), join, "text 2 rows for 1 rows of the picture: .*NAG")


def test_merged_queries(patch, refused):
    match = "queries came for .*ToMe.* let it merge self-attention only"
    refused(patch(), lambda model: merged_queries(model, "attn2"), match)


@pytest.mark.parametrize("cfg", [1.0, 7.0])
def test_a_batch_that_comes_twice(cfg, patch, refused):
    match = "another node changed the batch: [24] rows came for [12] conditions of 1 pictures"
    refused(patch(), doubled, match, {**THREE_STEPS, "cfg": cfg})


def test_a_smaller_latent(patch, refused):
    match = "8×8 cells .* of a latent of 16×16 .*Crop Layout.*several sizes .*SMEA"
    refused(patch(), at_half_size, match)


def test_some_pictures_of_a_batch(run, tiny, patch, refused):
    layout = run("LayoutBoxes", boxes="[[0, 0, 0.5, 1], [0.5, 0, 1, 1]]", width=64, height=64)[0]
    batch = run("BatchLayouts", layout_1=layout, layout_2=layout)[0]
    settings = {**THREE_STEPS, "latent_image": empty_latent(128, 128, 2)}
    match = "1 of 2 pictures at a time .* whose layout is whose; sample all at once"
    refused(patch(layout=batch), one_picture_at_a_time, match, settings)
    # with one layout for all it does not matter which they are
    expected = ksampler(tiny, patch(layout=layout), **settings)
    made = ksampler(tiny, one_picture_at_a_time(patch(layout=layout)), **settings)
    assert (made - expected).abs().max() <= 1e-4 * expected.abs().max()


def test_a_strange_list_of_conditions(patch, refused):
    def append(q, k, v, extra_options):
        extra_options["cond_or_uncond"].append(5)
        return q, k, v

    def join(model):
        clone = model.clone()
        clone.set_model_attn2_patch(append)
        return clone

    refused(patch(), join, r"the list of conditions from \[1, 0\] to \[1, 0, 5\].*attention couple")
