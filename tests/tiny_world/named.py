"""The emoji that the toy can paint by their names: from text alone, with `weights/by_name`."""

from __future__ import annotations

from functools import cache

from .emoji import HERE, Emoji, cut_sheet


@cache
def named() -> tuple[Emoji, ...]:
    """All 24, in the order of their names."""
    return cut_sheet(HERE / "named.png")
