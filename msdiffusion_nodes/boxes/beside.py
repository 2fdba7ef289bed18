"""The JSON texts that the editor writes beside the boxes: a list with one entry a box."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TypeVar

from ..errors import InputError, naming, shown

Row = TypeVar("Row")


def parse_rows(text: str, expected: str, parse_row: Callable[[object], Row]) -> list[Row]:
    """What a function makes of each entry; none where there is no text.

    Args:
        expected: completes an error.

    Raises:
        InputError: what is wrong, with the number of the box (from 1).
    """
    if not text.strip():
        return []
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{shown(text)} is no JSON; {expected} ({error})") from error
    if not isinstance(rows, list):
        raise InputError(f"{shown(rows)} came; {expected}")
    parsed = []
    for number, row in enumerate(rows, start=1):
        with naming(f"box {number}"):
            parsed.append(parse_row(row))
    return parsed
