"""What Text Follows Layout asks for, and how far it goes at a noise level."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .found import TextRule
from .modulation import POWER, share_left


@dataclass(frozen=True, eq=False)
class TextFollowing:
    """The settings of one TextFollowsLayout.

    Attributes:
        rule: where each region's phrase stands in the prompt.
        strength: w of the text, 0 to 1.
        self_attention: w of the self-attention, as a share of it.
        until: the share of the schedule in which it acts.
    """

    rule: TextRule
    strength: float
    self_attention: float
    until: float


class Falling:
    """How far attention follows the layout, w·t^5 of the paper, over a run.

    Args:
        percent_to_sigma: the noise level at a share of the schedule, of the model that is sampled.
    """

    def __init__(
        self, following: TextFollowing, percent_to_sigma: Callable[[float], float]
    ) -> None:
        self._following, self._to_sigma = following, percent_to_sigma
        self._end = percent_to_sigma(following.until)
        self._last = (-1.0, 0.0)  # every site asks, at one noise level after the other

    def text(self, sigma: float | None) -> float:
        """Of the text; 0 once the time is over.

        Raises:
            RuntimeError: a caller of the bare UNet says no noise level.
        """
        return self._following.strength * self._power(sigma)

    def cells(self, sigma: float | None) -> float:
        """Of the self-attention, the same."""
        return self._following.self_attention * self.text(sigma)

    def _power(self, sigma: float | None) -> float:
        if sigma is None:
            raise RuntimeError("text that follows a layout needs `sigmas` in transformer options")
        if sigma < self._end:
            return 0.0
        asked, power = self._last
        if asked != sigma:
            power = share_left(sigma, self._to_sigma) ** POWER
            self._last = (sigma, power)
        return power
