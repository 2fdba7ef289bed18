"""The text attention at one site: ComfyUI's, another pack's, or ours where its maps are wanted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from comfy.ldm.modules.attention import optimized_attention
from torch import Tensor

from ..method.attention import CLOSED
from ..method.modulation import modulated_attention
from ..method.text import open_text_out, phrase_maps, text_out, text_probabilities
from .calls import Chunk

OVERRIDE = "optimized_attention_override"  # ComfyUI's name for an attention of another pack

Attention = Callable[..., Tensor]


class SiteText:
    """The queries and the text of one call of a site.

    Args:
        q: (rows, h·w, heads·dim).
        k, v: (rows, text tokens, heads·dim).
        options: ComfyUI's extra options.
        other: another pack's patch, which gives the text attention in place of ComfyUI's.

    Attributes:
        plain: whether it is ComfyUI's own.
    """

    def __init__(
        self, q: Tensor, k: Tensor, v: Tensor, options: dict[str, Any], other: Attention | None
    ) -> None:
        self.q, self.k, self.v = q, k, v
        self.options, self.other = options, other
        # then rows whose maps are wanted are computed here, from the same probabilities
        self.plain = other is None and OVERRIDE not in options
        self._probabilities: Tensor | None = None

    def out(self, later: bool, chunks: Sequence[Chunk]) -> Tensor:
        """(rows, h·w, heads·dim).

        Args:
            later: whether the rows of `chunks` are computed afterwards, if the text is plain.
        """
        if self.other is not None:
            # the tensor may be the other pack's own: it is added to in place
            return self.other(self.q, self.k, self.v, self.options).clone()
        if not later or not self.plain:
            return self._attention(slice(None))
        out, start = torch.empty_like(self.q), 0
        for rows in [*(chunk.rows for chunk in chunks), range(len(out), len(out))]:
            if start < rows.start:
                between = slice(start, rows.start)
                out[between] = self._attention(between)
            start = rows.stop
        return out

    def parts(self, later: bool, chunks: Sequence[Chunk]) -> tuple[Tensor, Tensor | None]:
        """The text attention as in `out`, and what another pack adds to it; None for nothing.

        A patch to which others can `add` themselves (IPAdapter's, and ours) is one that adds to the
        text. Of any other, all that it gives is text attention: it may have changed the text.
        """
        if hasattr(self.other, "apart"):
            return self.other.apart(self.q, self.k, self.v, self.options)
        if hasattr(self.other, "add"):
            text = self._attention(slice(None))
            return text, self.other(self.q, self.k, self.v, self.options) - text
        return self.out(later, chunks), None

    def follow(self, out: Tensor, rows: slice, target: Tensor, degree: Tensor) -> None:
        """Put the attention into `out` that follows a layout: see `modulated_attention`."""
        parts = (each[rows] for each in (self.q, self.k, self.v))
        modulated_attention(*parts, self.options["n_heads"], target, degree, out[rows])

    def maps(self, out: Tensor, rows: slice, columns: Tensor, closes: bool) -> Tensor:
        """The maps of the phrases (batch, subjects, h·w); puts the text attention into `out`.

        Args:
            columns: (text tokens, subjects), from `phrase_columns`.
            closes: whether `close` follows, which then puts it there.
        """
        heads, precision = self.options["n_heads"], self.options.get("attn_precision")
        probabilities = text_probabilities(self.q[rows], self.k[rows], heads, precision)
        if self.plain and not closes:
            out[rows] = text_out(probabilities, self.v[rows])
        self._probabilities = probabilities if closes else None
        return phrase_maps(probabilities, columns)

    def close(self, out: Tensor, rows: slice, seen: Tensor) -> None:
        """Put the attention into `out` that looks at the open text only.

        Args:
            seen: (batch or 1, h·w, text tokens), 1 where a cell may look, else 0.
        """
        if self.plain and self._probabilities is not None:
            out[rows] = open_text_out(self._probabilities, self.v[rows], seen)
            self._probabilities = None
            return
        # some of ComfyUI's attentions take a bool for something else
        mask = ((1 - seen) * CLOSED).to(self.q.dtype)[:, None]
        out[rows] = self._attention(rows, mask.expand(len(self.q[rows]), -1, -1, -1))

    def _attention(self, rows: slice, mask: Tensor | None = None) -> Tensor:
        return self.attend(self.q[rows], self.k[rows], self.v[rows], mask)

    def attend(self, q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
        """ComfyUI's attention, with this call's heads and options; the shapes as in a call."""
        return optimized_attention(
            q,
            k,
            v,
            self.options["n_heads"],
            mask=mask,
            attn_precision=self.options.get("attn_precision"),
            transformer_options=self.options,
        )
