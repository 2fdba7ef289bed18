"""Several GPUs: threads that sample at once share nothing that one of them changes."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
import torch
from comfy.model_patcher import ModelPatcher
from comfy.samplers import calc_cond_batch
from other_packs import attn2_patches
from rows import ONE_STEP, close
from sampling import empty_latent, ksampler


def on_its_own_unet(tiny, model):
    """A clone with the same patches and a UNet of its own, as another GPU has it."""
    clone = model.clone()
    clone.model = tiny.models.unet_model().model
    clone.backup, clone.object_patches_backup = {}, {}
    return clone


def in_step(model, barrier):
    """Every call of the UNet waits for one of the other thread's."""

    def wrapper(apply, args):
        barrier.wait(60)
        return apply(args["input"], args["timestep"], **args["c"])

    clone = model.clone()
    clone.set_model_unet_function_wrapper(wrapper)
    return clone


@pytest.mark.parametrize("kind", ["boxes", "auto layout", "times"])
def test_two_clones_in_two_threads(kind, tiny, patch, auto):
    changes = {
        "boxes": {},
        "auto layout": {"auto_layout": auto(start_step=1, text_in_box=True)},
        "times": {"start_percent": 0.3},
    }[kind]
    model = patch(**changes)
    clones = [on_its_own_unet(tiny, model.clone()) for _ in range(2)]
    settings = [{"steps": 3, "seed": 3}, {"steps": 3, "seed": 4}]
    settings[0]["latent_image"] = empty_latent(128, 128)
    settings[1]["latent_image"] = empty_latent(192, 64, 2)
    pairs = list(zip(clones, settings, strict=True))
    # the noise is made from torch's one generator: here before the threads begin
    for given in settings:
        generator = torch.manual_seed(given["seed"])
        shape = given["latent_image"]["samples"].shape
        given["latent_image"] = {"samples": 5 * torch.randn(shape, generator=generator)}
        given["disable_noise"] = True
    expected = [ksampler(tiny, clone, **given) for clone, given in pairs]
    barrier = Barrier(2)
    with ThreadPoolExecutor(2) as pool:
        runs = [
            pool.submit(ksampler, tiny, in_step(clone, barrier), **given) for clone, given in pairs
        ]
        made = [each.result(120) for each in runs]
    assert all(torch.equal(*pair) for pair in zip(made, expected, strict=True))
    plain = ksampler(tiny, tiny.model, **settings[0])
    assert not close(made[0], plain, 1e-3)


def split(model, unets):
    """ComfyUI's split of the prompts over GPUs: each in a thread, on a UNet of its own."""

    def evaluate(args):
        barrier = Barrier(2)

        def one(number):
            conds = [None, None]
            conds[number] = args["conds"][number]
            base = unets[number].model
            base.current_patcher = unets[number]
            barrier.wait(60)
            inputs = (args["input"], args["sigma"], args["model_options"])
            with torch.inference_mode():
                return calc_cond_batch(base, conds, *inputs)[number]

        with ThreadPoolExecutor(2) as pool:
            return list(pool.map(one, range(2)))

    clone = model.clone()
    clone.set_model_sampler_calc_cond_batch_function(evaluate)
    return clone


@pytest.mark.parametrize("kind", ["boxes", "auto layout"])
def test_the_prompts_in_two_threads(kind, tiny, patch, auto):
    model = patch(**({} if kind == "boxes" else {"auto_layout": auto(start_step=1)}))
    unets = [on_its_own_unet(tiny, model) for _ in range(2)]
    settings = {**ONE_STEP, "steps": 3}
    made = ksampler(tiny, split(model, unets), **settings)
    assert close(made, ksampler(tiny, model, **settings))
    assert not close(made, ksampler(tiny, tiny.model, **settings), 1e-3)


def deep_clone(tiny, model, device):
    """ComfyUI's own, which loads the model once more: here made once more."""
    model.cached_patcher_init = (tiny.models.unet_model, ())
    return model.deepclone_multigpu(new_load_device=device)


if hasattr(ModelPatcher, "deepclone_multigpu"):  # from ComfyUI 0.30

    def test_comfyuis_own_split(tiny, patch):
        ours = patch()
        expected = ksampler(tiny, ours, **ONE_STEP)
        model = ours.clone()
        # a CPU with a number stands for the second GPU
        clone = deep_clone(tiny, model, torch.device("cpu", 0))
        assert clone.model is not model.model
        for key, theirs in attn2_patches(clone).items():
            assert theirs.applied is attn2_patches(ours)[key].applied
        model.set_additional_models("multigpu", [clone])
        assert close(ksampler(tiny, model, **ONE_STEP), expected)
