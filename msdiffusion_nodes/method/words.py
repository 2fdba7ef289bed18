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
EPSILON = 1e-6  # where later boxes take all, what is left is 0 but for rounding

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
        degree: float (batch or 1, cells, 1), how far the words take the place of what is there;
            None for wholly.
    """

    box: int
    cells: Tensor | None
    degree: Tensor | None


def word_cells(
    coverage: Tensor, boxes: Sequence[int], strength: float, device: torch.device
) -> list[WordCells]:
    """The cells of each box with words, where these are known beforehand.

    Args:
        coverage: float (all boxes, h·w) on the CPU, 0 to 1; hidden parts taken out.
        boxes: the numbers of those with words.
        strength: 0 to 1.
        device: where the queries are.
    """
    parts = []
    for box, degrees in zip(boxes, word_degrees(coverage[list(boxes)], strength), strict=True):
        cells = degrees.nonzero()[:, 0]
        own = degrees[None, cells, None]
        if len(cells):
            degree = None if (own == 1).all() else own.to(device)
            parts.append(WordCells(box, cells.to(device), degree))
    return parts


def found_word_cells(coverage: Tensor, boxes: Sequence[int], strength: float) -> list[WordCells]:
    """The same for areas that only the GPU knows: every cell is asked.

    Args:
        coverage: float (batch, all boxes, h·w), 0 to 1; hidden parts taken out.
    """
    degrees = word_degrees(coverage[:, list(boxes)], strength).unbind(-2)
    return [
        WordCells(box, None, degree[..., None]) for box, degree in zip(boxes, degrees, strict=True)
    ]


def word_degrees(coverage: Tensor, strength: float) -> Tensor:
    """How far each box takes the place of all before it, so that it ends with its share.

    The shares are at most 1 together. A later box leaves 1 - degree of an earlier one, which is
    therefore given more at first.

    Args:
        coverage: (…, boxes with words, cells).
        strength: 0 to 1.

    Returns:
        the same shape, 0 to 1.
    """
    shares = coverage / coverage.sum(-2, keepdim=True).clamp(min=1) * strength
    taken = shares.flip(-2).cumsum(-2).flip(-2)  # by a box and all after it
    left = 1 - torch.cat([taken[..., 1:, :], torch.zeros_like(taken[..., :1, :])], dim=-2)
    return (shares / left.clamp(min=EPSILON)).clamp(max=1)


def put_words(
    out: Tensor, query: Tensor, parts: Sequence[WordCells], attend: WordAttention
) -> None:
    """Let the words of boxes take the place of the main prompt, in place.

    Args:
        out: the attention to the main prompt (batch, h·w, heads·dim).
        query: (batch, h·w, heads·dim).
        parts: the cells of each box with words, on the device of `query`.
        attend: the attention of queries to a box's words.
    """
    for part in parts:
        cells = slice(None) if part.cells is None else part.cells
        words = attend(query[:, cells], part.box)
        if part.degree is not None:
            words = torch.lerp(out[:, cells], words, part.degree.to(out.dtype))
        out[:, cells] = words
