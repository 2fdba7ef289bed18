"""Conditions of a whole picture, made those of a window of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from ..errors import InputError
from ..layout import Box, Extent

PLACED = {  # options that say where in the picture something is, and what ComfyUI's nodes call them
    "area": "an area (Conditioning Set Area)",
    "mask": "a mask (Conditioning Set Mask)",
    "gligen": "GLIGEN boxes",
    "concat_latent_image": "the picture of an inpainting model (InpaintModelConditioning)",
}


def cropped_conditions(
    conditioning: Sequence[Sequence[Any]], window: Box, picture: Extent, copies: dict[int, Any]
) -> list[list[Any]]:
    """What a sampler of the window gets: ControlNet's pictures cropped, the text as it is.

    Args:
        copies: of the same window, by the id of ControlNets: prompts that share one still do.

    Raises:
        InputError: something else in it is about places of the whole picture.
    """
    made = []
    for text, options in conditioning:
        for name, called in PLACED.items():
            if options.get(name) is not None:
                raise InputError(
                    f"{called} came with it, which is about the whole picture and not about a"
                    " crop; give the detailer the prompt without it"
                )
        control = options.get("control")
        if control is not None:
            options = {**options, "control": _cropped_control(control, window, picture, copies)}
        made.append([text, options])
    return made


def _cropped_control(control: Any, window: Box, picture: Extent, copies: dict[int, Any]) -> Any:
    """A copy of a ControlNet, and of those behind it, whose pictures are the window's."""
    if id(control) not in copies:
        twin = copies[id(control)] = control.copy()
        hint, earlier = control.cond_hint_original, control.previous_controlnet
        if hint is not None:
            twin.cond_hint_original = _cropped_hint(hint, window, picture)
        if earlier is not None:
            twin.set_previous_controlnet(_cropped_control(earlier, window, picture, copies))
    return copies[id(control)]


def _cropped_hint(hint: Tensor, window: Box, picture: Extent) -> Tensor:
    """(batch, channels, h, w): ComfyUI takes the middle of it that has the picture's aspect."""
    height, width = hint.shape[-2:]
    wanted = picture.width / picture.height
    left = max(round((width - height * wanted) / 2), 0)
    top = max(round((height - width / wanted) / 2), 0)
    middle = hint[..., top : height - top, left : width - left]
    rows, columns = window.cells(*middle.shape[-2:])
    return middle[..., rows, columns]
