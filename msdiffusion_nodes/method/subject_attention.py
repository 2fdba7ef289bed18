"""What the subjects of one layout add at any site: areas, times and text, put together."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from einops import rearrange
from torch import Tensor

from ..errors import InputError
from ..layout import Box, Layout
from .adapter import SiteTokens
from .attention import (
    CLOSED,
    CoverageGroup,
    LayoutGroups,
    Overlap,
    add_image_attention,
    add_masked_image_attention,
    stack_overlap,
)
from .auto_layout import AutoLayout, MapAverage, phrase_maps, text_bias

LONGEST_HISTORY = 200  # model evaluations whose areas are remembered for showing


@dataclass(frozen=True)
class SigmaRange:
    """The part of the schedule in which something acts, both ends included."""

    start: float
    end: float

    def gate(self, sigmas: Tensor, dtype: torch.dtype) -> Tensor:
        """1 inside the range, 0 outside, as a tensor: asking for the number would stop the GPU."""
        sigma = sigmas[:1]
        return ((sigma <= self.start) & (sigma >= self.end)).to(dtype)


@dataclass(frozen=True)
class Call:
    """Where and when a site is called, for one condition of the batch.

    Attributes:
        site: the site's number, in the adapter's order.
        condition: names the condition, so that several prompts do not mix their maps.
        grid: height and width of the cells.
        sigmas: (images,), the noise level; None where a caller of the bare UNet gives none.
        window: the part of the picture that the condition is about; None for all of it.
        copies: how often the condition's pictures come, each time with a text of its own.
    """

    site: int
    condition: Hashable
    grid: tuple[int, int]
    sigmas: Tensor | None
    window: Box | None = None
    copies: int = 1


@dataclass
class SubjectAttention:
    """The subjects of one layout; made once when the node runs, shared by all sites.

    Attributes:
        layout: where they act.
        token_counts: tokens of each subject.
        overlap: what happens where they overlap.
        ranges: when each acts; None for always. Empty when all act always.
        auto: areas from the text, or None.
        positions: each phrase's places in the prompt's tokens; empty without `auto`.
        prompt_length: tokens of the prompt.
        shown_site: the site whose areas are remembered for showing.
    """

    layout: Layout
    token_counts: Sequence[int]
    overlap: Overlap = Overlap.JOINT
    ranges: Sequence[SigmaRange | None] = ()
    auto: AutoLayout | None = None
    positions: Sequence[Sequence[int]] = ()
    prompt_length: int = 0
    shown_site: int = 0
    history: deque = field(default_factory=lambda: deque(maxlen=LONGEST_HISTORY))
    _maps: dict = field(default_factory=dict)
    _made: dict = field(default_factory=dict)

    @property
    def keeps_text_in_box(self) -> bool:
        return self.auto is not None and self.auto.text_in_box

    def start_run(self) -> None:
        """Forget the last run: its maps, and the areas that were shown."""
        self._maps.clear()
        self.history.clear()

    def end_run(self) -> None:
        """Leave nothing on the GPU; the areas stay to be shown."""
        self._maps.clear()
        for number, areas in enumerate(self.history):
            self.history[number] = areas.to("cpu")

    def check_prompt(self, length: int) -> None:
        """Refuse a positive prompt that cannot be auto layout's own.

        Args:
            length: its number of tokens.

        Raises:
            InputError: auto layout's prompt has another number.
        """
        if self.auto is not None and length != self.prompt_length:
            raise InputError(
                f"auto_layout: its prompt has {self.prompt_length} tokens, the sampler's positive"
                f" prompt {length}; connect the same text to both"
            )

    def areas(self, call: Call, query: Tensor, text_key: Tensor, heads: int) -> Tensor | None:
        """Areas as the text has them now: float (batch, subjects, h·w); None for the layout's own.

        Args:
            query: (batch, h·w, heads·dim).
            text_key: (batch, text tokens, heads·dim); may be repeated to a longer text's length.
        """
        if self.auto is None or not self.auto.areas:
            return None
        self._check_text(call, text_key)
        key = text_key[:, : self.prompt_length]
        maps = phrase_maps(query, key, heads, self._places(query.device))
        place = (call.site, call.condition, maps.shape)
        if place not in self._maps:
            self._maps[place] = MapAverage(maps)
        average = self._maps[place]
        average.update(maps, None if call.sigmas is None else call.sigmas[0])
        before = self._coverage(call, query.device).expand(len(query), -1, -1)
        areas = average.areas(self.auto.threshold, self.auto.start_step, before)
        areas = stack_overlap(areas, self.overlap)
        if call.site == self.shown_site:
            self.history.append(rearrange(areas > 0, "b s (h w) -> b s h w", h=call.grid[0]))
        return areas

    def text_mask(self, areas: Tensor | None, call: Call, text_key: Tensor) -> Tensor | None:
        """Which text each cell may look at, if phrases act in their areas only.

        Returns:
            float (batch, 1, h·w, text tokens), see `text_bias`; None where all text acts
            everywhere.
        """
        if not self.keeps_text_in_box:
            return None
        self._check_text(call, text_key)
        if areas is None:
            areas = self._coverage(call, text_key.device).expand(len(text_key), -1, -1)
        places = self._places(text_key.device)
        bias = text_bias(areas, places, text_key.shape[1], self.prompt_length)
        return bias.to(text_key.dtype)

    def add(
        self, out: Tensor, query: Tensor, tokens: SiteTokens, call: Call, areas: Tensor | None
    ) -> None:
        """Add the image attention to `out` (batch, h·w, heads·dim), in place."""
        value, bias = tokens.value, None
        if self.ranges:
            gate = self._token_gate(call, value.dtype)
            value, bias = value * gate[:, None], (1 - gate) * CLOSED
        if areas is None:
            add_image_attention(out, query, tokens.key, value, self._groups(call, query), bias)
        else:
            owners = self._owners(query.device)
            add_masked_image_attention(
                out, query, tokens.key, value, areas, owners, self.overlap, bias
            )

    def _check_text(self, call: Call, text_key: Tensor) -> None:
        if call.copies > 1:
            raise InputError(
                "auto_layout: another node (attention couple) gives regions of the picture prompts"
                " of their own, in which the phrases stand elsewhere or not at all; use one of the"
                " two"
            )
        if text_key.shape[1] % self.prompt_length:
            self.check_prompt(text_key.shape[1])

    def _token_gate(self, call: Call, dtype: torch.dtype) -> Tensor:
        """1 for the tokens of subjects that act at this noise level, else 0: (tokens,)."""
        always = torch.ones_like(call.sigmas[:1], dtype=dtype)
        gates = [always if acts is None else acts.gate(call.sigmas, dtype) for acts in self.ranges]
        return torch.cat(gates)[self._owners(call.sigmas.device)]

    def _groups(self, call: Call, query: Tensor) -> list[CoverageGroup]:
        groups = self._once(
            ("groups", call.window),
            lambda: LayoutGroups(self._seen(call), self.token_counts, self.overlap),
        )
        return groups.on_grid(*call.grid, query.device)

    def _coverage(self, call: Call, device: torch.device) -> Tensor:
        """(1, subjects, h·w)"""
        return self._once(
            ("coverage", call.grid, call.window, device),
            lambda: self._seen(call).coverage(*call.grid).flatten(1)[None].to(device),
        )

    def _owners(self, device: torch.device) -> Tensor:
        """The subject of each token: (tokens,)."""
        return self._once(
            ("owners", device),
            lambda: (
                torch.arange(len(self.token_counts))
                .repeat_interleave(torch.tensor(self.token_counts))
                .to(device)
            ),
        )

    def _places(self, device: torch.device) -> list[Tensor]:
        return self._once(
            ("places", device),
            lambda: [torch.tensor(place, device=device) for place in self.positions],
        )

    def _seen(self, call: Call) -> Layout:
        return self.layout if call.window is None else self.layout.crop(call.window)

    def _once(self, key: Hashable, make: Callable[[], Any]) -> Any:
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]
