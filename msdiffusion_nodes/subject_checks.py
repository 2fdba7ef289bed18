"""What a subject must hold, whoever made it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import fields
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import torch
from torch import Tensor

from .checks import naming
from .subjects import Subject, is_whole

TENSORS = {  # those of a subject, with their dimensions
    "image_features": ("views", "tokens", "width"),
    "phrase_embedding": ("width",),
}
DTYPES = (torch.float32, torch.float16, torch.bfloat16)
ENCODE = "encode the subjects again"


def check_contents(subjects: Sequence[Subject]) -> None:
    """Whether each subject's fields are of their types and shapes, and finite.

    Raises:
        ValueError: what is wrong, with the number of the subject (from 1).
    """
    for number, subject in enumerate(subjects, start=1):
        with naming(f"subject {number}"):
            _check_subject(subject)


def _check_subject(subject: Subject) -> None:
    for name, dimensions in TENSORS.items():
        _check_tensor(name, getattr(subject, name), dimensions)
    hints = get_type_hints(type(subject))
    for field in fields(subject):
        value = getattr(subject, field.name)
        if field.name not in TENSORS and not _fits(value, hints[field.name]):
            raise ValueError(f"its {field.name} is {value!r:.60}; expected {field.type}; {ENCODE}")
    if not subject.phrase.strip():
        raise ValueError(f"its phrase is empty; expected a name, such as dog; {ENCODE}")
    views, weights = len(subject.image_features), subject.view_weights
    if weights is not None and len(weights) != views:
        raise ValueError(f"it has {len(weights)} view_weights for {views} views; {ENCODE}")


def _check_tensor(name: str, tensor: Tensor, dimensions: Sequence[str]) -> None:
    if tensor.ndim != len(dimensions) or tensor.numel() == 0:
        came, expected = list(tensor.shape), ", ".join(dimensions)
        raise ValueError(f"its {name} has shape {came}; expected [{expected}]; {ENCODE}")
    if tensor.dtype not in DTYPES:
        kinds = ", ".join(str(dtype) for dtype in DTYPES)
        raise ValueError(f"its {name} is {tensor.dtype}; expected one of {kinds}; {ENCODE}")
    if tensor.is_meta or tensor.layout is not torch.strided:
        raise ValueError(f"its {name} is {tensor.layout} on {tensor.device}; {ENCODE}")
    if not tensor.isfinite().all():
        raise ValueError(f"its {name} is not finite (NaN or infinity); {ENCODE}")


def _fits(value: object, hint: Any) -> bool:
    """Whether a value is what a field's annotation says; numbers must be finite."""
    parts = get_args(hint)
    if get_origin(hint) in (Union, UnionType):
        return any(_fits(value, part) for part in parts)
    if get_origin(hint) is tuple:
        if not isinstance(value, tuple):
            return False
        if parts[-1] is Ellipsis:
            parts = parts[:1] * len(value)
        return len(parts) == len(value) and all(map(_fits, value, parts))
    if hint in (int, float):
        numbers = (int, float) if hint is float else int
        finite = isinstance(value, numbers) and abs(value) <= sys.float_info.max
        return finite and not isinstance(value, bool)
    if hint is str:
        return isinstance(value, str) and is_whole(value)
    return isinstance(value, hint)
