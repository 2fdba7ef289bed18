"""Auto layout: areas found in the text attention of each subject's phrase.

The rule is the official code's: the maps of a phrase's tokens are averaged over heads, tokens and
the steps so far, normalised between their least and greatest value, and cut at a threshold. From
`start_step` on the cut maps take the place of the boxes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..errors import InputError

EPSILON = 1e-5  # keeps an even map from being divided by zero, as in the official code


@dataclass(frozen=True)
class AutoLayoutSettings:
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


@dataclass(frozen=True)
class TextRule:
    """Auto layout for certain subjects: what of the prompt is whose. Holds no text encoder.

    Attributes:
        positions: each subject's places in the prompt's tokens.
        length: tokens of the prompt, padding included.
        threshold, start_step, areas, text_in_box: as in `AutoLayoutSettings`.
    """

    positions: Sequence[Sequence[int]]
    length: int
    threshold: float
    start_step: int
    areas: bool = True
    text_in_box: bool = False

    def check_prompt(self, length: int) -> None:
        """Refuse a positive prompt that cannot be auto layout's own.

        Args:
            length: its number of tokens.

        Raises:
            InputError: auto layout's prompt has another number.
        """
        if length != self.length:
            raise InputError(
                f"auto_layout: its prompt has {self.length} tokens, the sampler's positive"
                f" prompt {length}; connect the same text to both"
            )

    def check_text(self, length: int, copies: int) -> None:
        """Refuse a text at a site in which the phrases stand elsewhere.

        Args:
            length: its number of tokens; a text may be repeated to a longer one's length.
            copies: how often the pictures come, each time with a text of its own.

        Raises:
            InputError: it is not the prompt.
        """
        if copies > 1:
            raise InputError(
                "auto_layout: another node (attention couple) gives regions of the picture prompts"
                " of their own, in which the phrases stand elsewhere or not at all; use one of the"
                " two"
            )
        if length % self.length:
            self.check_prompt(length)


class MapAverage:
    """One site's maps over a run: a running mean, so memory does not grow with the steps.

    Everything stays on the device; asking for a number would stop the GPU.

    Args:
        maps: any of the shape to come (batch, subjects, h·w).
    """

    def __init__(self, maps: Tensor) -> None:
        self.mean = torch.zeros_like(maps)
        self.count = maps.new_zeros(())
        self.sigma = maps.new_full((), -1.0)  # no noise level is below zero

    def update(self, maps: Tensor, sigma: Tensor | None) -> None:
        """Add the maps of a model evaluation; a second one at the same sigma does not count.

        Without a sigma every evaluation counts.
        """
        if self.mean.device != maps.device:  # its condition is now evaluated on another GPU
            self.mean, self.count = self.mean.to(maps.device), self.count.to(maps.device)
            self.sigma = self.sigma.to(maps.device)
        sigma = self.sigma + 1 if sigma is None else sigma
        is_new = (sigma != self.sigma).to(maps.dtype)
        self.count = self.count + is_new
        self.mean = self.mean + is_new * (maps - self.mean) / self.count
        self.sigma = sigma.to(maps.dtype)

    def coverage(self, threshold: float, start_step: int, before: Tensor) -> Tensor:
        """0 or 1 from the maps, or `before` until `start_step`: (batch, subjects, h·w)."""
        least, greatest = self.mean.amin(-1, keepdim=True), self.mean.amax(-1, keepdim=True)
        normalised = (self.mean - least) / (greatest - least + EPSILON)
        found = (normalised > threshold).to(before.dtype)
        return torch.where(self.count >= start_step, found, before)
