"""Packs that change queries, grids, or which blocks run, and still tell all that must be known."""

import pytest
import torch
from comfy.ldm.modules.diffusionmodules.openaimodel import TimestepEmbedSequential
from comfy_extras import (
    nodes_easycache,
    nodes_hypertile,
    nodes_model_downscale,
    nodes_tomesd,
)
from other_packs import core, couple
from row_packs import merged_queries, skipping, wrapped
from rows import ONE_STEP, Rows, close
from sampling import PROMPT, empty_latent, ksampler

STEPS = {**ONE_STEP, "steps": 3}


@pytest.fixture(scope="module")
def rows(tiny, patch, subjects):
    return Rows(tiny, patch, subjects)


def downscale(model, after=True):
    inputs = {"block_number": 3, "downscale_factor": 2.0, "downscale_after_skip": after}
    inputs |= {"start_percent": 0.0, "end_percent": 0.6}
    inputs |= {"downscale_method": "bicubic", "upscale_method": "bicubic"}
    return core(nodes_model_downscale.PatchModelAddDownscale, model=model, **inputs)


def easy_cache(model):
    inputs = {"reuse_threshold": 3.0, "start_percent": 0.0, "end_percent": 1.0, "verbose": False}
    return core(nodes_easycache.EasyCacheNode, model=model, **inputs)


def hyper_tile(model):
    inputs = {"tile_size": 32, "swap_size": 2, "max_depth": 2, "scale_depth": False}
    node = nodes_hypertile.HyperTile
    made = node.execute(model=model, **inputs)  # here and there a plain tuple
    return made[0] if isinstance(made, tuple) else made.result[0]


def through_a_wrapper(model):
    """A wrapper around the call that changes nothing that we have to know."""
    return wrapped(model, lambda apply, args: apply(args["input"], args["timestep"], **args["c"]))


PACKS = {
    "HyperTile": hyper_tile,
    "Deep Shrink": downscale,
    "Deep Shrink before the skip": lambda model: downscale(model, after=False),
    "ToMe": lambda model: core(nodes_tomesd.TomePatchModel, model=model, ratio=0.5),
    "ToMe at every self-attention": lambda model: merged_queries(model, "attn1"),
    "DeepCache": lambda model: skipping(model, 6),
    "first block cache": lambda model: skipping(model, 1),
    "EasyCache": easy_cache,
}


@pytest.mark.parametrize("name", PACKS)
def test_beside(name, tiny, rows):
    made = rows.check(lambda model: ksampler(tiny, model, **STEPS), PACKS[name], near=1e-3)
    if name != "ToMe":  # of core, which leaves SDXL's coarse grids alone
        assert not close(made, ksampler(tiny, rows.patch(), **STEPS), 1e-3), "it does something"


def test_a_wrapper_that_passes_everything_on(tiny, patch):
    expected = ksampler(tiny, patch(), **ONE_STEP)
    assert torch.equal(ksampler(tiny, through_a_wrapper(patch()), **ONE_STEP), expected)


def each_condition_alone(model, names=True):
    """A pack that saves memory: each condition's rows in a call of their own."""

    def wrapper(apply, args):
        c, made = args["c"], []
        kinds, uuids = (c["transformer_options"][name] for name in ("cond_or_uncond", "uuids"))
        for number, kind in enumerate(kinds):
            options = {**c["transformer_options"], "cond_or_uncond": [kind]}
            options["uuids"] = [uuids[number]] if names else uuids
            some = {
                name: value.chunk(len(kinds))[number] if torch.is_tensor(value) else value
                for name, value in {**c, "x": args["input"], "t": args["timestep"]}.items()
            }
            x, t = some.pop("x"), some.pop("t")
            made.append(apply(x, t, **{**some, "transformer_options": options}))
        return torch.cat(made)

    return wrapped(model, wrapper)


def test_each_condition_in_a_call_of_its_own(tiny, patch):
    expected = ksampler(tiny, patch(), **STEPS)
    assert close(ksampler(tiny, each_condition_alone(patch()), **STEPS), expected)
    # which of two it is, only the name says
    with pytest.raises(ValueError, match="evaluates conditions that it did not announce"):
        ksampler(tiny, each_condition_alone(patch(), names=False), **STEPS)


@pytest.mark.parametrize("kind", ["a batch", "a layout a picture"])
def test_skipped_blocks_and_several_pictures(kind, run, tiny, patch):
    boxes = ["[[0, 0, 0.5, 1], [0.5, 0, 1, 1]]", "[[0.5, 0, 1, 1], [0, 0, 0.5, 1]]"]
    layouts = [run("LayoutBoxes", boxes=each, width=128, height=128)[0] for each in boxes]
    layout = layouts[0]
    if kind != "a batch":
        layout = run("BatchLayouts", layout_1=layouts[0], layout_2=layouts[1])[0]
    settings = {**STEPS, "latent_image": empty_latent(128, 128, 2)}
    made = ksampler(tiny, skipping(patch(layout=layout), 6), **settings)
    both = [ksampler(tiny, skipping(patch(layout=each), 6), **settings) for each in layouts]
    expected = both[0] if kind == "a batch" else torch.stack([both[0][0], both[1][1]])
    assert close(made, expected)


def test_blocks_that_are_never_run_are_not_blamed(tiny, patch, rows):
    class Nothing(torch.nn.Module):
        def forward(self, x):
            return x

    def join(model):
        clone = model.clone()
        clone.add_object_patch("diffusion_model.middle_block", TimestepEmbedSequential(Nothing()))
        return clone

    ours = patch()
    made = rows.check(lambda model: ksampler(tiny, model, **ONE_STEP), join, near=1e-3)
    assert not close(made, ksampler(tiny, ours, **ONE_STEP))


def test_attention_couple_with_deep_shrink(tiny, patch, rows):
    settings = {**ONE_STEP, "positive": rows.texts[PROMPT]}
    halves = torch.stack([(torch.arange(32) < 16).float().expand(32, 32)] * 2)
    halves[1] = 1 - halves[0]
    expected = ksampler(tiny, downscale(patch()), **settings)
    model = couple(downscale(patch()), [rows.texts[PROMPT][0][0]], halves)
    assert close(ksampler(tiny, model, **settings), expected)
