"""The grounding resampler: a picture, its phrase and its box become tokens (paper, section 3.2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from einops import rearrange
from torch import Tensor, nn
from torch.nn import functional as F

from ..errors import InputError

HEAD_DIM = 64
FREQUENCIES = 8
TEMPERATURE = 100
BOX_WIDTH = FREQUENCIES * 2 * 4  # frequency × (sine, cosine) × coordinate


def fourier_features(boxes: Tensor) -> Tensor:
    """Sines and cosines of box corners, (n, 4) to (n, 64): frequency × (sine, cosine) × corner."""
    steps = torch.arange(FREQUENCIES, device=boxes.device, dtype=boxes.dtype) / FREQUENCIES
    angles = rearrange(TEMPERATURE**steps, "f -> f 1 1") * rearrange(boxes, "n c -> n 1 1 c")
    waves = torch.cat([angles.sin(), angles.cos()], dim=2)  # (n, frequency, 2, corner)
    return rearrange(waves, "n f s c -> n (f s c)")


class PerceiverAttention(nn.Module):
    """Latents ask the picture and themselves: (n, latents, dim) to the same shape."""

    def __init__(self, dim: int, heads: int, operations: Any = nn) -> None:
        super().__init__()
        inner = heads * HEAD_DIM
        self.heads = heads
        self.norm1 = operations.LayerNorm(dim)
        self.norm2 = operations.LayerNorm(dim)
        self.to_q = operations.Linear(dim, inner, bias=False)
        self.to_kv = operations.Linear(dim, 2 * inner, bias=False)
        self.to_out = operations.Linear(inner, dim, bias=False)

    def forward(self, features: Tensor, latents: Tensor) -> Tensor:
        latents = self.norm2(latents)  # (n, latents, dim)
        seen = torch.cat([self.norm1(features), latents], dim=1)  # (n, tokens + latents, dim)
        key_value = self.to_kv(seen)  # (n, tokens + latents, 2 · heads · 64)
        query, key, value = (
            rearrange(x, "n t (h d) -> n h t d", h=self.heads)
            for x in (self.to_q(latents), *key_value.chunk(2, dim=-1))
        )
        out = F.scaled_dot_product_attention(query, key, value)  # (n, heads, latents, 64)
        return self.to_out(rearrange(out, "n h t d -> n t (h d)"))


@dataclass(frozen=True)
class Sizes:
    """The sizes of a resampler; the released adapter's in brackets.

    Attributes:
        dim: width of the latents (1280).
        depth: attention and feed-forward layers (4).
        heads: of each attention, 64 wide (20).
        num_latents: tokens of one picture (16).
        feature_width: of the CLIP-vision states (1664).
        phrase_width: of the pooled text (768).
        hidden_width: between phrase with box and the first latents.
        output_width: of the tokens (2048).
        feed_forward_width: within a layer.
    """

    dim: int
    depth: int
    heads: int
    num_latents: int
    feature_width: int
    phrase_width: int
    hidden_width: int
    output_width: int
    feed_forward_width: int

    @classmethod
    def of_state(cls, state: Mapping[str, Tensor]) -> Sizes:
        """Read them from the shapes of a checkpoint's `image_proj`.

        Raises:
            KeyError: a tensor that tells a size is missing.
            InputError: there is no room for a phrase beside the box.
        """
        _, num_latents, dim = state["grounding_latents"].shape
        hidden_width, grounding_width = state["latent_proj.0.weight"].shape
        if grounding_width <= BOX_WIDTH:
            raise InputError(
                f"latent_proj takes {grounding_width} numbers, a box alone {BOX_WIDTH}"
            )
        return cls(
            dim=dim,
            depth=len({name.split(".")[1] for name in state if name.startswith("layers.")}),
            heads=state["layers.0.0.to_q.weight"].shape[0] // HEAD_DIM,
            num_latents=num_latents,
            feature_width=state["proj_in.weight"].shape[1],
            phrase_width=grounding_width - BOX_WIDTH,
            hidden_width=hidden_width,
            output_width=state["proj_out.weight"].shape[0],
            feed_forward_width=state["layers.0.1.1.weight"].shape[0],
        )


class GroundingResampler(nn.Module):
    """Perceiver resampler whose first latents come from the subject's phrase and box.

    Parameter names are those of the official checkpoint. `operations` gives the layers' classes:
    `torch.nn`, or ComfyUI's own where ComfyUI moves and casts the weights.
    """

    def __init__(self, sizes: Sizes, operations: Any = nn) -> None:
        super().__init__()
        self.sizes, dim = sizes, sizes.dim
        self.grounding_latents = nn.Parameter(torch.empty(1, sizes.num_latents, dim))
        self.latent_proj = nn.Sequential(
            operations.Linear(sizes.phrase_width + BOX_WIDTH, sizes.hidden_width),
            nn.GELU(),
            operations.Linear(sizes.hidden_width, sizes.num_latents * dim),
        )
        self.latent_norm = operations.LayerNorm(dim)
        self.proj_in = operations.Linear(sizes.feature_width, dim)
        self.layers = nn.ModuleList(
            nn.ModuleList(
                [
                    PerceiverAttention(dim, sizes.heads, operations),
                    nn.Sequential(
                        operations.LayerNorm(dim),
                        operations.Linear(dim, sizes.feed_forward_width, bias=False),
                        nn.GELU(),
                        operations.Linear(sizes.feed_forward_width, dim, bias=False),
                    ),
                ]
            )
            for _ in range(sizes.depth)
        )
        self.attention_norm = operations.LayerNorm(dim)
        self.proj_out = operations.Linear(dim, sizes.output_width)
        self.norm_out = operations.LayerNorm(sizes.output_width)

    @classmethod
    def from_state(cls, state: Mapping[str, Tensor], operations: Any = nn) -> GroundingResampler:
        """Build the module with the sizes of a checkpoint's `image_proj` and load it.

        Raises:
            KeyError: a tensor that tells a size is missing.
            InputError: there is no room for a phrase beside the box.
            RuntimeError: tensors are missing, left over or do not fit together.
        """
        sizes = Sizes.of_state(state)
        with torch.device("meta"):  # no memory: the checkpoint's own tensors take the places
            module = cls(sizes, operations)
        module.load_state_dict(state, assign=True)
        return module.train(False).requires_grad_(False)

    def forward(
        self, features: Tensor, phrases: Tensor, boxes: Tensor, grounding: bool = True
    ) -> Tensor:
        """Turn n pictures into tokens.

        Args:
            features: penultimate CLIP-vision states (n, tokens, feature width).
            phrases: pooled, unprojected CLIP-L text (n, phrase width).
            boxes: x0 y0 x1 y1 in 0..1 (n, 4).
            grounding: False starts from the learned latents instead of phrase and box.

        Returns:
            (n, latents, output width)
        """
        latents = self._first_latents(phrases, boxes) if grounding else self._learned(features)
        features = self.proj_in(features)  # (n, tokens, dim)
        for attention, feed_forward in self.layers:
            latents = latents + attention(features, latents)  # (n, latents, dim)
            latents = latents + feed_forward(latents)
        return self.norm_out(self.proj_out(self.attention_norm(latents)))  # (n, latents, width)

    def _first_latents(self, phrases: Tensor, boxes: Tensor) -> Tensor:
        grounding = torch.cat([phrases, fourier_features(boxes)], dim=1)  # (n, phrase width + 64)
        grounded = self.latent_proj(grounding)  # (n, latents · dim)
        return self.latent_norm(rearrange(grounded, "n (t d) -> n t d", t=self.sizes.num_latents))

    def _learned(self, features: Tensor) -> Tensor:
        # a bare parameter: unlike the layers' weights, ComfyUI does not move or cast it for us
        return self.grounding_latents.to(features).expand(features.shape[0], -1, -1)  # (n, t, d)
