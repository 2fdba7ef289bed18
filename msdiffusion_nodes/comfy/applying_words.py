"""Words in boxes on a model without subjects."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from comfy.model_patcher import ModelPatcher

from ..errors import InputError
from ..layout import Layout
from ..method.adapter import SiteTokens
from ..method.applied import AppliedSubjects, PlacedTokens
from ..method.words import BoxPrompts
from .applying import patch_model
from .sites import attention_at, find_sites, kind_of


def check_text_width(model: ModelPatcher, words: BoxPrompts) -> None:
    """The words must be encoded as the model's cross-attentions take them.

    Raises:
        InputError: the model is no UNet, or takes another encoder's texts.
    """
    sites = find_sites(model)
    if not sites:
        raise InputError(
            f"{kind_of(model)} came, which has no text cross-attentions of SDXL's kind; connect the"
            " model of an SDXL checkpoint"
        )
    taken = attention_at(model.get_model_object("diffusion_model"), sites[0].key).to_k.in_features
    came = next((each.shape[-1] for each in words.embeddings if each is not None), taken)
    if came != taken:
        raise InputError(
            f"{kind_of(model)} takes texts {taken} wide, and the CLIP of Box Prompts makes them"
            f" {came} wide; connect model and CLIP of the same checkpoint"
        )


def apply_words(
    model: ModelPatcher, layouts: Sequence[Layout], words: BoxPrompts | None
) -> ModelPatcher:
    """A clone of the model with words in the boxes of its layouts; None changes nothing.

    Args:
        layouts: one for all pictures, or one a picture; with a region for each line of words.
    """
    if words is None:
        return model.clone()
    sites = find_sites(model)
    nothing = [PlacedTokens(SiteTokens(*[torch.empty(site.heads, 0, 0)] * 2)) for site in sites]
    applied = AppliedSubjects(layouts, [nothing] * len(layouts), [], words=words)
    return patch_model(model, sites, applied)
