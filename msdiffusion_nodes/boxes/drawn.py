"""The editor's own boxes: the JSON text of `boxes`."""

from __future__ import annotations

import json

from ..errors import InputError, naming
from ..layout import Box


def parse_boxes(text: str) -> tuple[Box, ...]:
    """Read boxes from JSON: `[[x0, y0, x1, y1], …]` in shares of the picture.

    Raises:
        InputError: what is wrong, with the number of the box (from 1).
    """
    expected = "expected [[x0, y0, x1, y1], …] from 0 to 1, one box a subject"
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{_shorten(text)} is no JSON; {expected} ({error})") from error
    if not isinstance(rows, list) or not rows:
        raise InputError(f"{_shorten(rows)} came; {expected}")
    return tuple(_parse_box(number, row) for number, row in enumerate(rows, start=1))


def _parse_box(number: int, row: object) -> Box:
    if not isinstance(row, list) or len(row) != 4 or not all(_is_number(value) for value in row):
        raise InputError(f"box {number} is {_shorten(row)}; expected four numbers x0, y0, x1, y1")
    try:
        corners = [float(value) for value in row]
    except OverflowError as error:
        raise InputError(f"box {number} is {_shorten(row)}; expected shares from 0 to 1") from error
    with naming(f"box {number}"):
        return Box(*corners)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _shorten(value: object, limit: int = 60) -> str:
    try:
        text = json.dumps(value)
    except RecursionError:  # what could just be read may be too deep to be written
        text = "a deeply nested value"
    return text if len(text) <= limit else text[:limit] + "…"
