"""What the editor writes beside the boxes, the JSON text of `areas`: which have a painted shape."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import InputError, is_finite, listed, shown
from .beside import parse_rows

NAMES = ("image", "soft", "mirrored")
SOFTEST = 256  # pixels of the picture
EXPECTED = (
    'expected a list with one entry a box, in their order: null, or such as {"image":'
    ' "msdiffusion/area-1f2e.png [input]", "soft": 8}'
)


@dataclass(frozen=True)
class PaintedArea:
    """A box's area of any shape.

    Attributes:
        image: the picture of the shape, stretched over the box, as Load Image names files.
        soft: pixels of the picture over which its edge fades.
        mirrored: whether left and right of it change places.
    """

    image: str
    soft: float = 0.0
    mirrored: bool = False


def parse_areas(text: str, boxes: int) -> tuple[PaintedArea | None, ...]:
    """Read the areas of so many boxes from JSON; one for each, all None where there is no text.

    Raises:
        InputError: what is wrong, with the number of the box (from 1).
    """
    areas = parse_rows(text, EXPECTED, _parse_row)
    if any(areas[boxes:]):
        raise InputError(
            f"there is an area for box {len(areas)}, but only {boxes} came; remove it, or add a box"
        )
    return (*areas[:boxes], *[None] * (boxes - len(areas)))


def _parse_row(row: object) -> PaintedArea | None:
    if row is None:
        return None
    if not isinstance(row, dict) or not isinstance(row.get("image"), str) or not row["image"]:
        raise InputError(f"{shown(row)} came; {EXPECTED}")
    if unknown := [str(name) for name in row if name not in NAMES]:
        raise InputError(f"there is no {listed(unknown)}; expected {', '.join(NAMES)}")
    soft = row.get("soft", 0)
    if not is_finite(soft) or not 0 <= soft <= SOFTEST:
        raise InputError(f"soft is {shown(soft)}; expected pixels from 0 to {SOFTEST}")
    mirrored = row.get("mirrored", False)
    if not isinstance(mirrored, bool):
        raise InputError(f"mirrored is {shown(mirrored)}; expected true or false")
    return PaintedArea(row["image"], float(soft), mirrored)
