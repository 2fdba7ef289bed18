"""What stands in a cell, as a value; a cell may be text (CSV) or a value (JSON, Parquet).

Each function raises ValueError, which says what came and what was expected.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

from .faults import shortened
from .presets import PRESETS, Boxes

Box = tuple[float, float, float, float]
BOX = "x0, y0, x1, y1 in shares of the picture from 0 to 1"


def text(cell: Any) -> str:
    """Text; of a number, its digits."""
    if isinstance(cell, bool) or not isinstance(cell, str | int | float):
        raise ValueError(f"{shortened(cell)} came, expected text")
    if isinstance(cell, float) and cell.is_integer():  # 7.0 is how table programs write 7
        return str(int(cell))
    found = str(cell).strip()
    try:
        found.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"{shortened(found)} came, which is no Unicode text") from error
    return found


def number(cell: Any, least: float, most: float) -> float:
    """A number within bounds."""
    expected = f"expected a number from {least:g} to {most:g}"
    if isinstance(cell, bool) or not isinstance(cell, str | int | float):
        raise ValueError(f"{shortened(cell)} came, {expected}")
    try:
        value = float(cell)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{shortened(cell)} came, {expected}") from error
    if not least <= value <= most:
        raise ValueError(f"{shortened(cell)} came, {expected}")
    return value


def whole(cell: Any, least: int, most: int) -> int:
    """A whole number within bounds; "12.0" is one."""
    expected = f"expected a whole number from {least} to {most}"
    digits = re.sub(r"\.0*$", "", str(cell).strip())
    if isinstance(cell, float) and cell.is_integer():
        digits = str(int(cell))
    if isinstance(cell, bool) or not re.fullmatch(r"[+-]?[0-9]{1,40}", digits):
        raise ValueError(f"{shortened(cell)} came, {expected}")
    if not least <= int(digits) <= most:
        raise ValueError(f"{shortened(cell)} came, {expected}")
    return int(digits)


def box(cell: Any) -> Box:
    """A box: a list of four numbers, or text such as `0.1, 0.2, 0.5, 0.9`. Zeros: no area."""
    if isinstance(cell, str):
        cell = (
            re.sub(r"^[\[(]|[\])]$", "", cell.strip()).replace(",", " ").replace(";", " ").split()
        )
    if not isinstance(cell, list | tuple) or len(cell) != 4:
        raise ValueError(f"{shortened(cell)} came, expected {BOX}")
    try:
        x0, y0, x1, y1 = (float(value) for value in cell if not isinstance(value, bool))
    except (TypeError, ValueError) as error:
        raise ValueError(f"{shortened(cell)} came, expected {BOX}") from error
    corners = (x0, y0, x1, y1)
    if not all(map(math.isfinite, corners)) or not all(0 <= value <= 1 for value in corners):
        raise ValueError(f"{list(corners)} came, expected {BOX}, not pixels")
    if any(corners) and (x0 >= x1 or y0 >= y1):
        raise ValueError(f"{list(corners)} has no area: x0 must be less than x1, y0 less than y1")
    return corners


def layout(cell: Any) -> Boxes:
    """The boxes of a preset, by its name, or of a list of boxes (as JSON, where it is text)."""
    if isinstance(cell, str) and not cell.strip().startswith("["):
        return _preset(cell.strip())
    if isinstance(cell, str):
        try:
            cell = json.loads(cell)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"{shortened(cell)} is no JSON: {error}") from error
    if not isinstance(cell, list | tuple) or not cell:
        raise ValueError(f"{shortened(cell)} came, expected a list of boxes or a preset's name")
    return tuple(box(one) for one in cell)


def _preset(name: str) -> Boxes:
    wanted = re.sub(r"[\s_-]", "", name).lower()
    for key, boxes in PRESETS.items():
        if key.lower() == wanted:
            return boxes
    raise ValueError(
        f"{shortened(name)} came, expected a list of boxes or one of {', '.join(PRESETS)}"
    )
