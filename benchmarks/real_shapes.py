"""SDXL's UNet and the released adapter in their real sizes, with random weights."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import comfy.model_base
import comfy.model_management
import comfy.model_patcher
import comfy.supported_models
import torch
from fill import resampler_shapes
from tiny_models import models
from torch import Tensor, nn

from .scenes import WEIGHT, side_by_side
from .setup import Bench, free_memory
from .tiny_runs import managed, msd_model, run_node, tiny_sdxl

UNET = {
    **models.UNET,
    **models.SDXL_DEPTHS,
    "model_channels": 320,
    "context_dim": 2048,
    "num_head_channels": 64,
    "adm_in_channels": 2816,
}
RESAMPLER = {
    "dim": 1280,
    "depth": 4,
    "heads": 20,
    "latents": 16,
    "width": 1664,
    "phrase": 768,
    "out": UNET["context_dim"],
    "latent_hidden": 2 * (768 + 64),
}
NEEDED = 6e9  # bytes: the adapter, what shares memory in the UNet, and room to work
# SDXL's 70 text cross-attentions in the adapter's order: down, up, middle blocks
SITE_WIDTHS = [640] * 4 + [1280] * 20 + [1280] * 30 + [640] * 6 + [1280] * 10


@lru_cache(maxsize=1)
def sdxl(bench: Bench) -> Any:
    """A MODEL of SDXL's real shape (the tiny one when quick).

    It would be 10 GB in float32. Its weights' values do not matter for time, so all layers of one
    shape share one tensor.
    """
    if bench.quick:
        return tiny_sdxl(bench.dtype)[0]
    config = comfy.supported_models.SDXL({})
    config.unet_config = {**UNET, "dtype": bench.dtype}
    kind = comfy.model_base.ModelType.EPS
    model = comfy.model_base.SDXL(config, model_type=kind, device="meta")
    _share_weights(model.diffusion_model, bench)
    model.device = bench.device
    return comfy.model_patcher.ModelPatcher(
        model.eval().requires_grad_(False),
        load_device=bench.device,
        offload_device=comfy.model_management.unet_offload_device(),
    )


@lru_cache(maxsize=1)
def adapter(bench: Bench) -> Any:
    """An MSD_MODEL as LoadMSDModel gives it, of the released sizes (1.8 GB; tiny when quick)."""
    if bench.quick:
        return msd_model(bench)
    image_proj = {name: _random(shape) for name, shape in resampler_shapes(**RESAMPLER).items()}
    width = UNET["context_dim"]
    sites = tuple((_random((rows, width)), _random((rows, width))) for rows in SITE_WIDTHS)
    return managed(bench, bench.pack.checkpoint.Checkpoint(image_proj, sites))


def fits(bench: Bench) -> bool:
    """Whether there is memory for both models."""
    return bench.quick or free_memory() > NEEDED


def apply_node(bench: Bench, model: Any, msd_model: Any, count: int = 2) -> Any:
    """What ApplyMSDiffusion makes of the models above, with subjects side by side."""
    return run_node(
        bench,
        "ApplyMSDiffusion",
        model=model,
        msd_model=msd_model,
        subjects=subjects(bench, count),
        layout=side_by_side(count, 0.5).layout(bench.pack),
        weight=WEIGHT,
        start_percent=0.0,
        end_percent=1.0,
    )


def subjects(bench: Bench, count: int) -> list[Any]:
    """What EncodeSubjects gives for `count` pictures, for the adapter above."""
    modules = adapter(bench).adapter
    pictures = 17 if bench.quick else 257
    return [
        bench.pack.subjects.Subject(
            f"subject {number}",
            torch.randn(1, pictures, modules.feature_width),
            torch.randn(modules.phrase_width),
        )
        for number in range(count)
    ]


def _share_weights(module: nn.Module, bench: Bench) -> None:
    """Give a module of the meta device real tensors, one for all parameters of a shape."""
    made: dict[tuple, nn.Parameter] = {}
    for name, parameter in list(module.named_parameters()):
        key = (*parameter.shape, name.endswith("bias"))
        if key not in made:
            values = _random(tuple(parameter.shape), name.endswith("bias"))
            made[key] = nn.Parameter(values.to(bench.device, bench.dtype), requires_grad=False)
        owner, _, last = name.rpartition(".")
        setattr(module.get_submodule(owner), last, made[key])


def _random(shape: tuple[int, ...], bias: bool = False) -> Tensor:
    """A signal keeps its size with these; numbers near 0 or infinity would change the speed."""
    if len(shape) == 1:
        return torch.zeros(shape) if bias else torch.ones(shape)
    fan_in = torch.Size(shape[1:]).numel()
    return torch.empty(shape).normal_(std=fan_in**-0.5)
