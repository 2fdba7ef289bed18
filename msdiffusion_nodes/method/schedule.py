"""When something acts: shares of the schedule, and the noise levels that they become."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from ..errors import InputError, is_finite, naming


@dataclass(frozen=True)
class SigmaRange:
    """The noise levels at which something acts, both ends included."""

    start: float
    end: float

    def holds(self, sigma: float) -> bool:
        return self.end <= sigma <= self.start

    def gate(self, sigmas: Tensor, dtype: torch.dtype) -> Tensor:
        """1 inside the range, 0 outside, as a tensor: asking for the number would stop the GPU."""
        sigma = sigmas[:1]
        return ((sigma <= self.start) & (sigma >= self.end)).to(dtype)  # (1,)


@dataclass(frozen=True)
class Times:
    """The part of the schedule in which something acts, as shares of it: 0 begins, 1 ends."""

    start_percent: float = 0.0
    end_percent: float = 1.0

    @property
    def always(self) -> bool:
        return self.start_percent <= 0.0 and self.end_percent >= 1.0

    def within(self, other: Times) -> Times:
        """The time in which both act; it may be empty."""
        start = max(self.start_percent, other.start_percent)
        return Times(start, min(self.end_percent, other.end_percent))

    def sigmas(self, percent_to_sigma: Callable[[float], float]) -> SigmaRange | None:
        """The noise levels, as the sampled model has them; None for always: nothing to ask then."""
        if self.always:
            return None
        return SigmaRange(percent_to_sigma(self.start_percent), percent_to_sigma(self.end_percent))


def check_schedule(start_percent: float, end_percent: float) -> None:
    """The subjects must have a time to act.

    Raises:
        InputError: names the input.
    """
    for name, percent in (("start_percent", start_percent), ("end_percent", end_percent)):
        with naming(name):
            if not is_finite(percent):
                raise InputError(f"{percent} came; expected a finite number")
    if start_percent > end_percent:
        raise InputError(
            f"start_percent: {start_percent} comes after end_percent {end_percent}; swap them"
        )
