"""What the editor writes beside the boxes, the JSON text of `options`: how each subject acts."""

from __future__ import annotations

from ..errors import InputError, listed, shown
from ..region_options import ALLOWED, RegionOptions
from .beside import parse_rows

EXPECTED = (
    'expected a list with one entry a box, in their order, such as [{}, {"weight": 0.8, "enabled":'
    " false}]"
)


def parse_options(text: str) -> tuple[RegionOptions, ...]:
    """Read options from JSON: `[{"weight": 0.8}, {}, …]`; none where there is no text.

    Raises:
        InputError: what is wrong, with the number of the box (from 1).
    """
    return tuple(parse_rows(text, EXPECTED, _parse_row))


def _parse_row(row: object) -> RegionOptions:
    names = ", ".join(ALLOWED)
    if not isinstance(row, dict):
        raise InputError(f'{shown(row)} came; expected values by name, such as {{"weight": 0.8}}')
    unknown = [name for name in row if name not in ALLOWED]
    if unknown:
        raise InputError(f"there is no {listed(unknown)}; expected {names}")
    empty = [name for name, value in row.items() if value is None]
    if empty:
        raise InputError(f"{listed(empty)} is null; leave it out, or give it a value")
    return RegionOptions(**row)
