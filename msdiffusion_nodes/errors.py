"""The ground floor: the one error that is the user's to mend, and the helpers that word it.

An `InputError` says what came, what was expected, and the fix: what is wrong in a first sentence,
short enough to be shown whole, then "; " or ". ", and what to do. Any other exception is a fault of
ours or of somebody else's code, and stays what it is.
"""

from __future__ import annotations

import math
import reprlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from numbers import Real

SHOWN = 40  # characters of a phrase or of numbers in an error
LISTED = 8  # names in an error


class InputError(ValueError):
    """Something that came by a node's input cannot be used; the text is for people."""

    # the page shows the module in front of the text, and for a pack that is a path of the machine
    __module__ = "builtins"


@contextmanager
def naming(name: str) -> Iterator[None]:
    """Put the name of an input, or of the thing in it, in front of what is wrong with it."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{name}: {error}") from error


def shown(value: object, limit: int = 60) -> str:
    """A value of any kind, size and depth in a few characters of one line."""
    try:
        text = " ".join(reprlib.repr(value).split())
    except ValueError:  # an int of thousands of digits
        text = "a huge number"
    return text if len(text) <= limit else text[:limit] + "…"


def shortened(text: str, most: int = SHOWN) -> str:
    """The first `most` characters of a text; "?" in place of halves of characters."""
    text = text.encode("utf-8", "replace").decode("utf-8")
    return text if len(text) <= most else text[:most] + "…"


def listed(names: Sequence[str]) -> str:
    """The first few names."""
    return ", ".join(map(shortened, names[:LISTED])) + (", …" if len(names) > LISTED else "")


def reason_of(error: Exception) -> str:
    """An error's first line, without the path that an OSError repeats."""
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return reason.splitlines()[0][:150]


def is_whole(text: str) -> bool:
    """Whether a text has no halves of characters: JSON may hold them, no log or page shows them."""
    return text == text.encode("utf-8", "ignore").decode("utf-8")


def is_finite(number: object) -> bool:
    """Whether this is a finite number of any kind, no bool. ComfyUI's range check passes NaN."""
    if not isinstance(number, Real) or isinstance(number, bool):
        return False
    try:
        return math.isfinite(number)
    except OverflowError:  # an int of hundreds of digits
        return False
