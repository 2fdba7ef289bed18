"""The text cross-attentions of ComfyUI's SDXL, where subjects can act."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from comfy.model_patcher import ModelPatcher


@dataclass(frozen=True)
class Site:
    """One text cross-attention of the UNet, as ComfyUI numbers it."""

    block: str
    number: int
    index: int
    heads: int
    width: int

    @property
    def key(self) -> tuple[str, int, int]:
        return (self.block, self.number, self.index)


def find_sites(model: ModelPatcher) -> list[Site]:
    """The model's text cross-attentions in the adapter's order: input, output, middle blocks.

    Empty for models that are no UNet of this family (Flux, SD3, …).
    """
    if not hasattr(model.model, "diffusion_model"):
        return []
    unet = model.get_model_object("diffusion_model")
    if not all(hasattr(unet, part) for part in ("input_blocks", "output_blocks", "middle_block")):
        return []
    blocks = [("input", number, block) for number, block in enumerate(unet.input_blocks)]
    blocks += [("output", number, block) for number, block in enumerate(unet.output_blocks)]
    if unet.middle_block is not None:
        blocks.append(("middle", 0, unet.middle_block))
    sites = []
    for name, number, block in blocks:
        for module in block:
            for index, transformer in enumerate(getattr(module, "transformer_blocks", [])):
                attention = getattr(transformer, "attn2", None)
                if attention is None:
                    continue
                width = attention.heads * attention.dim_head
                sites.append(Site(name, number, index, attention.heads, width))
    return sites


def kind_of(model: ModelPatcher) -> str:
    """What ComfyUI calls this kind of model, for messages: "SDXL", "SD15", "Flux", …"""
    return type(getattr(model.model, "model_config", model.model)).__name__


def compute_dtype(model: ModelPatcher) -> torch.dtype:
    """The dtype that the model's attention computes in; its weights may be stored in another."""
    return model.get_model_object("manual_cast_dtype") or model.model_dtype()
