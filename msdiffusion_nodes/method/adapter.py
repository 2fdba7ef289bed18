"""From an adapter file to the keys and values of every site."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from einops import rearrange
from torch import Tensor, nn

from ..errors import InputError
from ..files.checkpoint import SOURCE, Checkpoint, is_finite
from ..subjects import Subject
from .resampler import GroundingResampler


@dataclass(frozen=True)
class SiteTokens:
    """All subjects' tokens as one site sees them; weights are already in the values."""

    key: Tensor  # (heads, tokens, dim), with the layouts in front before they are taken apart
    value: Tensor  # the same shape

    def apart(self) -> list[SiteTokens]:
        """Those of each layout, each with memory of its own: (heads, tokens, dim)."""
        pairs = zip(self.key, self.value, strict=True)
        return [SiteTokens(key.clone(), value.clone()) for key, value in pairs]

    def to(self, *args: torch.device | torch.dtype) -> SiteTokens:
        return SiteTokens(self.key.to(*args), self.value.to(*args))

    def is_finite(self) -> bool:
        return is_finite(self.key) and is_finite(self.value)


class Adapter(nn.Module):
    """The resampler and a pair of projections for each of the UNet's text cross-attentions."""

    def __init__(self, checkpoint: Checkpoint, operations: Any = nn) -> None:
        """Build the adapter; `operations` as in `GroundingResampler`.

        Raises:
            InputError: the checkpoint's tensors do not fit together.
        """
        super().__init__()
        try:
            self.resampler = GroundingResampler.from_state(checkpoint.image_proj, operations)
        except (KeyError, RuntimeError, InputError) as error:
            reason = " ".join(str(error).split())[:200]
            raise InputError(
                f"{checkpoint.name}: the resampler's tensors do not fit together; {reason}:"
                f" {SOURCE}"
            ) from error
        self.to_k_ip = nn.ModuleList(_linear(key, operations) for key, _ in checkpoint.sites)
        self.to_v_ip = nn.ModuleList(_linear(value, operations) for _, value in checkpoint.sites)
        self.site_widths = [key.shape[0] for key, _ in checkpoint.sites]
        token_width = checkpoint.sites[0][0].shape[1]
        output_width = self.resampler.sizes.output_width
        if token_width != output_width:
            raise InputError(
                f"{checkpoint.name}: the resampler gives {output_width}-wide tokens, the sites take"
                f" {token_width}; {SOURCE}"
            )

    @property
    def feature_width(self) -> int:
        """Width of the CLIP-vision states that the adapter was trained with (bigG: 1664)."""
        return self.resampler.sizes.feature_width

    @property
    def phrase_width(self) -> int:
        """Width of the phrase embedding that the adapter was trained with (CLIP-L: 768)."""
        return self.resampler.sizes.phrase_width

    @property
    def num_latents(self) -> int:
        """Tokens of one view (16 in the released adapter)."""
        return self.resampler.sizes.num_latents

    def token_counts(self, subjects: Sequence[Subject]) -> list[int]:
        """How many tokens each subject has: views × latents."""
        return [len(subject.image_features) * self.num_latents for subject in subjects]

    def tokens(self, subjects: Sequence[Subject], boxes: Tensor, grounding: bool = True) -> Tensor:
        """Every subject's tokens in each layout, one subject after the other.

        Args:
            subjects: n subjects; the tokens of a subject's views are joined.
            boxes: (layouts, n, 4), on the device and in the dtype to compute with.
            grounding: whether phrase and box make the first latents.

        Returns:
            (layouts, tokens, width)
        """
        layouts = len(boxes)
        views = [len(subject.image_features) for subject in subjects]
        repeats = torch.tensor(views, device=boxes.device)
        features = torch.cat([subject.image_features for subject in subjects]).to(boxes)
        phrases = torch.stack([subject.phrase_embedding for subject in subjects]).to(boxes)
        phrases = phrases.repeat_interleave(repeats, dim=0)  # (views, phrase width)
        boxes = boxes.repeat_interleave(repeats, dim=1)  # (layouts, views, 4)
        tokens = self.resampler(
            features.repeat(layouts, 1, 1),
            phrases.repeat(layouts, 1),
            rearrange(boxes, "l v c -> (l v) c"),
            grounding,
        )
        return rearrange(tokens, "(l v) t c -> l (v t) c", l=layouts)

    def project(self, tokens: Tensor, weights: Tensor, heads: Sequence[int]) -> list[SiteTokens]:
        """Keys and values of every site, in the checkpoint's order.

        Args:
            tokens: (…, tokens, width).
            weights: how strongly each token acts (tokens,).
            heads: number of attention heads at each site.

        Returns:
            For each site (…, heads, tokens, dim).
        """
        layout = "... t (h d) -> ... h t d"
        return [
            SiteTokens(
                rearrange(to_k(tokens), layout, h=site_heads).contiguous(),
                rearrange(to_v(tokens) * weights[:, None], layout, h=site_heads).contiguous(),
            )
            for to_k, to_v, site_heads in zip(self.to_k_ip, self.to_v_ip, heads, strict=True)
        ]


def _linear(weight: Tensor, operations: Any) -> nn.Module:
    rows, columns = weight.shape
    with torch.device("meta"):
        layer = operations.Linear(columns, rows, bias=False)
    layer.load_state_dict({"weight": weight}, assign=True)
    return layer.train(False).requires_grad_(False)
