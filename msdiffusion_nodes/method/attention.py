"""Multi-subject cross-attention at one site (paper, section 3.3, without the dummy tokens).

    out = text_attention(query) + weight · image_attention(query)

A query inside boxes attends jointly to the tokens of exactly the subjects whose boxes cover it; a
query in no box gets nothing. Cells with the same subjects therefore share one plain attention
without a mask, and cells outside all boxes cost nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
import torch
from einops import rearrange
from torch import Tensor
from torch.nn import functional as F

from ..layout import Layout

CLOSED = -10_000.0  # bias of a key that takes no part; fits into float16


class Overlap(str, Enum):
    """What happens where subjects overlap."""

    JOINT = "joint"  # they share the place, as in the paper
    TOPMOST = "topmost"  # the later subject hides the earlier ones


@dataclass(frozen=True)
class CoverageGroup:
    """Cells of a grid that are covered by the same subjects, and those subjects' tokens.

    Attributes:
        cells: int64 (cells,), positions in the flattened grid.
        tokens: int64 (tokens,), positions among all subjects' tokens.
        kept: float (tokens,), 0 for tokens that only take part in the softmax; None keeps all.
        share: float (cells,), how much of the result counts in each cell; None for all of it.
    """

    cells: Tensor
    tokens: Tensor
    kept: Tensor | None = None
    share: Tensor | None = None

    def to(self, device: torch.device) -> CoverageGroup:
        parts = (self.cells, self.tokens, self.kept, self.share)
        return CoverageGroup(*(part if part is None else part.to(device) for part in parts))


def stack_overlap(coverage: Tensor, overlap: Overlap) -> Tensor:
    """Let later subjects hide earlier ones where that is asked for: (…, subjects, cells)."""
    if overlap is Overlap.JOINT:
        return coverage
    # what is left over by all subjects above: the product of (1 - share) of the later ones
    left = (1 - coverage).flip(-2).cumprod(-2).flip(-2)
    above = torch.cat([left[..., 1:, :], torch.ones_like(left[..., :1, :])], dim=-2)
    return coverage * above


def coverage_groups(
    coverage: Tensor, token_counts: Sequence[int], overlap: Overlap = Overlap.JOINT
) -> list[CoverageGroup]:
    """Sort the cells of a grid by which subjects cover them.

    Args:
        coverage: bool or float (subjects, h, w) on the CPU, 0 to 1.
        token_counts: how many tokens each subject has.
        overlap: what happens where subjects overlap.

    Returns:
        A group for every combination of subjects that occurs, cells in no region left out. Where
        edges are soft, a group for each subject of the combination, so that each has its own share.
    """
    shares = stack_overlap(rearrange(coverage.float(), "s h w -> s (h w)"), overlap).numpy()
    combinations, group_of_cell = np.unique(shares.T > 0, axis=0, return_inverse=True)
    group_of_cell = group_of_cell.reshape(-1)
    subject_of_token = np.repeat(np.arange(len(token_counts)), token_counts)
    groups = []
    for number, combination in enumerate(combinations):
        subjects = np.flatnonzero(combination)
        cells = np.flatnonzero(group_of_cell == number)
        tokens = np.flatnonzero(combination[subject_of_token])
        if not len(subjects):
            continue
        if (shares[subjects][:, cells] == 1).all():
            groups.append(_group(cells, tokens))
            continue
        for subject in subjects:
            own = subject_of_token[tokens] == subject
            share = shares[subject, cells]
            if overlap is Overlap.TOPMOST:
                groups.append(_group(cells, tokens[own], None, share))
            else:
                groups.append(_group(cells, tokens, own.astype(np.float32), share))
    return groups


def _group(*parts: np.ndarray | None) -> CoverageGroup:
    return CoverageGroup(*(part if part is None else torch.from_numpy(part) for part in parts))


def add_image_attention(
    out: Tensor,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    groups: Sequence[CoverageGroup],
    bias: Tensor | None = None,
) -> None:
    """Add the image attention to `out`, in place.

    Args:
        out: text attention (batch, h·w, heads·dim).
        query: (batch, h·w, heads·dim).
        key: tokens of all subjects (heads, tokens, dim).
        value: the same shape, each subject's weight already in it: probabilities are scaled after
            the softmax, which is the same as scaling the values.
        groups: from `coverage_groups`, on the device of `query`.
        bias: (tokens,), added before the softmax; `CLOSED` for tokens that take no part now.
    """
    batch, heads = query.shape[0], key.shape[0]
    for group in groups:
        group_query = rearrange(query[:, group.cells], "b n (h d) -> b h n d", h=heads)
        group_key = key[:, group.tokens].expand(batch, -1, -1, -1)  # (b, h, t, d)
        group_value = value[:, group.tokens]
        if group.kept is not None:
            group_value = group_value * group.kept.to(value.dtype)[:, None]
        mask = None if bias is None else bias[group.tokens].to(query.dtype)[None, None, None]
        image = F.scaled_dot_product_attention(
            group_query, group_key, group_value.expand(batch, -1, -1, -1), attn_mask=mask
        )
        image = rearrange(image, "b h n d -> b n (h d)")
        if group.share is not None:
            image = image * group.share.to(image.dtype)[:, None]
        out.index_add_(1, group.cells, image)


def add_masked_image_attention(
    out: Tensor,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    shares: Tensor,
    subject_of_token: Tensor,
    overlap: Overlap = Overlap.JOINT,
    bias: Tensor | None = None,
) -> None:
    """`add_image_attention` for areas that are known to the GPU only.

    Asking which cells are covered would stop the GPU, so all cells attend, with a mask. Each
    subject's part is computed by itself, so that each has its own share of a cell.

    Args:
        shares: float (batch, subjects, h·w), 0 to 1; a subject is seen where it is above 0.
        subject_of_token: int64 (tokens,).
        overlap: joint attention of the subjects that a cell sees, or each alone.
    """
    heads = key.shape[0]
    split_query = rearrange(query, "b n (h d) -> b h n d", h=heads)
    keys = key.expand(len(query), -1, -1, -1)
    bias = key.new_zeros(key.shape[1]) if bias is None else bias.to(key.dtype)
    seen = rearrange(shares[:, subject_of_token] > 0, "b t n -> b 1 n t")
    for subject in range(shares.shape[1]):
        own = subject_of_token == subject
        asked = seen if overlap is Overlap.JOINT else seen & own
        values = (value * own.to(value.dtype)[:, None]).expand(len(query), -1, -1, -1)
        mask = torch.where(asked, bias, CLOSED).to(key.dtype)
        image = F.scaled_dot_product_attention(split_query, keys, values, attn_mask=mask)
        share = shares[:, subject, :, None].to(out.dtype)
        out.add_(rearrange(image, "b h n d -> b n (h d)") * share)


class LayoutGroups:
    """The coverage groups of a layout, made once for each grid and device."""

    def __init__(
        self, layout: Layout, token_counts: Sequence[int], overlap: Overlap = Overlap.JOINT
    ) -> None:
        self._layout = layout
        self._token_counts = token_counts
        self._overlap = overlap
        self._made: dict[tuple[int, int, torch.device], list[CoverageGroup]] = {}

    def on_grid(self, height: int, width: int, device: torch.device) -> list[CoverageGroup]:
        place = (height, width, device)
        if place not in self._made:
            coverage = self._layout.coverage(height, width)
            groups = coverage_groups(coverage, self._token_counts, self._overlap)
            self._made[place] = [group.to(device) for group in groups]
        return self._made[place]
