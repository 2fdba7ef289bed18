"""What ComfyUI calls at one self-attention in place of its own, where it follows a layout."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from ..errors import InputError
from .site_patch import SitePatch
from .site_rows import placed_rows
from .site_text import SiteText

MOST_CELLS = 48 * 48  # of a grid; finer ones cost most of the time: all pairs of cells are compared


class SelfPatch(SitePatch):
    """What ComfyUI calls in place of `attn1`, the self-attention of a site's block."""

    @torch.compiler.disable  # as that of the text
    def __call__(self, q: Tensor, k: Tensor, v: Tensor, extra_options: dict[str, Any]) -> Tensor:
        """Self-attention, weaker between areas in the positive rows: (rows, h·w, heads·dim)."""
        call, state = self._told(extra_options)
        cells = SiteText(q, k, v, extra_options, None)  # the text is the picture itself
        degree = state.self_follows(call.sigma)
        if not degree or q.shape[1] > MOST_CELLS:
            return cells.out(False, [])
        _check_cells(q, extra_options)
        chunks = call.chunks(len(q), len(k), extra_options["cond_or_uncond"])
        out = cells.out(True, chunks)
        for place, rows in placed_rows(self.applied, self.site, call, chunks, extra_options):
            target, small = state.cell_targets(place, q.device)
            cells.follow(out, rows, target, degree * small)
        return out


def _check_cells(q: Tensor, options: Mapping[str, Any]) -> None:
    """The rows and cells must be the picture's.

    Raises:
        InputError: another node has merged cells, or put tiles into rows.
    """
    batch, _, height, width = options["activations_shape"]
    if q.shape[:2] != (batch, height * width):
        raise InputError(
            f"self_attention: another node changed the model's self-attention: {len(q)} rows of"
            f" {q.shape[1]} cells came for {batch} of {height}×{width} (token merging and HyperTile"
            " do so): take that node away, or set self_attention to 0"
        )
