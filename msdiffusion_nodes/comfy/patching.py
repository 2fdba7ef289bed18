"""Putting the multi-subject attention into ComfyUI's SDXL."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from comfy.model_patcher import ModelPatcher
from comfy.patcher_extension import CallbacksMP, WrappersMP

from ..errors import InputError
from ..layout import Box
from ..method.adapter import SiteTokens
from ..method.fitting import check_batch
from ..method.subject_attention import SigmaRange, SubjectAttention
from .site_patch import WINDOWS, PlacedTokens, SitePatch

KEY = "msdiffusion"
COMPILE_KEY = "torch.compile"  # ComfyUI's name for the wrapper of TorchCompileModel


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


def sigma_range(model: ModelPatcher, start: float, end: float) -> SigmaRange | None:
    """The noise levels between two shares of the schedule; None for the whole schedule.

    With None nothing has to be asked at each step.
    """
    if start <= 0.0 and end >= 1.0:
        return None
    percent_to_sigma = model.get_model_object("model_sampling").percent_to_sigma
    return SigmaRange(percent_to_sigma(start), percent_to_sigma(end))


def patch_model(
    model: ModelPatcher,
    sites: Sequence[Site],
    attentions: Sequence[SubjectAttention],
    tokens: Sequence[Sequence[SiteTokens]],
) -> ModelPatcher:
    """A clone of the model with the subjects at every site.

    Args:
        attentions: one for all pictures, or one a picture of the batch.
        tokens: for each of them the keys and values of every site.
    """
    patched = model.clone()
    present = patched.model_options["transformer_options"].get("patches_replace", {})
    earlier = dict(present.get("attn2", {}))
    for number, site in enumerate(sites):
        # a patch for a whole block has a key without index, which ours would hide
        before = earlier.get(site.key, earlier.get((site.block, site.number)))
        if before is not None and any(each.keeps_text_in_box for each in attentions):
            raise InputError(
                "auto_layout: text_in_box needs the text attention to itself, but another node has"
                " already changed it on this model; turn text_in_box off, or apply that node after"
            )
        placed = [PlacedTokens(of_layout[number]) for of_layout in tokens]
        parts = list(zip(attentions, placed, strict=True))
        patched.set_model_attn2_replace(SitePatch(number, parts, before), *site.key)
    _follow_runs(patched, attentions)
    return patched


def site_patches(model: ModelPatcher) -> dict[tuple, SitePatch]:
    """Our patches on a model, by ComfyUI's key."""
    return _site_patches(model.model_options["transformer_options"])


def _site_patches(options: dict[str, Any]) -> dict[tuple, SitePatch]:
    attn2 = options.get("patches_replace", {}).get("attn2", {})
    return {key: patch for key, patch in attn2.items() if isinstance(patch, SitePatch)}


def _follow_runs(patched: ModelPatcher, attentions: Sequence[SubjectAttention]) -> None:
    """Start afresh with each run, and know which part of the picture a condition is about."""

    def run(executor: Any, noise: torch.Tensor, *arguments: Any, **named: Any) -> Any:
        check_batch(len(attentions), len(noise))
        for attention in attentions:
            attention.start_run()
        try:
            return executor(noise, *arguments, **named)
        finally:
            for attention in attentions:
                attention.end_run()

    # a second ApplyMSDiffusion on the same model adds its own, the others serve for all
    patched.add_wrapper_with_key(WrappersMP.OUTER_SAMPLE, KEY, run)
    patched.remove_wrappers_with_key(WrappersMP.CALC_COND_BATCH, KEY)
    patched.add_wrapper_with_key(WrappersMP.CALC_COND_BATCH, KEY, _prepare_calls)
    patched.remove_callbacks_with_key(CallbacksMP.ON_CLONE, KEY)
    patched.add_callback_with_key(CallbacksMP.ON_CLONE, KEY, _own_patches)


def _prepare_calls(
    executor: Any, model: Any, conds: Any, x_in: torch.Tensor, timestep: Any, model_options: dict
) -> Any:
    """Hand the sites the window of each condition that is about an area of the picture only.

    ComfyUI crops the latent for such a condition and does not say where. The UNet is called as it
    is, not compiled, see `_uncompiled`.
    """
    _check_prompts(conds[0] or (), model_options["transformer_options"])
    height, width = x_in.shape[-2:]
    windows = {}
    for cond in (entry for entries in conds if entries is not None for entry in entries):
        area = cond.get("area")
        if area is not None and len(area) == 4:
            rows, columns, top, left = area
            rows, columns = min(rows, height - top), min(columns, width - left)
            windows[cond.get("uuid")] = Box(
                left / width, top / height, (left + columns) / width, (top + rows) / height
            )
    options = _uncompiled(model_options["transformer_options"])
    if windows:
        options = {**options, WINDOWS: windows}
    model_options = {**model_options, "transformer_options": options}
    return executor(model, conds, x_in, timestep, model_options)


def _check_prompts(positive: Iterable[dict], options: dict[str, Any]) -> None:
    """Here each prompt has its own length; later ComfyUI repeats the shorter ones.

    Raises:
        InputError: auto layout looks for its phrases in a prompt of another length.
    """
    if options.get("patches", {}).get("attn2_patch"):
        return  # NegPip and others keep more than the prompt's tokens there, and take them out
    ours = next(iter(_site_patches(options).values()), None)
    for attention in ours.attentions() if ours else ():
        for cond in positive:
            text = cond.get("model_conds", {}).get("c_crossattn")
            if text is not None:
                attention.check_prompt(text.cond.shape[1])


def _uncompiled(options: dict[str, Any]) -> dict[str, Any]:
    """Leave `torch.compile` out for a model with subjects.

    TorchCompileModel drops the guards on these options (from ComfyUI 0.5), and what was compiled
    for the plain model serves all that share its modules: the subjects would silently be missing.
    Compiling once more does not help, since equal backends share what they compiled.
    """
    wrappers = options.get("wrappers", {})
    compiled = wrappers.get(WrappersMP.APPLY_MODEL, {})
    if COMPILE_KEY not in compiled:
        return options
    _tell_of_compiling()
    others = {key: wrapper for key, wrapper in compiled.items() if key != COMPILE_KEY}
    return {**options, "wrappers": {**wrappers, WrappersMP.APPLY_MODEL: others}}


@cache
def _tell_of_compiling() -> None:
    logging.warning(
        "MS-Diffusion: a model with subjects runs without torch.compile, which would leave them out"
    )


def _own_patches(model: ModelPatcher, clone: ModelPatcher) -> None:
    """Give a clone its own patch objects: what other packs `add` there stays there."""
    for key, patch in site_patches(clone).items():
        clone.model_options["transformer_options"]["patches_replace"]["attn2"][key] = patch.copy()
