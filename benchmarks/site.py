"""One attention site: ours and a straightforward version, each beside the plain layer."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import torch
from einops import rearrange
from torch import Tensor

from .layer import CONTEXT_WIDTH, SiteLayer, random_layer
from .scenes import TOKENS, WEIGHT, Scene, applied_subjects, scenes
from .setup import Bench
from .straightforward import Straightforward
from .tables import Table, judged, percent

SHAPES = ((640, 64), (1280, 32))  # width of the site, side of its grid, at 1024²
SUBJECTS = (1, 2, 4, 8)
SHARES = (0.05, 0.25, 0.5, 1.0)
GOALS = {(2, 0.5): 1.04, (8, 0.5): 1.06}  # by subjects and share of the picture
TOLERANCE = 1e-4
DUMMIES = 4
CALLS_TO_PROFILE = 10


class Contest(NamedTuple):
    """A layer and the two ways to give it its subjects."""

    layer: SiteLayer
    ours: Callable[..., Tensor]
    straightforward: Callable[..., Tensor]


def run(bench: Bench) -> None:
    """A table for each of SDXL's two widths, then profiles if asked for."""
    shapes = ((640, 16), (1280, 8)) if bench.quick else SHAPES
    for width, side in shapes:
        print(
            f"\nWidth {width} on {side}×{side}, {width // 64} heads, positive and negative row:"
            f" the whole layer from to_q to to_out.\nMedians of {bench.pairs} pairs"
            f" (straightforward: {_fewer(bench)}; with a goal: {3 * bench.pairs}) and quartiles."
        )
        _table(bench, width, side)
    if bench.profile:
        for subjects in (2, 8):
            _profile(bench, *shapes[0], scenes(subjects, [0.5])[0])


def _table(bench: Bench, width: int, side: int) -> None:
    head = ("subjects", "boxes", "cells", "ours ÷ plain", "straightforward ÷ plain", "goal, ours")
    table = Table(head, (8, 22, 7, 22, 24, 14))
    subjects, shares = ((1, 2), (0.5,)) if bench.quick else (SUBJECTS, SHARES)
    for count in subjects:
        for scene in scenes(count, shares):
            check(bench, width, side, scene)
            goal = None if bench.quick else GOALS.get((count, scene.share))
            layer, ours, straightforward = contest(bench, width, side, scene, bench.dtype)
            pairs = bench.pairs if goal is None else 3 * bench.pairs
            ratio = bench.clock.pairs(layer, partial(layer, ours), pairs).ratio()
            slow = bench.clock.pairs(layer, partial(layer, straightforward), _fewer(bench)).ratio()
            share = "each 50 %" if scene.share is None else percent(scene.share, 0)
            cells = percent(scene.cells(bench.pack, side), 1)
            name = f"{scene.name}, {share}"
            goal_text = judged(ratio.median, goal)
            table.row(count, name, cells, ratio.text(), slow.text(2), goal_text)


def _fewer(bench: Bench) -> int:
    # it is further from 1 than the machine scatters
    return max(bench.pairs // 3, 1)


def check(bench: Bench, width: int, side: int, scene: Scene) -> None:
    """Both versions compute the same.

    Raises:
        RuntimeError: they do not, so their times would say nothing.
    """
    layer, ours, straightforward = contest(bench, width, side, scene, torch.float32)
    plain, one, other = layer(), layer(ours), layer(straightforward)
    difference = (one - other).abs().max().item()
    if not difference <= TOLERANCE:
        raise RuntimeError(
            f"{scene.name}, {len(scene.boxes)} subjects: ours and the straightforward version"
            f" differ by {difference:.2g}, more than {TOLERANCE:g}"
        )
    if not (one - plain).abs().max().item() > 10 * TOLERANCE:
        raise RuntimeError(f"{scene.name}: the subjects do nothing, so agreement says nothing")


def contest(bench: Bench, width: int, side: int, scene: Scene, dtype: torch.dtype) -> Contest:
    """The layer, our real patch and the straightforward one, with the same random weights."""
    torch.manual_seed(0)
    layer = random_layer(width, side, bench.device, dtype)
    count = len(scene.boxes)
    place = {"device": bench.device, "dtype": dtype}
    tokens = torch.randn(count * TOKENS, CONTEXT_WIDTH, **place)
    dummies = torch.randn(DUMMIES, CONTEXT_WIDTH, **place)
    to_k, to_v = (torch.randn(width, CONTEXT_WIDTH, **place) / CONTEXT_WIDTH**0.5 for _ in "kv")
    ours = _our_patch(bench.pack, scene, tokens @ to_k.T, tokens @ to_v.T * WEIGHT)
    cells = scene.layout(bench.pack).masks(side, side).to(bench.device)
    return Contest(layer, ours, Straightforward(tokens, dummies, to_k, to_v, cells, WEIGHT))


def _our_patch(pack: Any, scene: Scene, key: Tensor, value: Tensor) -> Callable[..., Tensor]:
    key, value = (rearrange(x, "t (h d) -> h t d", d=64).contiguous() for x in (key, value))
    tokens = pack.adapter.SiteTokens(key, value)
    applied = applied_subjects(pack, scene.layout(pack), [tokens], len(scene.boxes))
    bare = pack.run.SubjectsRun(applied, lambda percent: 1 - percent)
    return pack.site_patch.SitePatch(0, ("input", 4, 0), applied, None, bare)


def _profile(bench: Bench, width: int, side: int, scene: Scene) -> None:
    from torch.profiler import ProfilerActivity, profile

    activities = [ProfilerActivity.CPU]
    if bench.device.type == "cuda":
        activities.append(ProfilerActivity.CUDA)
    layer, ours, straightforward = contest(bench, width, side, scene, bench.dtype)
    calls = {"plain": None, "ours": ours, "straightforward": straightforward}
    for name, patch in calls.items():
        layer(patch)
        with profile(activities=activities) as profiled:
            for _ in range(CALLS_TO_PROFILE):
                layer(patch)
        print(
            f"\n{name}: {CALLS_TO_PROFILE} calls, width {width} on {side}×{side},"
            f" {len(scene.boxes)} subjects {scene.name}"
        )
        print(profiled.key_averages().table(sort_by="self_cpu_time_total", row_limit=16))
