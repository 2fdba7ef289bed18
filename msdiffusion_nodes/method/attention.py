"""Multi-subject cross-attention at one site (paper, section 3.3, without the dummy tokens).

    out = text_attention(query) + weight · image_attention(query)

A query inside areas attends jointly to the tokens of exactly the subjects whose areas cover it; a
query in no area gets nothing. Cells with the same subjects therefore share one plain attention
without a mask, and cells outside all areas cost nothing.

Where an area is soft, a subject's *coverage* of a cell is a share from 0 to 1. The probabilities of
its tokens are scaled by it before they are made to add up to 1, and the result by the greatest
coverage in the cell. So a share of 1 is the official result, a share towards 0 becomes what 0 is,
and a subject alone acts in proportion to its share.
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
        subjects: int64 (subjects,), which these are.
        coverage: float (subjects, cells), their shares; None where all are 1.
        bias: float (cells, tokens), the logarithm of each token's share; None where all tokens of a
            cell have the same.
    """

    cells: Tensor
    tokens: Tensor
    subjects: Tensor
    coverage: Tensor | None = None
    bias: Tensor | None = None

    def to(self, device: torch.device) -> CoverageGroup:
        parts = (self.cells, self.tokens, self.subjects, self.coverage, self.bias)
        return CoverageGroup(*(part if part is None else part.to(device) for part in parts))


@dataclass(frozen=True)
class Gate:
    """Which subjects act at this noise level; tensors, since asking would stop the GPU.

    Attributes:
        subjects: (subjects,), 1 or 0.
        tokens: (tokens,), the same for each token.
    """

    subjects: Tensor
    tokens: Tensor

    @property
    def bias(self) -> Tensor:
        """(tokens,), added before the softmax: tokens of subjects that do not act are closed."""
        return (1 - self.tokens) * CLOSED


def stack_overlap(coverage: Tensor, overlap: Overlap, scenes: Sequence[int] = ()) -> Tensor:
    """Let upper subjects hide lower ones where that is asked for: (…, subjects, cells).

    Args:
        scenes: the numbers of subjects that are everywhere: they lie below all others. Of the rest,
            and among scenes, the later one lies above.
    """
    if overlap is Overlap.JOINT:
        return coverage
    order = sorted(range(coverage.shape[-2]), key=lambda number: number not in scenes)
    places = [order.index(number) for number in range(len(order))]
    stack = coverage[..., order, :]
    # what is left over by all subjects above: the product of (1 - share) of the later ones
    left = (1 - stack).flip(-2).cumprod(-2).flip(-2)
    above = torch.cat([left[..., 1:, :], torch.ones_like(left[..., :1, :])], dim=-2)
    return (stack * above)[..., places, :]


def coverage_groups(
    coverage: Tensor,
    token_counts: Sequence[int],
    overlap: Overlap = Overlap.JOINT,
    scenes: Sequence[int] = (),
) -> list[CoverageGroup]:
    """Sort the cells of a grid by which subjects cover them.

    Args:
        coverage: bool or float (subjects, h, w) on the CPU, 0 to 1.
        token_counts: how many tokens each subject has.
        overlap, scenes: what happens where subjects overlap, see `stack_overlap`.

    Returns:
        A group for every combination of subjects that occurs, cells in no area left out. Where
        soft subjects lie on top of each other (TOPMOST), a group for each of them.
    """
    shares = stack_overlap(rearrange(coverage.float(), "s h w -> s (h w)"), overlap, scenes).numpy()
    combinations, group_of_cell = np.unique(shares.T > 0, axis=0, return_inverse=True)
    group_of_cell = group_of_cell.reshape(-1)
    owners = np.repeat(np.arange(len(token_counts)), token_counts)  # (tokens,)
    groups = []
    for number, combination in enumerate(combinations):
        subjects, cells = np.flatnonzero(combination), np.flatnonzero(group_of_cell == number)
        if not len(subjects):
            continue
        if overlap is Overlap.TOPMOST:
            groups += [
                _group(shares, cells, subjects[n : n + 1], owners) for n in range(len(subjects))
            ]
        else:
            groups.append(_group(shares, cells, subjects, owners))
    return groups


