"""Putting the multi-subject attention into ComfyUI's SDXL."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from comfy.ldm.modules.attention import optimized_attention
from comfy.model_patcher import ModelPatcher
from comfy.patcher_extension import CallbacksMP
from torch import Tensor

from ..adapter import SiteTokens
from ..attention import LayoutGroups, add_image_attention

KEY = "msdiffusion"
POSITIVE = 0  # entry of cond_or_uncond; 1 is negative, PerpNeg has 2 as well


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


@dataclass(frozen=True)
class SigmaRange:
    """The part of the schedule in which something acts, both ends included."""

    start: float
    end: float

    @classmethod
    def from_percent(cls, model: ModelPatcher, start: float, end: float) -> SigmaRange | None:
        """None for the whole schedule: then nothing has to be asked at each step."""
        if start <= 0.0 and end >= 1.0:
            return None
        percent_to_sigma = model.get_model_object("model_sampling").percent_to_sigma
        return cls(percent_to_sigma(start), percent_to_sigma(end))

    def gate(self, sigmas: Tensor, dtype: torch.dtype) -> Tensor:
        """1 inside the range, 0 outside, as a tensor: asking for the number would stop the GPU."""
        sigma = sigmas[:1]
        return ((sigma <= self.start) & (sigma >= self.end)).to(dtype)


class SitePatch:
    """What ComfyUI calls in place of `attn2` at one site.

    It stands in the way of no other pack: a patch found under the same key gives the text
    attention, and packs that add themselves to the object they find can do so.
    """

    def __init__(
        self,
        tokens: SiteTokens,
        groups: LayoutGroups,
        sigma_range: SigmaRange | None,
        earlier: Callable[..., Tensor] | None,
    ) -> None:
        self.tokens = tokens
        self.groups = groups
        self.sigma_range = sigma_range
        self.earlier = earlier
        self.added: list[tuple[Callable[..., Tensor], dict[str, Any]]] = []
        self._moved: dict[tuple[torch.device, torch.dtype], SiteTokens] = {}

    def __call__(self, q: Tensor, k: Tensor, v: Tensor, extra_options: dict[str, Any]) -> Tensor:
        """Text attention, plus image attention in the positive rows: (rows, h·w, heads·dim)."""
        out = self._text_attention(q, k, v, extra_options)
        height, width = extra_options["activations_shape"][-2:]
        if q.shape[1] != height * width:
            raise ValueError(
                f"another node changed the picture's grid: {q.shape[1]} queries came for"
                f" {height}×{width} cells, so MS-Diffusion cannot tell where each one is"
            )
        groups = self.groups.on_grid(height, width, q.device)
        tokens = self._tokens_for(q)
        value = tokens.value
        if self.sigma_range is not None:
            value = value * self.sigma_range.gate(extra_options["sigmas"], value.dtype)
        for rows in positive_rows(len(q), extra_options["cond_or_uncond"]):
            add_image_attention(out[rows], q[rows], tokens.key, value, groups)
        for callback, arguments in self.added:
            out = out + self._gated(callback, arguments, out, q, k, v, extra_options)
        return out

    def add(self, callback: Callable[..., Tensor], **arguments: Any) -> None:
        """Let another pack add its attention at this site, as IPAdapter, InstantID and PuLID do.

        Args:
            callback: called as `callback(out, q, k, v, extra_options, **arguments)`; its result is
                added to `out`.
            arguments: may hold `sigma_start` and `sigma_end`, outside of which it counts nothing.
        """
        self.added.append((callback, arguments))

    def to(self, target: torch.device | torch.dtype) -> SitePatch:
        """Called by ComfyUI when the model moves. Our dtype is settled when the node runs."""
        if hasattr(self.earlier, "to"):
            self.earlier = self.earlier.to(target)
        if isinstance(target, torch.device):
            if target == self.tokens.key.device:
                self._moved.clear()
            else:
                moved = self.tokens.to(target)
                self._moved[moved.key.device, moved.key.dtype] = moved
        return self

    def models(self) -> list[ModelPatcher]:
        """Models that ComfyUI loads with the UNet: none of ours, those of an earlier patch."""
        return self.earlier.models() if hasattr(self.earlier, "models") else []

    def cleanup(self) -> None:
        """Called by ComfyUI after sampling; for an earlier patch that waits for it."""
        if hasattr(self.earlier, "cleanup"):
            self.earlier.cleanup()

    def copy(self) -> SitePatch:
        """For a clone of the model: its own list of additions, the same tensors."""
        twin = SitePatch(self.tokens, self.groups, self.sigma_range, self.earlier)
        twin.added = list(self.added)
        twin._moved = self._moved
        return twin

    def __deepcopy__(self, memo: dict[int, Any]) -> SitePatch:
        # before version 0.13 a clone copies the patches: never the tensors in them
        return self.copy()

    def _text_attention(self, q: Tensor, k: Tensor, v: Tensor, options: dict[str, Any]) -> Tensor:
        if self.earlier is not None:
            # the tensor may be the other pack's own: it is added to in place below
            return self.earlier(q, k, v, options).clone()
        return optimized_attention(
            q,
            k,
            v,
            options["n_heads"],
            attn_precision=options.get("attn_precision"),
            transformer_options=options,
        )

    def _tokens_for(self, query: Tensor) -> SiteTokens:
        stored = self.tokens.key
        if stored.device == query.device and stored.dtype == query.dtype:
            return self.tokens
        place = (query.device, query.dtype)
        if place not in self._moved:
            self._moved[place] = self.tokens.to(*place)
        return self._moved[place]

    @staticmethod
    def _gated(
        callback: Callable[..., Tensor], arguments: dict[str, Any], out: Tensor, *rest: Any
    ) -> Tensor:
        addition = callback(out, *rest, **arguments)
        if "sigma_start" not in arguments or "sigma_end" not in arguments:
            return addition
        sigma_range = SigmaRange(arguments["sigma_start"], arguments["sigma_end"])
        return addition * sigma_range.gate(rest[-1]["sigmas"], addition.dtype)


def positive_rows(rows: int, cond_or_uncond: Sequence[int]) -> list[slice]:
    """Where the positive conditions stand in a batch made of equal chunks, one a condition."""
    images, rest = divmod(rows, len(cond_or_uncond))
    if rest:
        raise ValueError(
            f"another node changed the batch: {rows} rows came for {len(cond_or_uncond)} conditions"
        )
    return [
        slice(chunk * images, (chunk + 1) * images)
        for chunk, kind in enumerate(cond_or_uncond)
        if kind == POSITIVE
    ]


def patch_model(
    model: ModelPatcher,
    sites: Sequence[Site],
    tokens: Sequence[SiteTokens],
    groups: LayoutGroups,
    sigma_range: SigmaRange | None,
) -> ModelPatcher:
    """A clone of the model with the image attention at every site."""
    patched = model.clone()
    present = patched.model_options["transformer_options"].get("patches_replace", {})
    earlier = dict(present.get("attn2", {}))
    for site, site_tokens in zip(sites, tokens, strict=True):
        # a patch for a whole block has a key without index, which ours would hide
        before = earlier.get(site.key, earlier.get((site.block, site.number)))
        patch = SitePatch(site_tokens, groups, sigma_range, before)
        patched.set_model_attn2_replace(patch, *site.key)
    patched.remove_callbacks_with_key(CallbacksMP.ON_CLONE, KEY)
    patched.add_callback_with_key(CallbacksMP.ON_CLONE, KEY, _own_patches)
    return patched


def _own_patches(model: ModelPatcher, clone: ModelPatcher) -> None:
    """Give a clone its own patch objects: what other packs `add` there stays there."""
    replace = clone.model_options["transformer_options"].get("patches_replace", {})
    for key, patch in replace.get("attn2", {}).items():
        if isinstance(patch, SitePatch):
            replace["attn2"][key] = patch.copy()
