"""A subject: what to paint and what it is called."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from .errors import InputError, is_finite, is_whole, shortened

TENSORS = {  # those of a subject, with their dimensions
    "image_features": ("views", "tokens", "width"),
    "phrase_embedding": ("width",),
}
DTYPES = (torch.float32, torch.float16, torch.bfloat16)
ENCODE = "encode the subjects again"


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

    Raises:
        InputError: a field is not of its type or shape, or not finite.
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

    def __post_init__(self) -> None:
        for name, dimensions in TENSORS.items():
            _check_tensor(name, getattr(self, name), dimensions)
        for name, expected, fits in PLAIN:
            value = getattr(self, name)
            if not fits(value):
                raise InputError(f"its {name} is {value!r:.60}; expected {expected}; {ENCODE}")
        if not self.phrase.strip():
            raise InputError(f"its phrase is empty; expected a name, such as dog; {ENCODE}")
        views, weights = len(self.image_features), self.view_weights
        if weights is not None and len(weights) != views:
            raise InputError(f"it has {len(weights)} view_weights for {views} views; {ENCODE}")


def _are_weights(value: object) -> bool:
    return value is None or isinstance(value, tuple) and all(map(is_finite, value))


PLAIN: tuple[tuple[str, str, Callable[[Any], bool]], ...] = (  # the fields that are no tensors
    ("phrase", "str", lambda value: isinstance(value, str) and is_whole(value)),
    ("weight", "float | None", lambda value: value is None or is_finite(value)),
    ("start_percent", "float", is_finite),
    ("end_percent", "float", is_finite),
    ("enabled", "bool", lambda value: isinstance(value, bool)),
    ("view_weights", "tuple[float, ...] | None", _are_weights),
    ("everywhere", "bool", lambda value: isinstance(value, bool)),
)


def _check_tensor(name: str, tensor: Tensor, dimensions: Sequence[str]) -> None:
    if not isinstance(tensor, Tensor):
        raise InputError(f"its {name} is {type(tensor).__name__}; expected a tensor; {ENCODE}")
    if tensor.ndim != len(dimensions) or tensor.numel() == 0:
        came, expected = list(tensor.shape), ", ".join(dimensions)
        raise InputError(f"its {name} has shape {came}; expected [{expected}]; {ENCODE}")
    if tensor.dtype not in DTYPES:
        kinds = ", ".join(str(dtype) for dtype in DTYPES)
        raise InputError(f"its {name} is {tensor.dtype}; expected one of {kinds}; {ENCODE}")
    if tensor.is_meta or tensor.layout is not torch.strided:
        raise InputError(f"its {name} is {tensor.layout} on {tensor.device}; {ENCODE}")
    if not tensor.isfinite().all():
        raise InputError(f"its {name} is not finite (NaN or infinity); {ENCODE}")


def parse_phrases(text: str) -> list[str]:
    """One phrase a line; empty lines at the end do not count.

    Raises:
        InputError: there is no phrase, or a line in between is empty.
    """
    lines = [line.strip() for line in text.rstrip().splitlines()]
    if not lines:
        raise InputError("there is no phrase; write one subject a line, for example: dog")
    for number, line in enumerate(lines, start=1):
        if not line:
            raise InputError(f"line {number} is empty; write one subject a line")
    return lines


def require_same_encoder(subjects: Sequence[Subject]) -> None:
    """Subjects in one list must come from the same CLIP vision model and text encoder.

    Raises:
        InputError: their features or phrases have different widths.
    """
    shapes = {tuple(subject.image_features.shape[1:]) for subject in subjects}
    widths = {len(subject.phrase_embedding) for subject in subjects}
    if len(shapes) > 1 or len(widths) > 1:
        raise InputError(
            f"the subjects come from different encoders (features {sorted(shapes)}, phrases"
            f" {sorted(widths)}); encode all of them with the same CLIP vision model and CLIP"
        )


def parse_weights(text: str, default: float, count: int, things: str = "subjects") -> list[float]:
    """A weight for each of `count` things from "0.6, 0.9"; the default where there is no text.

    Raises:
        InputError: an entry is no finite number, or there are not as many as things.
    """
    if not text.strip():
        return [default] * count
    try:
        weights = [float(entry) for entry in text.split(",")]
    except ValueError:
        weights = []
    if not weights or not all(map(is_finite, weights)):
        raise InputError(
            f'"{shortened(text)}" came; expected numbers with commas between, such as 0.6, 0.9'
        )
    if len(weights) != count:
        raise InputError(
            f'"{shortened(text)}" has {len(weights)} numbers for {count} {things}; give one each,'
            " or leave it empty to use the same weight for all"
        )
    return weights
