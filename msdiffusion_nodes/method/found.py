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

from ..errors import InputError, shortened

SHOWN = 160  # characters of the prompt in an error
SAME = 1e-3  # of a token's length: two runs of an encoder may round otherwise, words differ by more
EPSILON = 1e-5  # keeps an even map from being divided by zero, as in the official code


@dataclass(frozen=True)
class AutoLayoutSettings:
    """What AutoLayout's socket carries.

    Attributes:
        prompt: the positive prompt, as it is encoded for the sampler.
        tokenize: text to CLIP-L tokens, chunks of 77 (token, weight).
        embeddings: what the encoder makes of the prompt, (1, text tokens, width) each; several
            where it changes over the schedule.
        threshold: where a normalised map is cut, 0 to 1.
        start_step: the model evaluation at a new sigma, from 1, at which the areas take over.
        areas: whether areas are read from the text at all; otherwise the layout's stay.
        text_in_box: whether a phrase's text acts in its subject's area only.
        start_percent: the share of the schedule at which the areas take over, in place of
            `start_step`; 0 where that counts.
    """

    prompt: str
    tokenize: Callable[[str], list]
    embeddings: Sequence[Tensor]
    threshold: float
    start_step: int
    areas: bool = True
    text_in_box: bool = False
    start_percent: float = 0.0


@dataclass(frozen=True)
class TextRule:
    """Auto layout for certain subjects: what of the prompt is whose. Holds no text encoder.

    Attributes:
        positions: each subject's places in the prompt's tokens.
        length: tokens of the prompt, padding included.
        threshold, start_step, areas, text_in_box, start_percent, prompt, embeddings: as in
            `AutoLayoutSettings`.
        input, node: what errors call the input and the node that the prompt was given to.
    """

    positions: Sequence[Sequence[int]]
    length: int
    threshold: float
    start_step: int
    areas: bool = True
    text_in_box: bool = False
    start_percent: float = 0.0
    prompt: str = ""
    embeddings: Sequence[Tensor] = ()
    input: str = "auto_layout"
    node: str = "Auto Layout"

    def check_prompt(self, embedding: Tensor | None, which: str, origin: str = "") -> None:
        """Refuse a positive prompt in which the phrases may stand elsewhere.

        Args:
            embedding: (1, text tokens, width), what the sampler gets.
            which: names the prompt, for the error.
            origin: what else is known of it.

        Raises:
            InputError: it is not what the encoder makes of auto layout's prompt.
        """
        if embedding is not None and any(is_same_text(embedding, own) for own in self.embeddings):
            return
        raise InputError(
            f"{self.input}: {which} is not the text that {self.node} was given;"
            f' that was "{shortened(self.prompt, SHOWN)}"{origin}. It may have been edited in one'
            " of the two, hold wildcards, come from another text encoder, or be joined of parts"
            f" (BREAK, Conditioning Concat). Give the sampler the `positive` output of {self.node},"
            " through any nodes that keep its text"
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
                f"{self.input}: another node (attention couple) gives regions of the picture"
                " prompts of their own; the phrases stand elsewhere in them or not at all: use one"
                " of the two"
            )
        if length % self.length:
            raise InputError(
                f"{self.input}: its prompt has {self.length} tokens, and {length} came to the"
                " model's attention; take away the node that adds to the text"
            )


def is_same_text(came: Tensor, own: Tensor) -> bool:
    """Whether two embeddings (1, text tokens, width) are of one text, but for rounding."""
    if came.shape[-2:] != own.shape[-2:]:
        return False
    came, own = (each[0].to("cpu", torch.float32) for each in (came, own))
    return bool(((came - own).norm(dim=-1) <= SAME * own.norm(dim=-1)).all())


class MapAverage:
    """One site's maps over a run: a running mean, so memory does not grow with the steps.

    Everything stays on the device; asking for a number would stop the GPU.

    Args:
        maps: any of the shape to come (batch, subjects, h·w).
    """

    def __init__(self, maps: Tensor) -> None:
        self.mean = torch.zeros_like(maps)
        self.updates = 0  # `count` is never more, and this number is known without asking the GPU
        self.count = maps.new_zeros(())
        self.sigma = maps.new_full((), -1.0)  # no noise level is below zero

    def update(self, maps: Tensor, sigma: Tensor | None) -> None:
        """Add the maps of a model evaluation; a second one at the same sigma does not count.

        Without a sigma every evaluation counts.
        """
        if self.mean.device != maps.device:  # its condition is now evaluated on another GPU
            self.mean, self.count = self.mean.to(maps.device), self.count.to(maps.device)
            self.sigma = self.sigma.to(maps.device)
        self.updates += 1
        sigma = self.sigma + 1 if sigma is None else sigma
        is_new = (sigma != self.sigma).to(maps.dtype)
        self.count = self.count + is_new
        self.mean = self.mean + is_new * (maps - self.mean) / self.count
        self.sigma = sigma.to(maps.dtype)

    def coverage(self, rule: TextRule, before: Tensor, begin: float | None = None) -> Tensor:
        """0 or 1 from the maps, or `before` until it is time: (batch, subjects, h·w).

        Args:
            before: the same shape, or that of one picture.
            begin: the noise level at which the maps take over; None where `start_step` counts.
        """
        least, greatest = self.mean.amin(-1, keepdim=True), self.mean.amax(-1, keepdim=True)
        normalised = (self.mean - least) / (greatest - least + EPSILON)
        found = (normalised > rule.threshold).to(before.dtype)
        begun = self.count >= rule.start_step if begin is None else self.sigma <= begin
        return torch.where(begun, found, before)
