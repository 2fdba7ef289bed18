"""A subject: what to paint and what it is called."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

SHOWN = 40  # characters of a phrase or of numbers in an error
LISTED = 8  # phrases in an error


@dataclass(frozen=True)
class Subject:
    """One thing to paint.

    Attributes:
        phrase: its name, for example "dog".
        image_features: penultimate CLIP-vision states of its pictures (views, tokens, width).
        phrase_embedding: pooled CLIP-L output of the phrase without text projection (width,).
        weight: its own weight in place of the common one, or None.
        start_percent: when it begins to act, as a share of the schedule.
        end_percent: when it stops.
        enabled: False leaves it out as if it had no area.
        view_weights: a weight for each view, or None.
        everywhere: whether it covers the whole picture, whatever its region.
    """

    phrase: str
    image_features: Tensor
    phrase_embedding: Tensor
    weight: float | None = None
    start_percent: float = 0.0
    end_percent: float = 1.0
    enabled: bool = True
    view_weights: tuple[float, ...] | None = None
    everywhere: bool = False


def parse_phrases(text: str) -> list[str]:
    """One phrase a line; empty lines at the end do not count.

    Raises:
        ValueError: there is no phrase, or a line in between is empty.
    """
    lines = [line.strip() for line in text.rstrip().splitlines()]
    if not lines:
        raise ValueError("there is no phrase; write one subject a line, for example: dog")
    for number, line in enumerate(lines, start=1):
        if not line:
            raise ValueError(f"line {number} is empty; write one subject a line")
    return lines


def is_whole(text: str) -> bool:
    """Whether a text has no halves of characters: JSON may hold them, no log or page shows them."""
    return text == text.encode("utf-8", "ignore").decode("utf-8")


def shortened(text: str, most: int = SHOWN) -> str:
    """The first `most` characters of a text, for an error; "?" in place of halves of characters."""
    text = text.encode("utf-8", "replace").decode("utf-8")
    return text if len(text) <= most else text[:most] + "…"


def listed(names: Sequence[str]) -> str:
    """The first few names, for an error."""
    return ", ".join(map(shortened, names[:LISTED])) + (", …" if len(names) > LISTED else "")


def require_same_encoder(subjects: Sequence[Subject]) -> None:
    """Subjects in one list must come from the same CLIP vision model and text encoder.

    Raises:
        ValueError: their features or phrases have different widths.
    """
    shapes = {tuple(subject.image_features.shape[1:]) for subject in subjects}
    widths = {len(subject.phrase_embedding) for subject in subjects}
    if len(shapes) > 1 or len(widths) > 1:
        raise ValueError(
            f"the subjects come from different encoders (features {sorted(shapes)}, phrases"
            f" {sorted(widths)}); encode all of them with the same CLIP vision model and CLIP"
        )


def parse_weights(text: str, default: float, count: int, things: str = "subjects") -> list[float]:
    """A weight for each of `count` things from "0.6, 0.9"; the default where there is no text.

    Raises:
        ValueError: an entry is no finite number, or there are not as many as things.
    """
    if not text.strip():
        return [default] * count
    try:
        weights = [float(entry) for entry in text.split(",")]
    except ValueError:
        weights = []
    if not weights or not all(math.isfinite(weight) for weight in weights):
        raise ValueError(
            f'"{shortened(text)}" came; expected numbers with commas between, such as 0.6, 0.9'
        )
    if len(weights) != count:
        raise ValueError(
            f'"{shortened(text)}" has {len(weights)} numbers for {count} {things}; give one each,'
            " or leave it empty to use the same weight for all"
        )
    return weights
