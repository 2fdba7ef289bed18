"""The pack's attention for a batch of layouts, in a form that is quick to go back through.

For painting the pack makes a call for each group of cells of one layout: no mask, no work outside
the boxes. Here pictures with layouts of their own share one call with a mask. The results are the
same, which `tests/comfyui/test_train_tiny.py` checks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from comfy.ldm.modules.attention import optimized_attention
from einops import rearrange
from torch import Tensor

from msdiffusion_nodes.layout import Layout
from msdiffusion_nodes.method.attention import CLOSED

LONGEST = 300  # keys: with more, PyTorch's own attention is faster


class Areas:
    """Which tokens each cell of each picture sees, made once for each grid."""

    def __init__(self, layouts: Sequence[Layout | None], tokens: int) -> None:
        """
        Args:
            layouts: one a picture; None where it has no subjects.
            tokens: of each subject.
        """
        self.layouts = layouts
        self.tokens = tokens
        self.most = max(len(layout.regions) for layout in layouts if layout)
        self._made: dict[tuple[int, int], tuple[Tensor, Tensor]] = {}

    def on_grid(self, height: int, width: int) -> tuple[Tensor, Tensor]:
        """A bias (batch, 1, h·w, tokens), and 1 for cells in any box (batch, h·w, 1), else 0."""
        if (height, width) not in self._made:
            seen = torch.zeros(len(self.layouts), self.most, height, width)
            for row, layout in zip(seen, self.layouts, strict=True):
                if layout is not None:
                    row[: len(layout.regions)] = layout.coverage(height, width)
            cells = rearrange(seen, "b s h w -> b (h w) s")
            bias = CLOSED * (1 - cells).repeat_interleave(self.tokens, dim=-1)
            self._made[height, width] = bias[:, None], cells.amax(-1, keepdim=True)
        return self._made[height, width]


def attend(
    key: Tensor,
    value: Tensor,
    areas: Areas,
    q: Tensor,
    k: Tensor,
    v: Tensor,
    options: dict[str, Any],
) -> Tensor:
    """What ComfyUI calls in place of `attn2`: text attention plus image attention.

    Args:
        key, value: each picture's tokens (batch, heads, tokens, dim), weights in the values.
    """
    heads = options["n_heads"]
    out = optimized_attention(q, k, v, heads, transformer_options=options)
    bias, covered = areas.on_grid(*options["activations_shape"][-2:])
    query = rearrange(q, "b n (h d) -> b h n d", h=heads)
    image = _explicit(query, key.to(q), value.to(q), bias.to(q))
    return out + rearrange(image, "b h n d -> b n (h d)") * covered.to(q)


def short_attention(
    usual: Callable[..., Tensor], q: Tensor, k: Tensor, v: Tensor, heads: int, **options: Any
) -> Tensor:
    """ComfyUI's attention, for few keys with its probabilities written out."""
    if k.shape[1] > LONGEST:
        return usual(q, k, v, heads, **options)
    q, k, v = (rearrange(each, "b n (h d) -> b h n d", h=heads) for each in (q, k, v))
    return rearrange(_explicit(q, k, v), "b h n d -> b n (h d)")


def _explicit(query: Tensor, key: Tensor, value: Tensor, bias: Tensor | float = 0.0) -> Tensor:
    """Faster than PyTorch's own on the CPU when it is gone back through."""
    scores = query @ key.transpose(-1, -2) * query.shape[-1] ** -0.5 + bias
    return scores.softmax(-1).to(value) @ value
