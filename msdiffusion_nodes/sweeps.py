"""Layouts on the way from one to another."""

from __future__ import annotations

from dataclasses import replace

from .errors import InputError
from .layout import Box, Layout, LayoutBatch


def sweep(first: Layout, last: Layout, pictures: int) -> LayoutBatch:
    """Layouts on the way from one to another, both included.

    Raises:
        InputError: they have not as many regions, one of these is a mask, or their options differ.
    """
    if len(first.regions) != len(last.regions):
        raise InputError(
            f"{len(last.regions)} boxes came for {len(first.regions)} in `first`; give both as many"
        )
    if any(region.mask is not None for region in first.regions + last.regions):
        raise InputError("masks cannot be moved; use boxes")
    for number, (a, b) in enumerate(zip(first.regions, last.regions, strict=True), start=1):
        if a.options != b.options:
            raise InputError(
                f"box {number} has another option than in `first`"
                f" ({b.options.difference(a.options)}); give both the same: only boxes are moved"
            )
    steps = (number / (pictures - 1) for number in range(pictures))
    return LayoutBatch(tuple(_between(first, last, step) for step in steps))


def _between(first: Layout, last: Layout, step: float) -> Layout:
    regions = []
    for a, b in zip(first.regions, last.regions, strict=True):
        corners = zip(a.box.as_tuple(), b.box.as_tuple(), strict=True)
        regions.append(replace(a, box=Box(*(x + (y - x) * step for x, y in corners))))
    return replace(first, regions=tuple(regions))
