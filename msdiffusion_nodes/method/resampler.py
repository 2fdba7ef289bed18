"""The grounding resampler: a picture, its phrase and its box become tokens (paper, section 3.2)."""

from __future__ import annotations

from collections.abc import Mapping
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
        latents = self.norm2(latents)
        key_value = self.to_kv(torch.cat([self.norm1(features), latents], dim=1))
        query, key, value = (
            rearrange(x, "n t (h d) -> n h t d", h=self.heads)
            for x in (self.to_q(latents), *key_value.chunk(2, dim=-1))
        )
        out = F.scaled_dot_product_attention(query, key, value)
        return self.to_out(rearrange(out, "n h t d -> n t (h d)"))


class GroundingResampler(nn.Module):
    """Perceiver resampler whose first latents come from the subject's phrase and box.

    Parameter names are those of the official checkpoint. `operations` gives the layers' classes:
    `torch.nn`, or ComfyUI's own where ComfyUI moves and casts the weights.
    """

    def __init__(
        self,
        dim: int,
        depth: int,
        heads: int,
        num_latents: int,
        feature_width: int,
        phrase_width: int,
        hidden_width: int,
        output_width: int,
        feed_forward_width: int,
        operations: Any = nn,
    ) -> None:
        super().__init__()
        self.feature_width = feature_width
        self.phrase_width = phrase_width
        self.grounding_latents = nn.Parameter(torch.empty(1, num_latents, dim))
        self.latent_proj = nn.Sequential(
            operations.Linear(phrase_width + BOX_WIDTH, hidden_width),
            nn.GELU(),
            operations.Linear(hidden_width, num_latents * dim),
        )
        self.latent_norm = operations.LayerNorm(dim)
        self.proj_in = operations.Linear(feature_width, dim)
        self.layers = nn.ModuleList(
            nn.ModuleList(
                [
                    PerceiverAttention(dim, heads, operations),
                    nn.Sequential(
                        operations.LayerNorm(dim),
                        operations.Linear(dim, feed_forward_width, bias=False),
                        nn.GELU(),
                        operations.Linear(feed_forward_width, dim, bias=False),
                    ),
                ]
            )
            for _ in range(depth)
        )
        self.attention_norm = operations.LayerNorm(dim)
        self.proj_out = operations.Linear(dim, output_width)
        self.norm_out = operations.LayerNorm(output_width)

    @classmethod
    def from_state(cls, state: Mapping[str, Tensor], operations: Any = nn) -> GroundingResampler:
        """Build the module with the sizes of a checkpoint's `image_proj` and load it.

        Raises:
            KeyError: a tensor that tells a size is missing.
            InputError: there is no room for a phrase beside the box.
            RuntimeError: tensors are missing, left over or do not fit together.
        """
        _, num_latents, dim = state["grounding_latents"].shape
        hidden_width, grounding_width = state["latent_proj.0.weight"].shape
        output_width, _ = state["proj_out.weight"].shape
        if grounding_width <= BOX_WIDTH:
            raise InputError(
                f"latent_proj takes {grounding_width} numbers, a box alone {BOX_WIDTH}"
            )
        layer_numbers = {name.split(".")[1] for name in state if name.startswith("layers.")}
        with torch.device("meta"):  # no memory: the checkpoint's own tensors take the places
            module = cls(
                dim=dim,
                depth=len(layer_numbers),
                heads=state["layers.0.0.to_q.weight"].shape[0] // HEAD_DIM,
                num_latents=num_latents,
                feature_width=state["proj_in.weight"].shape[1],
                phrase_width=grounding_width - BOX_WIDTH,
                hidden_width=hidden_width,
                output_width=output_width,
                feed_forward_width=state["layers.0.1.1.weight"].shape[0],
                operations=operations,
            )
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
        features = self.proj_in(features)
        for attention, feed_forward in self.layers:
            latents = latents + attention(features, latents)
            latents = latents + feed_forward(latents)
        return self.norm_out(self.proj_out(self.attention_norm(latents)))

    def _first_latents(self, phrases: Tensor, boxes: Tensor) -> Tensor:
        grounded = self.latent_proj(torch.cat([phrases, fourier_features(boxes)], dim=1))
        num_latents = self.grounding_latents.shape[1]
        return self.latent_norm(rearrange(grounded, "n (t d) -> n t d", t=num_latents))

    def _learned(self, features: Tensor) -> Tensor:
        # a bare parameter: unlike the layers' weights, ComfyUI does not move or cast it for us
        return self.grounding_latents.to(features).expand(features.shape[0], -1, -1)
