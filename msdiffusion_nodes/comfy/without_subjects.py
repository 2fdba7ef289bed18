"""What acts at every site of a model without any subject: words in boxes, text that follows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from comfy.model_patcher import ModelPatcher

from ..errors import InputError
from ..layout import Layout
from ..method.adapter import SiteTokens
from ..method.applied import AppliedSubjects, PlacedTokens
from .applying import patch_model
from .sites import Site, find_sites, kind_of


def text_sites(model: ModelPatcher) -> list[Site]:
    """The model's text cross-attentions, see `find_sites`.

    Raises:
        InputError: it has none of the SDXL kind.
    """
    sites = find_sites(model)
    if not sites:
        raise InputError(
            f"{kind_of(model)} came, which has no text cross-attentions of SDXL's kind; connect the"
            " model of an SDXL checkpoint"
        )
    return sites


def patch_without_subjects(
    model: ModelPatcher, layouts: Sequence[Layout], **acting: Any
) -> ModelPatcher:
    """A clone of the model with what acts, at every site.

    Args:
        layouts: one for all pictures, or one a picture.
        acting: attributes of `AppliedSubjects`.

    Raises:
        InputError: see `patch_model`.
    """
    sites = find_sites(model)
    nothing = [PlacedTokens(SiteTokens(*[torch.empty(site.heads, 0, 0)] * 2)) for site in sites]
    applied = AppliedSubjects(layouts, [nothing] * len(layouts), [], **acting)
    return patch_model(model, sites, applied)
