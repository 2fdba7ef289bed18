"""Attention that follows a layout: DenseDiffusion (Kim et al., ICCV 2023, arXiv 2308.12964).

In section 3 of the paper the attention to some keys is modulated before the softmax:

    A = softmax((QK + M) / sqrt(d))
    M = w·t^5 · (1 - S) · (R · (max(QK) - QK) - (1 - R) · (QK - min(QK)))

where QK are a query's products with all keys, of which max and min are taken; R is 1 for the keys
that it is to look at and 0 for the others; S is the area's share of the picture, so small areas are
helped more; and t, the time step, falls from 1 to 0. Both halves go towards one target:

    QK + M = (1 - g) · QK + g · (min + R · (max - min)),   g = w·t^5 · (1 - S)

In this form R may be a share as well: soft edges. The authors' code (naver-ai/DenseDiffusion) acts
in the first 0.3 of the steps, at all attentions of the UNet, with w = 1 for the text.

Where this differs, since here areas need not fill the picture, nor phrases the prompt:

- Cells of no area have no phrase of their own. The authors' R would be 0 for all their keys, and
  their attention even; here only phrases are lowered there, and other tokens ("on a table", start
  and padding) keep their scores. In self-attention these cells count as one more area.
- S of a phrase's token is that of the phrase's area, whatever the query. In the authors' code it
  is the query's area: the large background of a small area would hardly lower its phrase.
- t is the share of the schedule that is left: with SDXL's noise levels their time step / 1000.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from einops import rearrange
from torch import Tensor

POWER = 5  # of t
# Scores that are held at once, over all heads: 64 MB, and what a CPU's caches hold.
MOST, MOST_ON_CPU = 2**24, 2**20
HALVINGS = 12  # in the search for a noise level's place in the schedule: 1/4096 of it


def modulate(scores: Tensor, target: Tensor, degree: Tensor) -> Tensor:
    """Move scores towards the greatest and the least of their query, in place.

    All of a query's are less by its least one in the end, which the softmax does not see.

    Args:
        scores: (…, queries, keys).
        target: R, 0 to 1; broadcasts.
        degree: g, 0 to 1; broadcasts.
    """
    least, greatest = (each(dim=-1, keepdim=True) for each in (scores.amin, scores.amax))
    return scores.sub_(least).mul_(1 - degree).addcmul_(greatest - least, degree * target)


def modulated_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    heads: int,
    target: Tensor,
    degree: Tensor,
    out: Tensor | None = None,
) -> Tensor:
    """Attention with modulated scores, in pieces where these would be many.

    Args:
        query: (batch, queries, heads·dim).
        key, value: (batch, keys, heads·dim).
        target: (batch or 1, queries, keys).
        degree: the same shape, or 1 for queries or keys.
        out: where to put the result; None for a new tensor.

    Returns:
        (batch, queries, heads·dim)
    """
    out = torch.empty_like(query) if out is None else out
    places = rearrange(out, "b n (h d) -> b h n d", h=heads)
    query, key, value = (
        rearrange(each, "b n (h d) -> b h n d", h=heads) for each in (query, key, value)
    )
    key = key.transpose(-1, -2) * query.shape[-1] ** -0.5
    most = MOST_ON_CPU if query.device.type == "cpu" else MOST
    piece = max(most // (key.shape[-1] * query.shape[0] * heads), 1)
    whole = [each.expand(-1, query.shape[2], -1)[:, None] for each in (target, degree)]
    pieces = (each.split(piece, 2) for each in (query, *whole, places))
    for some, wanted, far, place in zip(*pieces, strict=True):
        scores = modulate((some @ key).float(), wanted, far)
        place.copy_(scores.softmax(dim=-1).to(value.dtype) @ value)
    return out


def text_targets(coverage: Tensor, tokens: Tensor) -> tuple[Tensor, Tensor]:
    """R and 1 - S of the text: a cell of an area looks at its phrase, others not at phrases.

    Args:
        coverage: each area's share of each cell, float (batch or 1, areas, h·w).
        tokens: 1 for the tokens of each area's phrase, else 0: (areas, text tokens).

    Returns:
        Both (batch or 1, h·w, text tokens). Tokens of no phrase are lowered as far as a cell is in
        areas: there the second is the share of the picture that these do not take, else 0.
    """
    left = 1 - coverage.mean(-1)  # (b, s)
    named = tokens.amax(0)  # (t,)
    target = _most(coverage, tokens)
    of_phrases = (left[..., None] * tokens).amax(1)[:, None]  # (b, 1, t)
    of_cells = (left[..., None] * coverage).amax(1)[..., None]  # (b, n, 1)
    return target, torch.where(named > 0, of_phrases, of_cells)


def _most(coverage: Tensor, tokens: Tensor) -> Tensor:
    """The greatest coverage of a cell by an area that has the token: (batch or 1, h·w, tokens)."""
    most = torch.zeros_like(coverage[:, 0, :, None] * tokens[0])
    for area, own in zip(coverage.unbind(1), tokens, strict=True):
        most = torch.maximum(most, area[..., None] * own)
    return most


def cell_targets(coverage: Tensor) -> tuple[Tensor, Tensor]:
    """R and 1 - S of self-attention: cells of one area look at one another, and so do the others.

    Args:
        coverage: each area's share of each cell, float (batch or 1, areas, h·w).

    Returns:
        (batch or 1, h·w, h·w) and (batch or 1, h·w, 1).
    """
    rest = 1 - coverage.amax(1, keepdim=True)
    coverage = torch.cat([coverage, rest], dim=1)
    together = coverage.new_zeros(coverage.shape[0], *2 * coverage.shape[-1:])
    for area in coverage.unbind(1):
        together = torch.maximum(together, area[..., None] * area[:, None])
    share = (coverage * coverage.mean(-1, keepdim=True)).sum(1).clamp(max=1)
    return together, 1 - share[..., None]


def share_left(sigma: float, percent_to_sigma: Callable[[float], float]) -> float:
    """t: the share of the schedule that is left at a noise level, 1 to 0."""
    begun, ended = 0.0, 1.0
    for _ in range(HALVINGS):
        middle = (begun + ended) / 2
        if percent_to_sigma(middle) >= sigma:
            begun = middle
        else:
            ended = middle
    return 1 - begun
