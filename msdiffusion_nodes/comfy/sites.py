"""The text cross-attentions of ComfyUI's SDXL, where subjects can act."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch
from comfy.model_patcher import ModelPatcher

LISTS, MIDDLE = ("input_blocks", "output_blocks"), "middle_block"


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
    unet = _Own(model, "diffusion_model", model.model.diffusion_model)
    if not all(hasattr(unet.module, part) for part in (*LISTS, MIDDLE)):
        return []
    blocks = [
        (name, number, block)
        for name, part in zip(("input", "output"), LISTS, strict=True)
        for number, block in enumerate(unet.child(part).children())
    ]
    if unet.module.middle_block is not None:
        blocks.append(("middle", 0, unet.child(MIDDLE)))
    sites = []
    for name, number, block in blocks:
        for part in block.children():
            if not hasattr(part.module, "transformer_blocks"):
                continue
            for index, transformer in enumerate(part.child("transformer_blocks").children()):
                attention = transformer.child("attn2").module
                if hasattr(attention, "heads") and hasattr(attention, "dim_head"):
                    width = attention.heads * attention.dim_head
                    sites.append(Site(name, number, index, attention.heads, width))
    return sites


def attention_at(unet: Any, key: tuple[str, int, int]) -> Any:
    """The module `attn2` of a UNet at a site, as it is now: during a run, the one that is called.

    Args:
        unet: ComfyUI's `diffusion_model`.
        key: of the site, see `Site`.
    """
    name, number, index = key
    block = unet.middle_block if name == "middle" else getattr(unet, f"{name}_blocks")[number]
    part = next(part for part in block if hasattr(part, "transformer_blocks"))
    return part.transformer_blocks[index].attn2


class _Own:
    """A module of the model as this model has it.

    Branches of a graph share one UNet. What another branch has put into it for its own run may
    still be there: ComfyUI then keeps the original aside.
    """

    def __init__(self, model: ModelPatcher, path: str, found: Any) -> None:
        own = (*model.object_patches, *model.object_patches_backup)
        self.model, self.path = model, path
        self.module = model.get_model_object(path) if path in own else found

    def child(self, name: str) -> _Own:
        return _Own(self.model, f"{self.path}.{name}", getattr(self.module, name, None))

    def children(self) -> list[_Own]:
        """Of a list of modules."""
        modules = self.module if isinstance(self.module, Iterable) else ()
        return [
            _Own(self.model, f"{self.path}.{number}", module)
            for number, module in enumerate(modules)
        ]


def kind_of(model: ModelPatcher) -> str:
    """What ComfyUI calls this kind of model, for messages: "SDXL", "SD15", "Flux", …"""
    return type(getattr(model.model, "model_config", model.model)).__name__


def compute_dtype(model: ModelPatcher) -> torch.dtype:
    """The dtype that the model's attention computes in; its weights may be stored in another."""
    return model.get_model_object("manual_cast_dtype") or model.model_dtype()
