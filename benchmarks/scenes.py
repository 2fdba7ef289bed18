"""Where the subjects of the benchmarks are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

Corners = tuple[float, float, float, float]
TOKENS = 16  # of a subject with one picture, in the released adapter
WEIGHT = 0.6


@dataclass(frozen=True)
class Scene:
    """Boxes x0 y0 x1 y1, one a subject.

    Attributes:
        share: how much of the picture they cover together; None where they overlap.
    """

    name: str
    boxes: tuple[Corners, ...]
    share: float | None = None

    def layout(self, pack: Any) -> Any:
        module = pack.layout
        regions = (module.Region(module.Box(*box)) for box in self.boxes)
        return module.Layout(tuple(regions), 1024, 1024)

    def cells(self, pack: Any, side: int) -> float:
        """How much of a grid's cells they cover: a cell that a box touches counts whole."""
        return self.layout(pack).masks(side, side).any(dim=0).float().mean().item()


def applied_subjects(
    pack: Any, layout: Any, tokens: Sequence[Any], subjects: int, text: Any = None
) -> Any:
    """What ApplyMSDiffusion puts on a model, with these keys and values at the sites.

    Args:
        text: what is read from the text attention, a `TextRule`.
    """
    placed = [pack.applied.PlacedTokens(each) for each in tokens]
    return pack.applied.AppliedSubjects([layout], [placed], [TOKENS] * subjects, text=text)


def site_patches(pack: Any, model: Any) -> dict[tuple, Any]:
    """Our patches on a model, by ComfyUI's key."""
    return pack.following.site_patches(model.model_options["transformer_options"])


def side_by_side(subjects: int, share: float) -> Scene:
    """Boxes of the same size in a row, which together cover `share` of the picture."""
    top = (1 - share) / 2
    boxes = ((n / subjects, top, (n + 1) / subjects, top + share) for n in range(subjects))
    return Scene("side by side", tuple(boxes), share)


def overlapping(subjects: int) -> Scene:
    """Boxes of half the picture each, from the left to the right."""
    lefts = (0.5 * n / (subjects - 1) for n in range(subjects))
    return Scene("overlapping", tuple((left, 0.0, left + 0.5, 1.0) for left in lefts))


def scenes(subjects: int, shares: Sequence[float]) -> list[Scene]:
    """Side by side for each share, and overlapping where there is more than one subject."""
    made = [side_by_side(subjects, share) for share in shares]
    return made + [overlapping(subjects)] if subjects > 1 else made
