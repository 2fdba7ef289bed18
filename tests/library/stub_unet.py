"""A tiny stand-in for a UNet: torch only, cross-attentions on three grids, the image attention in.

The sites are listed in the adapter's order (down blocks, up blocks, middle block), which is not the
order they run in, as in a real UNet.
"""

from collections.abc import Sequence

import fill
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from msdiffusion_nodes.layout import Layout
from msdiffusion_nodes.method.adapter import SiteTokens
from msdiffusion_nodes.method.applied import AppliedSubjects
from msdiffusion_nodes.method.areas import KnownAreas
from msdiffusion_nodes.method.run import Place, SubjectsRun

CONTEXT = 40  # width of the text


class LayoutAreas:
    """The areas of a layout on any grid, as a run works them out."""

    def __init__(self, layout: Layout, token_counts: Sequence[int]) -> None:
        applied = AppliedSubjects([layout], [], token_counts)
        self.run = SubjectsRun(applied, lambda percent: 1 - percent)

    def on_grid(self, height: int, width: int, device: torch.device) -> KnownAreas:
        return self.run.areas(Place(0, "positive", (height, width)), None, device)


class CrossAttention(nn.Module):
    """One site: text attention, plus the image attention where there are tokens."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.width, self.heads = width, heads
        self.to_q = nn.Linear(width, width, bias=False)
        self.to_k = nn.Linear(CONTEXT, width, bias=False)
        self.to_v = nn.Linear(CONTEXT, width, bias=False)
        self.to_out = nn.Linear(width, width)

    def attention(
        self,
        x: Tensor,
        text: Tensor,
        tokens: SiteTokens | None = None,
        areas: LayoutAreas | None = None,
    ) -> Tensor:
        """Before `to_out`: x (batch, width, h, w), text (batch, t, 40) -> (batch, h·w, width)."""
        query = self.to_q(x.flatten(2).transpose(1, 2))  # (batch, h·w, width)
        q, k, v = (
            t.unflatten(-1, (self.heads, -1)).transpose(1, 2)  # (batch, heads, n, dim)
            for t in (query, self.to_k(text), self.to_v(text))
        )
        out = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
        if tokens is not None:
            areas.on_grid(*x.shape[-2:], x.device).add(out, query, tokens, None)
        return out

    def forward(self, x: Tensor, *rest: Tensor | SiteTokens | LayoutAreas | None) -> Tensor:
        out = self.to_out(self.attention(x, *rest))
        return x + out.transpose(1, 2).unflatten(-1, x.shape[-2:])


class StubUNet(nn.Module):
    """Two levels and a middle; the weights follow from their names."""

    def __init__(self, width: int = 16, heads: int = 2) -> None:
        super().__init__()
        self.first = nn.Conv2d(4, width, 3, padding=1)
        self.widen = nn.Conv2d(width, 2 * width, 3, padding=1)
        self.narrow = nn.Conv2d(2 * width, width, 3, padding=1)
        self.last = nn.Conv2d(width, 4, 3, padding=1)
        plan = [(width, heads), (2 * width, 2 * heads)]
        plan = [*plan, *reversed(plan), plan[1]]  # down, up, middle
        self.sites = nn.ModuleList(CrossAttention(*sizes) for sizes in plan)
        for name, parameter in self.named_parameters():
            parameter.data = torch.from_numpy(fill.fill(f"stub.{name}", tuple(parameter.shape)))
        self.requires_grad_(False)

    @property
    def widths(self) -> list[int]:
        return [site.width for site in self.sites]

    @property
    def heads(self) -> list[int]:
        return [site.heads for site in self.sites]

    def forward(
        self,
        x: Tensor,
        text: Tensor,
        tokens: list[SiteTokens] | None = None,
        areas: LayoutAreas | None = None,
    ) -> Tensor:
        """Noise from a latent (batch, 4, h, w) and its text (batch, t, 40): the same shape."""

        def attend(site: int, x: Tensor) -> Tensor:
            return self.sites[site](x, text, tokens[site] if tokens else None, areas)

        def half(x: Tensor) -> Tensor:
            return F.avg_pool2d(x, 2, ceil_mode=True)

        x = full = attend(0, self.first(x))
        x = small = attend(1, self.widen(half(x)))
        x = attend(4, half(x))
        x = attend(2, F.interpolate(x, small.shape[-2:]) + small)
        x = attend(3, self.narrow(F.interpolate(x, full.shape[-2:])) + full)
        return self.last(F.silu(x))
