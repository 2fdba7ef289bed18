"""The official pipeline's recorded runs (`tests/golden/runs`), sampled by ComfyUI's own euler."""

from dataclasses import replace

import comfy.model_base
import comfy.sample
import comfy.samplers
import torch
from golden_cases import NAMES, apply_nodes, auto_layout


class Recorded(comfy.model_base.SDXL):
    """Takes the vector beside the text as it was recorded: sizes and pooled text are in it."""

    def encode_adm(self, **given):
        return given["pooled_output"]


def recorded_model(tiny):
    """The tiny SDXL of the recordings."""
    unet = tiny.models.SDXL_DEPTHS | {"adm_in_channels": 64}
    return tiny.models.unet_model(kind=Recorded, **unet)


def with_subjects(pack, run, tiny, msd_model, model, settings, tensors, **changes):
    """The model with the recorded subjects, through the nodes; `changes` to Apply's inputs."""
    if settings["mask_threshold"] is not None:
        auto = auto_layout(run, tiny, settings)
        # the recorded text is a stand-in for what an encoder would make of the prompt
        changes |= {"auto_layout": replace(auto, embeddings=[tensors["text_cond"]])}
    names = NAMES if settings["mask_threshold"] is not None else ()
    return apply_nodes(pack, run, msd_model, model, settings, tensors, names, **changes)


def sample(model, settings, tensors, sigmas=None, start=None):
    """The latents after the first, the middle and the last step, in the sampler's space.

    Args:
        sigmas, start: in place of the recorded ones.
    """
    sigmas = tensors["sigmas"] if sigmas is None else sigmas
    start = tensors["start"] if start is None else start
    after = {}

    def keep(step, denoised, x, steps):
        after[step] = x.clone()  # before the step with this number, so after that many

    y = tensors["y"]
    with torch.inference_mode():
        last = comfy.sample.sample_custom(
            model,
            start / sigmas[0],  # where sigma is not the model's largest, it is only multiplied
            settings["cfg"],
            comfy.samplers.sampler_object("euler"),
            sigmas,
            [[tensors["text_cond"], {"pooled_output": y[-1:]}]],
            [[tensors["text_uncond"], {"pooled_output": y[:1]}]],
            torch.zeros_like(start),
            callback=keep,
            disable_pbar=True,
        )
        last = model.model.process_latent_in(last)
    return after[1], after[settings["steps"] // 2], last


def farthest(ours, tensors, settings):
    """How far each of the three latents is from the recorded one, in shares of the largest."""
    names = ("expected_first", "expected_middle", "expected")
    return [
        float((one - tensors[name]).abs().max()) / settings["largest_latent"]
        for one, name in zip(ours, names, strict=True)
    ]
