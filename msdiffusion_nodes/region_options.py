"""What a layout says of how the subject of a region acts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from .errors import InputError, is_finite, shown
from .subjects import Subject

MOST_WEIGHT = 3.0  # what the page's sliders offer


@dataclass(frozen=True)
class RegionOptions:
    """How a region's subject acts, as far as the layout says it: None leaves it to the subject.

    Attributes:
        weight, start_percent, end_percent, enabled, everywhere: as in `Subject`.

    Raises:
        InputError: a value is not of its type, or not in its range.
    """

    weight: float | None = None
    start_percent: float | None = None
    end_percent: float | None = None
    enabled: bool | None = None
    everywhere: bool | None = None

    def __post_init__(self) -> None:
        for name, (expected, fits) in ALLOWED.items():
            value = getattr(self, name)
            if value is not None and not fits(value):
                raise InputError(f"{name} is {shown(value)}; expected {expected}")
        _check_order(self.start_percent, self.end_percent)

    @property
    def said(self) -> dict[str, float | bool]:
        """The values that are set, by their names."""
        return {name: value for name in ALLOWED if (value := getattr(self, name)) is not None}

    def difference(self, other: RegionOptions) -> str:
        """The first value in which they differ, here and there: "weight 0.5, there nothing"."""
        for name in ALLOWED:
            here, there = (getattr(each, name) for each in (self, other))
            if here != there:
                here, there = ("nothing" if each is None else each for each in (here, there))
                return f"{name} {here}, there {there}"
        return ""

    def of(self, subject: Subject) -> Subject:
        """The subject with what is said here in place of its own.

        Raises:
            InputError: it would begin after its end.
        """
        if not self.said:
            return subject
        changed = replace(subject, **self.said)
        _check_order(changed.start_percent, changed.end_percent)
        return changed


def _within(most: float) -> Callable[[Any], bool]:
    return lambda value: is_finite(value) and 0 <= value <= most


def _is_bool(value: object) -> bool:
    return isinstance(value, bool)


def _check_order(start: float | None, end: float | None) -> None:
    if start is not None and end is not None and start > end:
        raise InputError(f"start_percent {start} comes after end_percent {end}; swap them")


SHARE = ("a share of the schedule from 0 to 1", _within(1.0))
SWITCH = ("true or false", _is_bool)
ALLOWED: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "weight": (f"a number from 0 to {MOST_WEIGHT:g}", _within(MOST_WEIGHT)),
    "start_percent": SHARE,
    "end_percent": SHARE,
    "enabled": SWITCH,
    "everywhere": SWITCH,
}
