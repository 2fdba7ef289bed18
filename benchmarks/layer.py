"""One text cross-attention layer with its input, called as ComfyUI's transformer block calls it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from comfy.ldm.modules.attention import CrossAttention
from torch import Tensor

ROWS = 2  # the negative and the positive condition of one picture, as ComfyUI puts them together
TEXT_TOKENS = 77
CONTEXT_WIDTH = 2048
HEAD_WIDTH = 64


class SiteLayer:
    """A layer, an input of its shape and the options that come with it.

    Args:
        attention: ComfyUI's own `attn2`.
        side: height and width of the grid.
        context_width: of the text.
    """

    sigma = 5.0

    def __init__(
        self, attention: CrossAttention, side: int, context_width: int = CONTEXT_WIDTH
    ) -> None:
        weight = attention.to_q.weight
        place = {"device": weight.device, "dtype": weight.dtype}
        width = attention.heads * attention.dim_head
        self.attention = attention
        self.x = torch.randn(ROWS, side * side, width, **place)
        self.context = torch.randn(ROWS, TEXT_TOKENS, context_width, **place)
        self.options: dict[str, Any] = {
            "cond_or_uncond": [1, 0],
            "uuids": ["negative", "positive"],
            "sigmas": torch.full((1,), self.sigma, device=weight.device),
            "original_shape": [ROWS, 4, 2 * side, 2 * side],
            "activations_shape": [ROWS, width, side, side],
            "n_heads": attention.heads,
            "dim_head": attention.dim_head,
            "attn_precision": attention.attn_precision,
        }

    def __call__(self, patch: Callable[..., Tensor] | None = None) -> Tensor:
        layer = self.attention
        if patch is None:
            return layer(self.x, context=self.context, transformer_options=self.options)
        query, key, value = layer.to_q(self.x), layer.to_k(self.context), layer.to_v(self.context)
        return layer.to_out(patch(query, key, value, self.options))


def random_layer(
    width: int,
    side: int,
    device: torch.device,
    dtype: torch.dtype,
    context_width: int = CONTEXT_WIDTH,
) -> SiteLayer:
    """A layer of SDXL's kind: heads 64 wide, text 2048 wide."""
    import comfy.ops

    attention = CrossAttention(
        width,
        context_width,
        heads=width // HEAD_WIDTH,
        dim_head=HEAD_WIDTH,
        device=device,
        dtype=dtype,
        operations=comfy.ops.disable_weight_init,
    )
    for parameter in attention.parameters():
        # a signal keeps its size; memory as it was found may hold anything
        parameter.normal_(std=parameter.shape[-1] ** -0.5)
    return SiteLayer(attention.eval().requires_grad_(False), side, context_width)


def random_self_attention(
    width: int, side: int, device: torch.device, dtype: torch.dtype
) -> SiteLayer:
    """The self-attention beside it: every cell looks at all cells."""
    layer = random_layer(width, side, device, dtype, width)
    layer.context = layer.x
    return layer
