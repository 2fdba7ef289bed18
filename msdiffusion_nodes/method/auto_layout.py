"""Auto layout: areas read from the text attention of each subject's phrase.

The rule is the official code's: the maps of a phrase's tokens are averaged over heads, tokens and
the steps so far, normalised between their least and greatest value, and cut at a threshold. From
`start_step` on the cut maps take the place of the boxes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from einops import rearrange
from torch import Tensor

from .attention import CLOSED

EPSILON = 1e-5  # keeps an even map from being divided by zero, as in the official code


@dataclass(frozen=True)
class AutoLayout:
    """What AutoLayout's socket carries.

    Attributes:
        prompt: the positive prompt, as it is encoded for the sampler.
        tokenize: text to CLIP-L tokens, chunks of 77 (token, weight).
        threshold: where a normalised map is cut, 0 to 1.
        start_step: the model evaluation at a new sigma, from 1, at which the areas take over.
        areas: whether areas are read from the text at all; otherwise the layout's stay.
        text_in_box: whether a phrase's text acts in its subject's area only.
    """

    prompt: str
    tokenize: Callable[[str], list]
    threshold: float
    start_step: int
    areas: bool = True
    text_in_box: bool = False


def phrase_maps(query: Tensor, key: Tensor, heads: int, positions: Sequence[Tensor]) -> Tensor:
    """How much each cell looks at each phrase, averaged over heads and the phrase's tokens.

    Args:
        query: (batch, h·w, heads·dim).
        key: of the whole text (batch, text tokens, heads·dim).
        positions: int64 (phrase tokens,) a subject.

    Returns:
        float32 (batch, subjects, h·w)
    """
    query = rearrange(query, "b n (h d) -> b h n d", h=heads)
    key = rearrange(key, "b t (h d) -> b h d t", h=heads)
    logits = (query @ key).float() / query.shape[-1] ** 0.5
    probabilities = logits.softmax(dim=-1).mean(dim=1)  # (b, n, t)
    return torch.stack([probabilities[..., place].mean(dim=-1) for place in positions], dim=1)


class MapAverage:
    """One site's maps over a run: a running mean, so memory does not grow with the steps.

    Everything stays on the device; asking for a number would stop the GPU.
    """

    def __init__(self, maps: Tensor) -> None:
        self.mean = torch.zeros_like(maps)
        self.count = maps.new_zeros(())
        self.sigma = maps.new_full((), -1.0)  # no noise level is below zero

    def update(self, maps: Tensor, sigma: Tensor | None) -> None:
        """Add the maps of a model evaluation; a second one at the same sigma does not count.

        Without a sigma every evaluation counts.
        """
        sigma = self.sigma + 1 if sigma is None else sigma
        is_new = (sigma != self.sigma).to(maps.dtype)
        self.count = self.count + is_new
        self.mean = self.mean + is_new * (maps - self.mean) / self.count
        self.sigma = sigma.to(maps.dtype)

    def areas(self, threshold: float, start_step: int, before: Tensor) -> Tensor:
        """0 or 1 from the maps, or `before` until `start_step`: (batch, subjects, h·w)."""
        least, greatest = self.mean.amin(-1, keepdim=True), self.mean.amax(-1, keepdim=True)
        normalised = (self.mean - least) / (greatest - least + EPSILON)
        found = (normalised > threshold).to(before.dtype)
        return torch.where(self.count >= start_step, found, before)


def text_bias(shares: Tensor, positions: Sequence[Tensor], length: int, period: int) -> Tensor:
    """Close a phrase's text tokens to the cells outside its subject's area.

    Args:
        shares: float (batch, subjects, h·w).
        positions: int64 (phrase tokens,) a subject.
        length: text tokens as they come; ComfyUI repeats a short text to match a long one.
        period: text tokens of the prompt itself.

    Returns:
        float (batch, 1, h·w, length), added before the softmax; `CLOSED` where a cell must not
        look. Some of ComfyUI's attentions take a bool for something else.
    """
    phrase = shares.new_zeros(len(positions), period)
    for subject, place in enumerate(positions):
        phrase[subject, place] = 1
    inside = torch.einsum("bsn,sl->bnl", (shares > 0).to(phrase.dtype), phrase)
    closed = (inside == 0) & (phrase.sum(dim=0) > 0)
    return (closed.to(shares.dtype) * CLOSED).repeat(1, 1, length // period)[:, None]
