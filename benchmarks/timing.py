"""Times in pairs, so that a machine that gets slower or faster meanwhile does both sides alike."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

SHORTEST = 0.02  # seconds; shorter things are called several times in one timing
MOST_CALLS = 500


@dataclass(frozen=True)
class Spread:
    """The median of several measurements and their quartiles."""

    median: float
    low: float
    high: float
    count: int

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        low, median, high = np.percentile(values, (25, 50, 75))
        return cls(float(median), float(low), float(high), len(values))

    def text(self, digits: int = 3, scale: float = 1.0, unit: str = "") -> str:
        """Such as "1.031 (1.020 to 1.045)"; one measurement alone has no spread."""
        low, median, high = (
            f"{value * scale:.{digits}f}" for value in (self.low, self.median, self.high)
        )
        spread = f" ({low} to {high})" if self.count > 1 else " (once)"
        return f"{median}{unit}{spread}"


@dataclass(frozen=True)
class Pairs:
    """Seconds a call of two things that were timed in turns."""

    first: tuple[float, ...]
    second: tuple[float, ...]

    def ratio(self) -> Spread:
        """Of the second to the first, pair by pair."""
        return Spread.of([b / a for a, b in zip(self.first, self.second, strict=True)])

    def differences(self) -> list[float]:
        """The second less the first, pair by pair, in seconds."""
        return [b - a for a, b in zip(self.first, self.second, strict=True)]


class Clock:
    """Times calls on a device."""

    def __init__(self, device: torch.device) -> None:
        self.device = device

    def seconds(self, call: Callable[[], object], calls: int = 1) -> float:
        """How long one call takes, the GPU's work included."""
        self._wait()
        begin = time.perf_counter()
        for _ in range(calls):
            call()
        self._wait()
        return (time.perf_counter() - begin) / calls

    def pairs(
        self,
        first: Callable[[], object],
        second: Callable[[], object],
        count: int,
        longest: float = math.inf,
        warm_up: bool = True,
    ) -> Pairs:
        """Time two things in the order first, second, second, first, first, …

        Args:
            count: how many pairs.
            longest: seconds after which no further pair is begun; there is always one.
            warm_up: call each before, which counts nothing; short ones are then called several
                times in one timing.
        """
        calls = 1
        if warm_up:
            second()
            first()
            calls = min(math.ceil(SHORTEST / max(self.seconds(first), 1e-9)), MOST_CALLS)
        begin, timed = time.perf_counter(), []
        while len(timed) < count:
            taken = time.perf_counter() - begin
            if timed and taken + taken / len(timed) > longest:
                break
            if len(timed) % 2 == 0:
                one = self.seconds(first, calls)
                timed.append((one, self.seconds(second, calls)))
            else:
                two = self.seconds(second, calls)
                timed.append((self.seconds(first, calls), two))
        return Pairs(*zip(*timed, strict=True))

    def _wait(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
