"""One attention site by the ways that areas come: boxes, soft masks, the text; and two adapters.

What users would take instead are two adapters of the IP-Adapter kind, each with a mask: *masked
adapters* is that, written from its description (an attention of its own for each picture, in all
cells and in both rows, keys and values projected in every call, the result times the mask).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from comfy.ldm.modules.attention import optimized_attention
from einops import rearrange
from torch import Tensor
from torch.nn import functional as F

from .layer import (
    CONTEXT_WIDTH,
    HEAD_WIDTH,
    TEXT_TOKENS,
    SiteLayer,
    random_layer,
    random_self_attention,
)
from .scenes import TOKENS, WEIGHT, applied_subjects, overlapping, side_by_side
from .setup import Bench
from .site import SHAPES
from .tables import Table, judged

SUBJECTS = 2
SHARE = 0.5
PHRASES = ((2,), (5, 6))  # places of the subjects' phrases in the text
KEY = ("input", 4, 0)
NEVER, AT_ONCE = 10_000, 1  # start_step
GOALS = {  # at width 640
    "boxes": None,
    "two that overlap": None,
    "soft masks": 1.06,
    "auto layout, before it starts": 1.08,
    "auto layout, after": 1.12,
    "… with text_in_box": 1.15,
    "text_in_box alone": 1.08,
    "text follows, no subject": 1.1,
    "… when its time is over": 1.02,
    "two masked adapters": None,
}


@dataclass(frozen=True)
class MaskedAdapters:
    """Called by ComfyUI in place of `attn2`: an attention for each picture, in all cells and rows.

    Attributes:
        tokens: (subjects, tokens, context width).
        to_k, to_v: (site width, context width).
        masks: (subjects, h·w).
    """

    tokens: Tensor
    to_k: Tensor
    to_v: Tensor
    masks: Tensor

    def __call__(self, q: Tensor, k: Tensor, v: Tensor, extra_options: dict[str, Any]) -> Tensor:
        heads = extra_options["n_heads"]
        out = optimized_attention(q, k, v, heads, transformer_options=extra_options)
        for tokens, mask in zip(self.tokens, self.masks, strict=True):
            tokens = tokens.expand(len(q), -1, -1)
            key, value = F.linear(tokens, self.to_k), F.linear(tokens, self.to_v)
            image = optimized_attention(q, key, value, heads, transformer_options=extra_options)
            out = out + image * mask[:, None] * WEIGHT
        return out


def run(bench: Bench) -> None:
    """A table for each of SDXL's two widths."""
    shapes = ((640, 16), (1280, 8)) if bench.quick else SHAPES
    for width, side in shapes:
        print(
            f"\nWidth {width} on {side}×{side}, positive and negative row, {SUBJECTS} subjects on"
            f" {SHARE:.0%} of the picture:\nthe whole layer from to_q to to_out. Medians of"
            f" {bench.pairs} pairs and quartiles."
        )
        table = Table(("areas from", "÷ plain", "goal"), (30, 24, 14))
        layer, patches = contest(bench, width, side)
        for name, patch in patches.items():
            ratio = bench.clock.pairs(layer, partial(layer, patch), bench.pairs).ratio()
            goal = GOALS[name] if width == SHAPES[0][0] and not bench.quick else None
            table.row(name, ratio.text(), judged(ratio.median, goal))
        itself = random_self_attention(width, side, bench.device, bench.dtype)
        patch = _follows(bench.pack, itself.sigma - 1, own_cells=True)
        ratio = bench.clock.pairs(itself, partial(itself, patch), bench.pairs).ratio()
        table.row("self-attention follows", ratio.text(), "")


def contest(
    bench: Bench, width: int, side: int
) -> tuple[SiteLayer, dict[str, Callable[..., Tensor]]]:
    """A layer, and each way by its name."""
    torch.manual_seed(0)
    pack, place = bench.pack, {"device": bench.device, "dtype": bench.dtype}
    layer = random_layer(width, side, bench.device, bench.dtype)
    tokens = torch.randn(SUBJECTS, TOKENS, CONTEXT_WIDTH, **place)
    to_k, to_v = (torch.randn(width, CONTEXT_WIDTH, **place) / CONTEXT_WIDTH**0.5 for _ in "kv")
    rows = (tokens.flatten(0, 1) @ weight.T for weight in (to_k, to_v * WEIGHT))
    split = "t (h d) -> h t d"
    kept = pack.adapter.SiteTokens(*(rearrange(x, split, d=HEAD_WIDTH).contiguous() for x in rows))

    def ours(layout: Any, text: Any = None) -> Callable[..., Tensor]:
        applied = applied_subjects(pack, layout, [kept], SUBJECTS, text)
        bare = pack.run.SubjectsRun(applied, lambda percent: 1 - percent)
        return pack.site_patch.SitePatch(0, KEY, applied, None, bare)

    rule = partial(_rule, pack)

    boxes = side_by_side(SUBJECTS, SHARE).layout(pack)
    masks = _soft(boxes, side * 8)
    regions = pack.layout.regions_from_masks(masks)
    soft = pack.layout.Layout(tuple(regions), boxes.width, boxes.height)
    on_grid = soft.coverage(side, side).flatten(1).to(**place)
    return layer, {
        "boxes": ours(boxes),
        "two that overlap": ours(overlapping(SUBJECTS).layout(pack)),
        "soft masks": ours(soft),
        "auto layout, before it starts": ours(boxes, rule(NEVER)),
        "auto layout, after": ours(boxes, rule(AT_ONCE)),
        "… with text_in_box": ours(boxes, rule(AT_ONCE, text_in_box=True)),
        "text_in_box alone": ours(boxes, rule(AT_ONCE, areas=False, text_in_box=True)),
        "text follows, no subject": _follows(pack, layer.sigma - 1),
        "… when its time is over": _follows(pack, layer.sigma + 1),
        "two masked adapters": MaskedAdapters(tokens, to_k, to_v, on_grid),
    }


def _rule(pack: Any, step: int, **more: Any) -> Any:
    return pack.found.TextRule(PHRASES, TEXT_TOKENS, 0.5, step, **more)


def _follows(pack: Any, latest: float, own_cells: bool = False) -> Callable[..., Tensor]:
    """Text that follows the boxes down to a noise level, without subjects.

    Args:
        own_cells: the patch of the self-attention, in place of the text's.
    """
    share = 0.3 if own_cells else 0.0
    rule = _rule(pack, AT_ONCE, areas=False)
    following = pack.text_following.TextFollowing(rule, 1.0, share, 0.5)
    boxes = side_by_side(SUBJECTS, SHARE).layout(pack)
    applied = pack.applied.AppliedSubjects([boxes], [[None]], [], following=following)
    bare = pack.run.SubjectsRun(applied, lambda percent: 2 * latest * (1 - percent))
    kind = pack.self_patch.SelfPatch if own_cells else pack.site_patch.SitePatch
    return kind(0, KEY, applied, None, bare)


def _soft(boxes: Any, side: int) -> Tensor:
    """The boxes as masks (subjects, side, side) whose edges fade over a sixteenth of the side."""
    hard = boxes.coverage(side, side)[:, None]
    kernel = side // 16 | 1
    return F.avg_pool2d(hard, kernel, stride=1, padding=kernel // 2)[:, 0]
