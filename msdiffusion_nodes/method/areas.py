"""The areas of the subjects at a site: known beforehand, or found in the text while it runs.

Both add the image attention in their own way, and both say how much of each cell they cover.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from functools import cached_property
from typing import Any, Protocol

import torch
from einops import rearrange
from torch import Tensor

from .adapter import SiteTokens
from .attention import (
    CoverageGroup,
    Gate,
    Overlap,
    add_image_attention,
    add_masked_image_attention,
    coverage_groups,
    stack_overlap,
)
from .word_segments import Segments, word_segments
from .words import WordCells, found_word_cells, word_cells, word_degrees


class Areas(Protocol):
    """The cells of each subject on one grid."""

    def coverage(self) -> Tensor:
        """Each subject's share of each cell: float (batch or 1, subjects, h·w)."""

    def words(self, boxes: Sequence[int], strength: float) -> list[WordCells]:
        """The cells of those boxes that have words, and how far these act there."""

    def segments(self, boxes: Sequence[int], strength: float) -> Segments | None:
        """The cells sorted by the one text that each looks at; None where that can't be done."""

    def add(self, out: Tensor, query: Tensor, tokens: SiteTokens, gate: Gate | None) -> None:
        """Add the image attention to `out` (batch, h·w, heads·dim), in place."""


class KnownAreas:
    """Areas of boxes and masks: the same for every picture and at every step.

    Args:
        coverage: float (subjects, h, w) on the CPU.
        token_counts: tokens of each subject.
        overlap, scenes: what happens where they overlap, see `stack_overlap`.
        device: where the queries are.
    """

    def __init__(
        self,
        coverage: Tensor,
        token_counts: Sequence[int],
        overlap: Overlap,
        device: torch.device,
        scenes: Sequence[int] = (),
    ) -> None:
        self._cells = coverage
        self._settings = (token_counts, overlap, scenes)
        self._device = device
        self._made: dict[Hashable, Any] = {}

    @cached_property
    def _coverage(self) -> Tensor:
        return rearrange(self._cells, "s h w -> 1 s (h w)").to(self._device)

    @cached_property
    def groups(self) -> list[CoverageGroup]:
        """Cells with the same subjects, on the device."""
        groups = coverage_groups(self._cells, *self._settings)
        return [group.to(self._device) for group in groups]

    def coverage(self) -> Tensor:
        return self._coverage

    def words(self, boxes: Sequence[int], strength: float) -> list[WordCells]:
        key = ("words", *boxes, strength)
        if key not in self._made:
            self._made[key] = word_cells(self._stacked, boxes, strength, self._device)
        return self._made[key]

    def segments(self, boxes: Sequence[int], strength: float) -> Segments | None:
        key = ("segments", *boxes, strength)
        if key not in self._made:
            degrees = word_degrees(self._stacked[list(boxes)], strength)
            self._made[key] = word_segments(degrees, self._device)
        return self._made[key]

    @cached_property
    def _stacked(self) -> Tensor:
        """float (subjects, h·w) on the CPU, hidden parts taken out."""
        _, overlap, scenes = self._settings
        coverage = rearrange(self._cells.float(), "s h w -> s (h w)")
        return stack_overlap(coverage, overlap, scenes)

    def add(self, out: Tensor, query: Tensor, tokens: SiteTokens, gate: Gate | None) -> None:
        add_image_attention(out, query, tokens.key, tokens.value, self.groups, gate)


class FoundAreas:
    """Areas that only the GPU knows, a set for each picture.

    Args:
        coverage: float (batch, subjects, h·w), 0 to 1, hidden parts taken out.
        owners: int64 (tokens,), the subject of each token.
        apart: whether several subjects may cover a cell without sharing it: soft edges over one
            another. Each then attends by itself.
    """

    def __init__(self, coverage: Tensor, owners: Tensor, apart: bool = False) -> None:
        self._coverage = coverage
        self._owners = owners
        self._apart = apart

    def coverage(self) -> Tensor:
        return self._coverage

    def words(self, boxes: Sequence[int], strength: float) -> list[WordCells]:
        return found_word_cells(self._coverage, boxes, strength)

    def segments(self, boxes: Sequence[int], strength: float) -> None:
        return None

    def add(self, out: Tensor, query: Tensor, tokens: SiteTokens, gate: Gate | None) -> None:
        parts = [self._coverage]
        if self._apart:
            single = torch.eye(self._coverage.shape[1]).to(self._coverage)
            parts = [self._coverage * row[:, None] for row in single]
        for part in parts:
            add_masked_image_attention(
                out, query, tokens.key, tokens.value, part, self._owners, gate
            )
