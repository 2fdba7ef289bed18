"""Words that act in one box only, at one text cross-attention.

In the cells of a box with words

    out = main + share · strength · (box - main)

where `main` is the attention to the main prompt and `box` that to the box's own words alone. Where
such boxes overlap, their shares together are at most 1; so the result always lies between the main
prompt's and the words'. Only queries inside a box are asked, so the picture outside costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ..errors import InputError, shortened
from ..layout import NO_AREA, Layout
from .schedule import Times

SHOWN = 60  # characters of a line in an error

# (query (batch, cells, heads·dim), the box's number) to (batch, cells, heads·dim)
WordAttention = Callable[[Tensor, int], Tensor]


@dataclass(frozen=True, eq=False)
class BoxPrompts:
    """What BoxPrompts' socket carries: a line of words for each box.

    Attributes:
        lines: as they were typed; an empty one is a box without words.
        embeddings: what the encoder makes of each line, (1, text tokens, width) on the CPU; None
            for a box without words.
        strength: 0 is the main prompt, 1 the words alone.
        times: the part of the schedule in which they act.
    """

    lines: tuple[str, ...]
    embeddings: tuple[Tensor | None, ...]
    strength: float
    times: Times

    @property
    def numbers(self) -> list[int]:
        """The boxes that have words."""
        return [n for n, embedding in enumerate(self.embeddings) if embedding is not None]

    def only(self, numbers: Sequence[int]) -> BoxPrompts | None:
        """Those of some boxes, in their order; None where these would change nothing."""
        lines, embeddings = (
            tuple(each[number] for number in numbers) for each in (self.lines, self.embeddings)
        )
        kept = BoxPrompts(lines, embeddings, self.strength, self.times)
        return kept if kept.numbers and self.strength > 0 else None


def fit_words(
    prompts: BoxPrompts, layouts: Sequence[Layout], elsewhere: Collection[int] = ()
) -> BoxPrompts:
    """A line for each box; empty lines after the last box are left away.

    Args:
        layouts: all with as many regions.
        elsewhere: boxes whose place is not the layout's: scenes, and those that may be found.

    Raises:
        InputError: there are not as many lines as boxes, or a line has words and its box no area;
            names the line.
    """
    boxes, lines = len(layouts[0].regions), list(prompts.lines)
    while len(lines) > boxes and not lines[-1]:
        lines.pop()
    if len(lines) != boxes:
        raise InputError(_miscounted(lines, boxes))
    for layout in layouts:
        for number in prompts.numbers:
            if layout.regions[number].box == NO_AREA and number not in elsewhere:
                line = shortened(lines[number], SHOWN)
                raise InputError(
                    f'line {number + 1} says "{line}", but box {number + 1} has no area (0, 0, 0,'
                    " 0): draw that box, or empty the line"
                )
    return replace(prompts, lines=tuple(lines), embeddings=prompts.embeddings[:boxes])


def _miscounted(lines: Sequence[str], boxes: int) -> str:
    came = "1 line" if len(lines) == 1 else f"{len(lines)} lines"
    there = "1 box" if boxes == 1 else f"{boxes} boxes"
    if len(lines) < boxes:
        which = f"line {len(lines) + 1} is missing"
    else:
        extra = next(number for number in range(boxes, len(lines)) if lines[number])
        which = f'line {extra + 1} ("{shortened(lines[extra], SHOWN)}") has no box'
    return f"{came} came for {there}; {which}. Give one line a box, an empty one for no words"


@dataclass(frozen=True)
class WordCells:
    """The cells in which the words of one box act.

    Attributes:
        box: its number.
        cells: int64 (cells,), positions in the flattened grid; None for all of them.
        share: float (batch or 1, cells, 1), how much of each is the box's.
    """

    box: int
    cells: Tensor | None
    share: Tensor


def word_cells(coverage: Tensor, boxes: Sequence[int], device: torch.device) -> list[WordCells]:
    """The cells of each box with words, where these are known beforehand.

    Args:
        coverage: float (all boxes, h·w) on the CPU, 0 to 1; hidden parts taken out.
        boxes: the numbers of those with words.
        device: where the queries are.
    """
    parts = []
    for box, share in zip(boxes, _shared(coverage[list(boxes)]), strict=True):
        cells = share.nonzero()[:, 0]
        if len(cells):
            parts.append(WordCells(box, cells.to(device), share[None, cells, None].to(device)))
    return parts


def found_word_cells(coverage: Tensor, boxes: Sequence[int]) -> list[WordCells]:
    """The same for areas that only the GPU knows: every cell is asked.

    Args:
        coverage: float (batch, all boxes, h·w), 0 to 1; hidden parts taken out.
    """
    shares = _shared(coverage[:, list(boxes)]).unbind(-2)
    return [
        WordCells(box, None, share[..., None]) for box, share in zip(boxes, shares, strict=True)
    ]


def _shared(coverage: Tensor) -> Tensor:
    """Shares (…, boxes, cells) that together are at most 1 in each cell."""
    return coverage / coverage.sum(-2, keepdim=True).clamp(min=1)


def put_words(
    out: Tensor, query: Tensor, parts: Sequence[WordCells], strength: float, attend: WordAttention
) -> None:
    """Let the words of boxes take the place of the main prompt, in place.

    Args:
        out: the attention to the main prompt (batch, h·w, heads·dim).
        query: (batch, h·w, heads·dim).
        parts: the cells of each box with words, on the device of `query`.
        strength: 0 to 1.
        attend: the attention of queries to a box's words.
    """
    gone, come = [], []  # all is made of the main prompt's attention, so nothing is put there yet
    for part in parts:
        asked, main = (x if part.cells is None else x[:, part.cells] for x in (query, out))
        share = (part.share * strength).to(out.dtype)
        gone.append(main * share)
        come.append(attend(asked, part.box) * share)
    # what goes is taken away first: where words take the whole place, exactly theirs is left
    for sign, changes in ((-1, gone), (1, come)):
        for part, change in zip(parts, changes, strict=True):
            if part.cells is None:
                out.add_(change, alpha=sign)
            else:
                out.index_add_(1, part.cells, change, alpha=sign)
