"""Which part of the picture, and which pictures of the batch, a call is about, as others say it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import InputError
from ..layout import Box

BATCH, HEIGHT, WIDTH = 0, 2, 3  # dimensions of a latent
UNKNOWN = ()  # some pictures of the batch, and nobody says which


@dataclass(frozen=True)
class Part:
    """What of a run is evaluated; None for all of it, `UNKNOWN` for pictures that nobody names."""

    pictures: tuple[int, ...] | None = None
    window: Box | None = None


def announced_part(
    model_options: Mapping[str, Any], shape: Sequence[int], pictures: int, size: tuple[int, int]
) -> Part:
    """The part of a run that a latent is.

    ComfyUI's context windows say it along any dimension, AnimateDiff-Evolved along the batch.

    Args:
        shape: of the latent (pictures, channels, height, width).
        pictures, size: of the whole run; the size is height and width.

    Raises:
        InputError: the latent is smaller than the run's, and nobody says which part it is.
    """
    options = model_options["transformer_options"]
    dim, indices = _context_window(model_options)
    seen, window = size, None
    if dim in (HEIGHT, WIDTH):
        seen, window = _window(indices, dim, size)
    if tuple(shape[-2:]) != seen:
        raise InputError(
            f"model: another node samples {shape[-2]}×{shape[-1]} cells (height × width) of a"
            f" latent of {size[0]}×{size[1]} and does not say which; subjects would land in the"
            " wrong place. Sample that part in the graph with Crop Layout; a sampler that works at"
            " several sizes (Euler SMEA Dyn) cannot be used with subjects"
        )
    which = tuple(indices) if dim == BATCH else _sub_idxs(options)
    if len(which or range(pictures)) != shape[0]:
        which = UNKNOWN
    return Part(which, window)


def window_of(
    area: Sequence[int] | None, size: tuple[int, int], window: Box | None
) -> tuple[tuple[int, int], Box | None]:
    """Height and width of what a condition sees, and which part of the picture that is.

    Args:
        area: ComfyUI's (height, width, top, left) in cells of the latent that is evaluated.
        size: that latent's height and width.
        window: the part of the picture that this latent is.
    """
    if area is None or len(area) != 4:
        return size, window
    rows, columns, top, left = area
    height, width = size
    rows, columns = min(rows, height - top), min(columns, width - left)
    box = Box(left / width, top / height, (left + columns) / width, (top + rows) / height)
    return (rows, columns), box if window is None else box.within(window)


def _context_window(model_options: Mapping[str, Any]) -> tuple[int | None, list[int]]:
    """The dimension that ComfyUI's context windows go along, and what of it this one has."""
    window = model_options["transformer_options"].get("context_window")
    if window is None:
        return None, []
    indices = list(window.index_list)
    before = getattr(window, "causal_anchor_index", None)  # from ComfyUI 0.30: one more in front
    if before is not None and before >= 0:
        indices.insert(0, before)
    # and these are in every window, each at its own place
    kept = getattr(model_options.get("context_handler"), "latent_retain_index_list", None)
    for number in kept or ():
        indices[number] = number
    return window.dim, indices


def _sub_idxs(options: Mapping[str, Any]) -> tuple[int, ...] | None:
    params = options.get("ad_params")
    indices = params.get("sub_idxs") if isinstance(params, Mapping) else None
    return None if indices is None else tuple(indices)


def _window(indices: list[int], dim: int, size: tuple[int, int]) -> tuple[tuple[int, int], Box]:
    """Height and width in cells, and the box, of rows or columns of the picture."""
    first, end = indices[0], indices[-1] + 1
    if indices != list(range(first, end)):
        raise InputError(
            "model: context windows that skip cells or go round the edge of the picture came;"
            " MS-Diffusion needs windows in one piece: context_schedule static or standard uniform,"
            " context_stride 1, closed_loop off, latent_retain_index_list empty"
        )
    height, width = size
    if dim == HEIGHT:
        return (len(indices), width), Box(0.0, first / height, 1.0, end / height)
    return (height, len(indices)), Box(first / width, 0.0, end / width, 1.0)
