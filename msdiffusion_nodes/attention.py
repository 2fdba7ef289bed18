"""Multi-subject cross-attention at one site (paper, section 3.3, without the dummy tokens).

    out = text_attention(query) + weight · image_attention(query)

A query inside boxes attends jointly to the tokens of exactly the subjects whose boxes cover it; a
query in no box gets nothing. Cells with the same subjects therefore share one plain attention
without a mask, and cells outside all boxes cost nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from einops import rearrange
from torch import Tensor
from torch.nn import functional as F

from .layout import Layout


@dataclass(frozen=True)
class CoverageGroup:
    """Cells of a grid that are covered by the same subjects, and those subjects' tokens."""

    cells: Tensor  # int64 (cells,), positions in the flattened grid
    tokens: Tensor  # int64 (tokens,), positions among all subjects' tokens

    def to(self, device: torch.device) -> CoverageGroup:
        return CoverageGroup(self.cells.to(device), self.tokens.to(device))


def coverage_groups(masks: Tensor, token_counts: Sequence[int]) -> list[CoverageGroup]:
    """Sort the cells of a grid by which subjects cover them.

    Args:
        masks: bool (subjects, h, w) on the CPU.
        token_counts: how many tokens each subject has.

    Returns:
        A group for every combination of subjects that occurs, cells in no box left out.
    """
    covered_by = rearrange(masks.numpy(), "subjects h w -> (h w) subjects")
    combinations, group_of_cell = np.unique(covered_by, axis=0, return_inverse=True)
    group_of_cell = group_of_cell.reshape(-1)
    subject_of_token = np.repeat(np.arange(len(token_counts)), token_counts)
    return [
        CoverageGroup(
            cells=torch.from_numpy(np.flatnonzero(group_of_cell == number)),
            tokens=torch.from_numpy(np.flatnonzero(subjects[subject_of_token])),
        )
        for number, subjects in enumerate(combinations)
        if subjects.any()
    ]


def add_image_attention(
    out: Tensor, query: Tensor, key: Tensor, value: Tensor, groups: Sequence[CoverageGroup]
) -> None:
    """Add the image attention to `out`, in place.

    Args:
        out: text attention (batch, h·w, heads·dim).
        query: (batch, h·w, heads·dim).
        key: tokens of all subjects (heads, tokens, dim).
        value: the same shape, each subject's weight already in it: probabilities are scaled after
            the softmax, which is the same as scaling the values.
        groups: from `coverage_groups`, on the device of `query`.
    """
    batch, heads = query.shape[0], key.shape[0]
    for group in groups:
        group_query = rearrange(query[:, group.cells], "b n (h d) -> b h n d", h=heads)
        group_key = key[:, group.tokens].expand(batch, -1, -1, -1)  # (b, h, t, d)
        group_value = value[:, group.tokens].expand(batch, -1, -1, -1)
        image = F.scaled_dot_product_attention(group_query, group_key, group_value)
        out.index_add_(1, group.cells, rearrange(image, "b h n d -> b n (h d)"))


class LayoutGroups:
    """The coverage groups of a layout, made once for each grid and device."""

    def __init__(self, layout: Layout, token_counts: Sequence[int]) -> None:
        self._layout = layout
        self._token_counts = token_counts
        self._made: dict[tuple[int, int, torch.device], list[CoverageGroup]] = {}

    def on_grid(self, height: int, width: int, device: torch.device) -> list[CoverageGroup]:
        place = (height, width, device)
        if place not in self._made:
            groups = coverage_groups(self._layout.masks(height, width), self._token_counts)
            self._made[place] = [group.to(device) for group in groups]
        return self._made[place]
