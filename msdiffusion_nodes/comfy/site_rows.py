"""Which rows of a site are of which layout."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..method.applied import AppliedSubjects
from ..method.fitting import check_batch
from ..method.run import Place
from .calls import Call, Chunk


def placed_rows(
    applied: AppliedSubjects,
    site: int,
    call: Call,
    chunks: Sequence[Chunk],
    options: Mapping[str, Any],
) -> Iterator[tuple[Place, slice]]:
    """Each layout with its rows: all of them, or one picture's (and that picture's copies).

    Args:
        site: its number.
        chunks: the rows of the positive conditions.
        options: ComfyUI's extra options.
    """
    grid = tuple(options["activations_shape"][-2:])
    for chunk in chunks:
        condition = chunk.condition
        common = (site, condition.name, grid, options.get("sigmas"), condition.window)
        if len(applied.layouts) == 1:
            yield Place(*common, call.which), slice(chunk.rows.start, chunk.rows.stop)
            continue
        which = call.which or range(chunk.pictures)
        if call.which is None:
            check_batch(len(applied.layouts), chunk.pictures)
        for row, picture in zip(chunk.rows[: chunk.pictures], which, strict=True):
            rows = slice(row, chunk.rows.stop, chunk.pictures)
            yield Place(*common, (picture,), picture), rows
