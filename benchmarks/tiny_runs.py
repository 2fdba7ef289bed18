"""Runs of ComfyUI's own sampler on the tiny models, with the subjects on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import comfy.model_management
import comfy.model_patcher
import comfy.ops
import nodes
import torch
from tiny_models import models
from tiny_models.adapter import SDXL_SITE_WIDTHS, tiny_adapter

from .scenes import WEIGHT, side_by_side
from .setup import Bench

SIDE = 32  # of the latent
PROMPT = "a dog and a cat on the beach"
PHRASES = ("dog", "cat")


@dataclass(frozen=True)
class TinyScene:
    """A plain and a patched MODEL with their conditions."""

    plain: Any
    patched: Any
    positive: Any
    negative: Any

    def sample(self, model: Any, steps: int) -> torch.Tensor:
        latent = {"samples": torch.zeros(1, 4, SIDE, SIDE)}
        settings = (3, steps, 7.0, "euler", "normal")
        conditions = (self.positive, self.negative)
        return nodes.common_ksampler(model, *settings, *conditions, latent)[0]["samples"]


def tiny_scene(bench: Bench, auto_layout: bool) -> TinyScene:
    """Two subjects side by side; with `auto_layout`, areas from the text after the first step."""
    plain, clip = tiny_sdxl(bench.dtype)
    adapter = msd_model(bench)
    sizes = adapter.adapter
    subjects = [
        bench.pack.subjects.Subject(
            phrase, torch.randn(1, 17, sizes.feature_width), torch.randn(sizes.phrase_width)
        )
        for phrase in PHRASES
    ]
    auto = None
    if auto_layout:
        inputs = {"clip": clip, "prompt": PROMPT, "threshold": 0.5, "start_step": 1}
        auto = run_node(bench, "AutoLayout", **inputs)
    patched = run_node(
        bench,
        "ApplyMSDiffusion",
        model=plain,
        msd_model=adapter,
        subjects=subjects,
        layout=side_by_side(len(PHRASES), 0.5).layout(bench.pack),
        weight=WEIGHT,
        start_percent=0.0,
        end_percent=1.0,
        auto_layout=auto,
    )
    positive, negative = (nodes.CLIPTextEncode().encode(clip, text)[0] for text in (PROMPT, "blur"))
    return TinyScene(plain, patched, positive, negative)


@lru_cache(maxsize=1)
def tiny_sdxl(dtype: torch.dtype) -> tuple[Any, Any]:
    """A MODEL and a CLIP; making up their weights takes seconds."""
    return models.unet_model(dtype=dtype, **models.SDXL_DEPTHS), models.clip()


def msd_model(bench: Bench) -> Any:
    """The tiny adapter as LoadMSDModel gives it."""
    state = tiny_adapter(SDXL_SITE_WIDTHS)
    projections = list(state["ms_adapter"].values())
    sites = tuple(zip(projections[::2], projections[1::2], strict=True))
    return managed(bench, bench.pack.checkpoint.Checkpoint(state["image_proj"], sites))


def managed(bench: Bench, checkpoint: Any) -> Any:
    """A checkpoint in ComfyUI's hands, as LoadMSDModel gives it."""
    return bench.pack.loading.ManagedAdapter(
        comfy.model_patcher.ModelPatcher(
            bench.pack.adapter.Adapter(checkpoint, operations=comfy.ops.manual_cast),
            load_device=comfy.model_management.get_torch_device(),
            offload_device=comfy.model_management.unet_offload_device(),
        )
    )


def run_node(bench: Bench, node_id: str, **inputs: Any) -> Any:
    """The first output of a node of the pack."""
    node = bench.pack.nodes[node_id]
    made = getattr(node(), node.FUNCTION)(**inputs)
    return (made["result"] if isinstance(made, dict) else made)[0]


def after_each_step(model: Any, note: Callable[[], None]) -> Any:
    """A clone of the model that calls `note` when a step's guidance is done."""
    clone = model.clone()

    def noted(arguments: dict[str, Any]) -> torch.Tensor:
        note()
        return arguments["denoised"]

    clone.set_model_sampler_post_cfg_function(noted)
    return clone
