"""The noise levels at which the authors sample: their pipeline's scheduler, in numbers alone.

SDXL base's own scheduler takes every so many'th of the training's levels, counted from the least
noise ("leading"), moved on by one ("steps_offset": 1). It therefore never begins at the most noise.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ..errors import InputError

LEVELS = 1000  # that SDXL was trained with
OFFSET = 1
MOST_STEPS = LEVELS - 1  # with one more the first level would lie outside the table


def authors_sigmas(levels: Tensor, steps: int, denoise: float = 1.0) -> Tensor:
    """The noise levels of a run, falling, with 0 behind them: (steps + 1,).

    As in ComfyUI's schedulers, `denoise` below 1 takes the last `steps` levels of a schedule of
    steps ÷ denoise.

    Args:
        levels: the model's noise levels, rising: (1000,).
        denoise: 0 to 1; nothing is left to do at 0: (0,).

    Raises:
        InputError: the whole schedule would have more steps than the model has levels.
    """
    if denoise <= 0.0:
        return levels.new_zeros(0)
    whole = steps / denoise
    if whole >= MOST_STEPS + 1:
        raise InputError(
            f"{steps} steps with {denoise:g} are the end of a schedule of {whole:.0f}, which can"
            f" have {MOST_STEPS} at most; take fewer steps or a higher denoise"
        )
    places = torch.arange(steps - 1, -1, -1, device=levels.device) * (LEVELS // int(whole)) + OFFSET
    return torch.cat([levels[places], levels.new_zeros(1)])
