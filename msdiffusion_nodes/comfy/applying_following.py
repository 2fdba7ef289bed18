"""Text that follows a layout, on a model with subjects or without."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from comfy.model_patcher import ModelPatcher

from ..errors import InputError
from ..layout import Layout
from ..method.adapter import SiteTokens
from ..method.applied import AppliedSubjects, PlacedTokens
from ..method.text_following import TextFollowing
from .applying import patch_model
from .sites import find_sites, kind_of


def check_sites(model: ModelPatcher) -> None:
    """Whether the model has text cross-attentions of the SDXL kind.

    Raises:
        InputError: it has none.
    """
    if not find_sites(model):
        raise InputError(
            f"{kind_of(model)} came, which has no text cross-attentions of SDXL's kind; connect the"
            " model of an SDXL checkpoint"
        )


def apply_following(
    model: ModelPatcher, layouts: Sequence[Layout], following: TextFollowing
) -> ModelPatcher:
    """A clone of the model whose text follows the layouts.

    Args:
        layouts: one for all pictures, or one a picture; with a region for each phrase.

    Raises:
        InputError: another node has changed the text attention.
    """
    sites = find_sites(model)
    nothing = [PlacedTokens(SiteTokens(*[torch.empty(site.heads, 0, 0)] * 2)) for site in sites]
    applied = AppliedSubjects(layouts, [nothing] * len(layouts), [], following=following)
    return patch_model(model, sites, applied)
