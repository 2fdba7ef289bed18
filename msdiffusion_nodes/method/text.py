"""Text attention taken apart: how much each cell looks at each phrase, and at what it may look.

Of the rows whose areas come from the text, the attention is computed here, once: its probabilities
give the maps of the phrases as well as the output.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from einops import rearrange
from torch import Tensor


def text_probabilities(
    query: Tensor, key: Tensor, heads: int, precision: torch.dtype | None = None
) -> Tensor:
    """How much each cell looks at each text token: (batch, heads, h·w, text tokens).

    Args:
        query: (batch, h·w, heads·dim).
        key: (batch, text tokens, heads·dim).
        precision: the dtype to compute in, where ComfyUI asks for another than theirs.
    """
    if precision is not None:
        query, key = query.to(precision), key.to(precision)
    query = rearrange(query, "b n (h d) -> b h n d", h=heads)
    key = rearrange(key, "b t (h d) -> b h d t", h=heads)
    return (query @ (key * query.shape[-1] ** -0.5)).softmax(dim=-1)  # the keys are fewer


def text_out(probabilities: Tensor, value: Tensor) -> Tensor:
    """The attention's output (batch, h·w, heads·dim).

    Args:
        probabilities: (batch, heads, h·w, text tokens).
        value: (batch, text tokens, heads·dim).
    """
    out = probabilities @ _by_head(value, probabilities)  # (b, h, n, d)
    return rearrange(out, "b h n d -> b n (h d)").to(value.dtype)


def open_text_out(probabilities: Tensor, value: Tensor, seen: Tensor) -> Tensor:
    """The attention's output over the text that is open, as if there were no other.

    Args:
        probabilities: (batch, heads, h·w, text tokens); they are written over.
        value: (batch, text tokens, heads·dim).
        seen: (batch or 1, h·w, text tokens), 1 where a cell may look, else 0.

    Returns:
        (batch, h·w, heads·dim)
    """
    values = _by_head(value, probabilities)
    ones = values.new_ones(*values.shape[:3], 1)
    probabilities = probabilities.mul_(seen[:, None].to(probabilities.dtype))
    out = probabilities @ torch.cat([values, ones], dim=-1)  # (b, h, n, d + 1)
    out = out[..., :-1] / out[..., -1:]  # what is left adds up to 1 again
    return rearrange(out, "b h n d -> b n (h d)").to(value.dtype)


def phrase_columns(positions: Sequence[Sequence[int]], period: int, length: int) -> Tensor:
    """Which text tokens a phrase's map is the mean of: float (text tokens, subjects).

    Args:
        positions: each phrase's places in the prompt's tokens.
        period: text tokens of the prompt itself.
        length: text tokens as they come; ComfyUI repeats a short text to match a long one, and what
            a cell looks at is then shared out over the repetitions.
    """
    columns = torch.zeros(period, len(positions))
    for subject, places in enumerate(positions):
        columns[list(places), subject] = 1 / len(places)
    return columns.repeat(length // period, 1)


def phrase_maps(probabilities: Tensor, columns: Tensor) -> Tensor:
    """How much each cell looks at each phrase, averaged over heads and the phrase's tokens.

    Args:
        probabilities: (batch, heads, h·w, text tokens).
        columns: from `phrase_columns`, on the same device.

    Returns:
        float32 (batch, subjects, h·w)
    """
    maps = probabilities @ columns.to(probabilities.dtype)  # (b, h, n, s)
    return rearrange(maps.float().mean(dim=1), "b n s -> b s n")


def _by_head(value: Tensor, probabilities: Tensor) -> Tensor:
    """(batch, text tokens, heads·dim) to (batch, heads, text tokens, dim)."""
    split = rearrange(value, "b t (h d) -> b h t d", h=probabilities.shape[1])
    return split.to(probabilities.dtype)


def open_text(coverage: Tensor, columns: Tensor) -> Tensor:
    """Close a phrase's text tokens to the cells outside its subject's area.

    Args:
        coverage: float (batch or 1, subjects, h·w).
        columns: from `phrase_columns`.

    Returns:
        (batch or 1, h·w, text tokens), 1 where a cell may look, else 0. Tokens of no phrase are
        open everywhere.
    """
    phrase = (columns > 0).to(coverage.dtype)  # (t, s)
    inside = torch.einsum("bsn,ts->bnt", (coverage > 0).to(phrase.dtype), phrase)
    of_a_phrase = phrase.sum(dim=1) > 0  # (t,)
    return ((inside > 0) | ~of_a_phrase).to(coverage.dtype)
