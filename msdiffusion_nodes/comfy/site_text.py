"""The text attention at one site: ComfyUI's, another pack's, or ours where its maps are wanted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from comfy.ldm.modules.attention import optimized_attention
from torch import Tensor

from ..method.attention import CLOSED
from ..method.text import text_out, text_probabilities
from .calls import Chunk

OVERRIDE = "optimized_attention_override"  # ComfyUI's name for an attention of another pack

Attention = Callable[..., Tensor]


@dataclass(frozen=True)
class SiteText:
    """The queries and the text of one call of a site.

    Attributes:
        q: (rows, h·w, heads·dim).
        k, v: (rows, text tokens, heads·dim).
        options: ComfyUI's extra options.
        other: another pack's patch, which gives the text attention in place of ComfyUI's.
    """

    q: Tensor
    k: Tensor
    v: Tensor
    options: dict[str, Any]
    other: Attention | None

    @property
    def is_ours(self) -> bool:
        """Whether rows whose maps are wanted may be computed here, from the same probabilities."""
        return self.other is None and OVERRIDE not in self.options

    def out(self, left_out: Sequence[Chunk]) -> Tensor:
        """(rows, h·w, heads·dim); the rows of `left_out` are for `fill`."""
        if self.other is not None:
            # the tensor may be the other pack's own: it is added to in place
            return self.other(self.q, self.k, self.v, self.options).clone()
        if not left_out:
            return self._attention(slice(None))
        out, start = torch.empty_like(self.q), 0
        for rows in [*(chunk.rows for chunk in left_out), range(len(out), len(out))]:
            if start < rows.start:
                between = slice(start, rows.start)
                out[between] = self._attention(between)
            start = rows.stop
        return out

    def probabilities(self, rows: slice) -> Tensor:
        """How much each cell looks at each text token: (batch, heads, h·w, text tokens)."""
        heads, precision = self.options["n_heads"], self.options.get("attn_precision")
        return text_probabilities(self.q[rows], self.k[rows], heads, precision)

    def fill(self, out: Tensor, rows: slice, probabilities: Tensor, seen: Tensor | None) -> None:
        """Put the attention of some rows into `out`, if it is not there yet.

        Args:
            seen: (batch or 1, h·w, text tokens), 1 where a cell may look, else 0; None for
                everywhere.
        """
        if self.is_ours:
            out[rows] = text_out(probabilities, self.v[rows], seen)
        elif seen is not None:
            # some of ComfyUI's attentions take a bool for something else
            mask = ((1 - seen) * CLOSED).to(self.q.dtype)[:, None]
            out[rows] = self._attention(rows, mask.expand(len(self.q[rows]), -1, -1, -1))

    def _attention(self, rows: slice, mask: Tensor | None = None) -> Tensor:
        return optimized_attention(
            self.q[rows],
            self.k[rows],
            self.v[rows],
            self.options["n_heads"],
            mask=mask,
            attn_precision=self.options.get("attn_precision"),
            transformer_options=self.options,
        )
