"""Words in boxes where each cell looks at one text only: all texts in one attention.

Hard boxes at strength 1 leave nothing of the main prompt in their cells. So the cells are sorted by
the text that they look at and cut into segments of one length, and one attention answers them all.
That is as much work as the main prompt's alone, however many boxes there are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

# Cells of a segment. Attentions compute blocks of a power of two, and a row's result is the same in
# every full block: so the cells outside the boxes get what they get without words.
SIZES = (1024, 512, 256, 128, 64, 32, 16)
LONGEST = 1.1  # of the grid: a segment that is not full is filled up, and that costs


@dataclass(frozen=True)
class Segments:
    """Cells of a grid, sorted by the text that they look at.

    Attributes:
        counts: how many segments each text has, the main prompt first, then each box with words.
        cells: int64 (segments·size,), positions in the flattened grid; the last one of a text is
            repeated to fill its last segment.
        places: int64 (h·w,), where each cell stands in the segments.
    """

    counts: tuple[int, ...]
    cells: Tensor
    places: Tensor


def word_segments(degrees: Tensor, device: torch.device) -> Segments | None:
    """Sort the cells; None where some look at several texts, all at one, or segments do not fit.

    Args:
        degrees: float (boxes with words, h·w) on the CPU, how far each takes the place of all
            before it.
        device: where the queries are.
    """
    of_boxes = degrees.numpy()
    if not np.isin(of_boxes, (0, 1)).all() or not of_boxes.any():
        return None
    numbers = np.arange(1, len(of_boxes) + 1)
    owners = (of_boxes * numbers[:, None]).sum(0)  # (h·w,); a cell that is one box's is no other's
    groups = [np.flatnonzero(owners == number) for number in (0, *numbers)]
    for size in SIZES:
        counts = [-(-len(group) // size) for group in groups]
        if sum(counts) * size <= LONGEST * len(owners):
            break
    else:
        return None
    filled = [
        np.pad(group, (0, count * size - len(group)), "edge")
        for group, count in zip(groups, counts, strict=True)
        if count
    ]
    cells = np.concatenate(filled)
    _, places = np.unique(cells, return_index=True)
    return Segments(tuple(counts), *(torch.from_numpy(x).to(device) for x in (cells, places)))


def put_segments(
    out: Tensor,
    query: Tensor,
    keys: Sequence[Tensor],
    values: Sequence[Tensor],
    segments: Segments,
    attend: Callable[[Tensor, Tensor, Tensor], Tensor],
) -> None:
    """Put the attention of each cell to its text into `out`.

    Args:
        out: (batch, h·w, heads·dim).
        query: the same shape.
        keys, values: of each text (batch or 1, text tokens, heads·dim), the main prompt first.
        segments: from `word_segments`, on the device of `query`.
        attend: attention of query, key and value, each (rows, length, heads·dim).
    """
    rows, width = len(query), query.shape[-1]
    full = len(segments.cells) == len(segments.places)
    # where nothing is filled up, the queries lie meanwhile where the answers will: less memory
    asked = torch.index_select(query, 1, segments.cells, out=out if full else None)
    asked = asked.reshape(rows * sum(segments.counts), -1, width)
    of_segments = (_repeated(texts, segments.counts, rows) for texts in (keys, values))
    answers = attend(asked, *of_segments).reshape(rows, -1, width)
    torch.index_select(answers, 1, segments.places, out=out)


def _repeated(texts: Sequence[Tensor], counts: Sequence[int], rows: int) -> Tensor:
    """Each text once for each of its segments: (rows·segments, text tokens, width)."""
    parts = [
        text[:, None].expand(rows, count, -1, -1)
        for text, count in zip(texts, counts, strict=True)
        if count
    ]
    return torch.cat(parts, dim=1).flatten(0, 1)
