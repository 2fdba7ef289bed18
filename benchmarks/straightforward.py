"""What the official code does at one site, written from its description: the slow and obvious way.

Keys and values are projected from the image tokens in every call, for all rows. All cells attend,
positive and negative rows alike. Boxes are additive biases of the full shape, and a cell in no box
sees the dummy tokens, so that its softmax has something to see. Probabilities are materialised.
What must not count is zeroed in the end.

Kind to it: the biases are made at the first call and kept, and the tokens are not made anew.
"""

from __future__ import annotations

from typing import Any

import torch
from comfy.ldm.modules.attention import optimized_attention
from einops import rearrange, repeat
from torch import Tensor
from torch.nn import functional as F

CLOSED = -10_000.0


class Straightforward:
    """Called by ComfyUI in place of `attn2`.

    Args:
        tokens: of all subjects, one after the other (tokens, context width).
        dummies: the adapter's dummy tokens (4, context width).
        to_k_ip, to_v_ip: (site width, context width).
        cells: bool (subjects, h, w), on the device of the tokens.
        weight: of the image attention.
    """

    def __init__(
        self,
        tokens: Tensor,
        dummies: Tensor,
        to_k_ip: Tensor,
        to_v_ip: Tensor,
        cells: Tensor,
        weight: float,
    ) -> None:
        self.tokens = torch.cat([tokens, dummies])
        self.to_k_ip, self.to_v_ip = to_k_ip, to_v_ip
        self.weight = weight
        subjects = rearrange(cells, "s h w -> (h w) s")
        own = subjects.repeat_interleave(len(tokens) // len(cells), dim=1)
        self.inside = subjects.any(dim=1)
        outside = (~self.inside)[:, None].expand(-1, len(dummies))
        self.open = torch.cat([own, outside], dim=1)  # (h·w, tokens + dummies)
        self.bias: Tensor | None = None

    def __call__(self, q: Tensor, k: Tensor, v: Tensor, extra_options: dict[str, Any]) -> Tensor:
        rows, heads = len(q), extra_options["n_heads"]
        text = optimized_attention(q, k, v, heads, transformer_options=extra_options)
        tokens = repeat(self.tokens, "t c -> b t c", b=rows)
        query, key, value = (
            rearrange(x, "b n (h d) -> (b h) n d", h=heads)
            for x in (q, F.linear(tokens, self.to_k_ip), F.linear(tokens, self.to_v_ip))
        )
        bias, scale = self._bias(rows, heads, q.dtype), query.shape[-1] ** -0.5
        scores = torch.baddbmm(bias, query, key.transpose(-1, -2), alpha=scale)
        image = torch.bmm(scores.softmax(dim=-1), value)
        image = rearrange(image, "(b h) n d -> b n (h d)", h=heads)
        kinds = extra_options["cond_or_uncond"]
        positive = torch.tensor([kind == 0 for kind in kinds], device=q.device)
        counts = positive.repeat_interleave(rows // len(kinds))[:, None] & self.inside
        return text + self.weight * (image * counts[..., None])

    def _bias(self, rows: int, heads: int, dtype: torch.dtype) -> Tensor:
        """(rows · heads, h·w, tokens + dummies)"""
        if self.bias is None:
            bias = torch.zeros(self.open.shape, dtype=dtype, device=self.open.device)
            bias = bias.masked_fill(~self.open, CLOSED)
            self.bias = repeat(bias, "n t -> (b h) n t", b=rows, h=heads).contiguous()
        return self.bias