def _group(
    shares: np.ndarray, cells: np.ndarray, subjects: np.ndarray, owners: np.ndarray
) -> CoverageGroup:
    tokens = np.flatnonzero(np.isin(owners, subjects))
    own = shares[np.ix_(subjects, cells)]  # (subjects, cells)
    soft = not (own == 1).all()
    uneven = not (own == own[:1]).all()
    bias = np.log(shares[np.ix_(owners[tokens], cells)]).T if uneven else None  # (cells, tokens)
    parts = (cells, tokens, subjects, own if soft else None, bias)
    return CoverageGroup(*(part if part is None else torch.from_numpy(part) for part in parts))


def add_image_attention(
    out: Tensor,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    groups: Sequence[CoverageGroup],
    gate: Gate | None = None,
) -> None:
    """Add the image attention to `out`, in place.

    Args:
        out: text attention (batch, h·w, heads·dim).
        query: (batch, h·w, heads·dim).
        key: tokens of all subjects (heads, tokens, dim).
        value: the same shape, each subject's weight already in it: probabilities are scaled after
            the softmax, which is the same as scaling the values.
        groups: from `coverage_groups`, on the device of `query`.
        gate: which subjects act now; None for all.
    """
    batch, heads = query.shape[0], key.shape[0]
    if gate is not None:
        value = value * gate.tokens.to(value.dtype)[:, None]
    for group in groups:
        cell_query = rearrange(query[:, group.cells], "b n (h d) -> b h n d", h=heads)
        keys = key[:, group.tokens].expand(batch, -1, -1, -1)  # (b, h, t, d)
        values = value[:, group.tokens].expand(batch, -1, -1, -1)
        mask = group.bias  # (n, t)
        if gate is not None:
            closed = gate.bias[group.tokens]  # (t,)
            mask = closed[None] if mask is None else mask + closed
        if mask is not None:
            mask = mask.to(query.dtype)[None, None]  # (1, 1, n or 1, t)
        image = F.scaled_dot_product_attention(cell_query, keys, values, attn_mask=mask)
        image = rearrange(image, "b h n d -> b n (h d)")
        if group.coverage is not None:
            share = _greatest(group.coverage, gate and gate.subjects[group.subjects])
            image = image * share.to(image.dtype)[:, None]
        out.index_add_(1, group.cells, image)


def add_masked_image_attention(
    out: Tensor,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    coverage: Tensor,
    owners: Tensor,
    gate: Gate | None = None,
) -> None:
    """`add_image_attention` for areas that are known to the GPU only.

    Asking which cells are covered would stop the GPU, so all cells attend, with a mask.

    Args:
        coverage: float (batch, subjects, h·w), 0 to 1; a subject is seen where it is above 0.
        owners: int64 (tokens,), the subject of each token.
        gate: which subjects act now; None for all.
    """
    batch, heads = query.shape[0], key.shape[0]
    split_query = rearrange(query, "b n (h d) -> b h n d", h=heads)
    bias = rearrange(coverage.log().clamp(min=CLOSED), "b s n -> b 1 n s")
    mask = bias[..., owners]  # (b, 1, n, t)
    acting = None
    if gate is not None:
        mask = mask + gate.bias
        acting = gate.subjects
    keys, values = (each.expand(batch, -1, -1, -1) for each in (key, value))  # (b, h, t, d)
    mask = mask.to(query.dtype)
    image = F.scaled_dot_product_attention(split_query, keys, values, attn_mask=mask)
    share = _greatest(coverage.transpose(0, 1), acting)  # (b, n)
    out.addcmul_(rearrange(image, "b h n d -> b n (h d)"), share.to(out.dtype)[..., None])


def _greatest(coverage: Tensor, acting: Tensor | None) -> Tensor:
    """The greatest share of the subjects that act: (subjects, …) to (…)."""
    if acting is not None:
        coverage = coverage * acting.view(-1, *[1] * (coverage.ndim - 1))
    return coverage.amax(0)
