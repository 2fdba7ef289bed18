"""What the subjects add to a whole call of the UNet.

Whole calls scatter by more than the subjects add. So the extra time is measured at the sites, in
pairs (patched less plain), for each distinct shape of a site, and summed over all of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor

from . import real_shapes
from .layer import ROWS, TEXT_TOKENS, SiteLayer
from .scenes import TOKENS, WEIGHT, applied_subjects, side_by_side, site_patches
from .setup import Bench
from .tables import Table, judged, percent
from .timing import Pairs, Spread

PICTURES = (512, 1024)
GOAL = 1.005
SUBJECTS = 2
SHARE = 0.5
LONGEST = 120.0  # seconds for the whole calls of one picture size


class Kind(NamedTuple):
    """Sites of one shape."""

    width: int
    side: int


def run(bench: Bench) -> None:
    if not real_shapes.fits(bench):
        print("Left out: too little memory is free.")
        return
    torch.manual_seed(0)
    model = real_shapes.sdxl(bench)
    count = sum(weight.numel() for weight in model.model.diffusion_model.parameters())
    print(
        f"\nSDXL's UNet{' (tiny)' if bench.quick else ''}, positive and negative row,"
        f" {SUBJECTS} subjects that cover {percent(SHARE, 0)}.\nAll layers of one shape share one"
        f" tensor of random weights ({count / 1e6:.0f} M in all): their values cost no time."
    )
    patched = patch(bench, model)
    for pixels in (64,) if bench.quick else PICTURES:
        _picture(bench, model, patched, pixels)


def patch(bench: Bench, model: Any) -> Any:
    """The model with random tokens of two subjects at every site."""
    pack = bench.pack
    layout = side_by_side(SUBJECTS, SHARE).layout(pack)
    sites = pack.sites.find_sites(model)
    tokens = [random_tokens(bench, site.heads, site.width) for site in sites]
    applied = applied_subjects(pack, layout, tokens, SUBJECTS)
    return pack.applying.patch_model(model, sites, applied)


def random_tokens(bench: Bench, heads: int, width: int, subjects: int = SUBJECTS) -> Any:
    shape = (heads, subjects * TOKENS, width // heads)
    key, value = torch.randn(shape, dtype=bench.dtype), torch.randn(shape, dtype=bench.dtype)
    return bench.pack.adapter.SiteTokens(key, value * WEIGHT)


def _picture(bench: Bench, model: Any, patched: Any, pixels: int) -> None:
    sites = bench.pack.sites.find_sites(model)
    kinds = {site.key: _kind(site, model, pixels) for site in sites}
    counts = Counter(kinds.values())
    print(f"\n{pixels}×{pixels} pixels:")
    table = Table(("sites", "shape", "plain layer", "patched less plain"), (5, 18, 24, 30))
    extras = []
    for kind, number in counts.items():
        key = next(key for key, one in kinds.items() if one == kind)
        pairs = _one_site(bench, model, patched, key, kind)
        extras.append([number * seconds for seconds in pairs.differences()])
        plain, extra = Spread.of(pairs.first), Spread.of(pairs.differences())
        shape = f"{kind.width} on {kind.side}×{kind.side}"
        table.row(number, shape, plain.text(2, 1e3, " ms"), extra.text(3, 1e3, " ms"))
    extra = Spread.of([sum(at_once) for at_once in zip(*extras, strict=True)])
    whole = _whole_calls(bench, model, patched, pixels)
    one_call = Spread.of(whole.first)
    ratio = 1 + extra.median / one_call.median
    head = ("all sites' extra", "whole plain call", "1 + extra ÷ whole", "goal")
    table = Table((*head, "whole calls, patched ÷ plain"), (30, 26, 18, 14, 26))
    table.row(
        extra.text(2, 1e3, " ms"),
        one_call.text(2, unit=" s"),
        f"{ratio:.4f}",
        judged(ratio, None if bench.quick else GOAL),
        whole.ratio().text() + (f", {one_call.count} pairs" if one_call.count > 1 else ""),
    )


def _kind(site: Any, model: Any, pixels: int) -> Kind:
    """A site's shape: where the UNet is twice as wide, its grid is half as fine."""
    channels = model.model.diffusion_model.model_channels
    return Kind(site.width, pixels // 8 // (site.width // channels))


def _one_site(bench: Bench, model: Any, patched: Any, key: tuple, kind: Kind) -> Pairs:
    unet = model.model.diffusion_model
    place, number, index = key
    blocks = {"input": unet.input_blocks, "output": unet.output_blocks}
    block = unet.middle_block if place == "middle" else blocks[place][number]
    stack = next(module for module in block if hasattr(module, "transformer_blocks"))
    attention = stack.transformer_blocks[index].attn2
    layer = SiteLayer(attention, kind.side, attention.to_k.weight.shape[1])
    ours = site_patches(bench.pack, patched)[key]
    return bench.clock.pairs(layer, partial(layer, ours), 2 * bench.pairs)


def _whole_calls(bench: Bench, model: Any, patched: Any, pixels: int) -> Pairs:
    # a CPU needs minutes for a call at 1024² and no warming up
    warm_up = bench.quick or bench.device.type != "cpu"
    first, second = unet_call(bench, model, pixels), unet_call(bench, patched, pixels)
    return bench.clock.pairs(first, second, bench.pairs, LONGEST, warm_up)


def unet_call(bench: Bench, model: Any, pixels: int, rows: int = ROWS) -> Callable[[], Tensor]:
    """A call of the UNet as ComfyUI's sampler makes it at each step: one negative row."""
    unet = model.model.diffusion_model
    place = {"device": bench.device, "dtype": bench.dtype}
    side, context_width = pixels // 8, _context_width(unet)
    x = torch.randn(rows, 4, side, side, **place)
    timesteps = torch.full((rows,), 500.0, device=bench.device)
    context = torch.randn(rows, TEXT_TOKENS, context_width, **place)
    y = torch.randn(rows, unet.label_emb[0][0].in_features, **place)
    options = {
        **model.model_options["transformer_options"],
        "cond_or_uncond": [1] + [0] * (rows - 1),
        "uuids": ["negative", *(f"positive {n}" for n in range(1, rows))],
        "sigmas": torch.full((1,), 5.0, device=bench.device),
    }
    return lambda: unet(x, timesteps, context=context, y=y, transformer_options=options)


def _context_width(unet: Any) -> int:
    stack = next(module for module in unet.middle_block if hasattr(module, "transformer_blocks"))
    return stack.transformer_blocks[0].attn2.to_k.in_features
