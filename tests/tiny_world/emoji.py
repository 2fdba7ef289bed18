"""The emoji that no training has seen, as pictures of subjects.

`emoji.png` shows them in rows; `emoji.json` has their names in the same order. They are Google's
Noto emoji (github.com/googlefonts/noto-emoji, SIL Open Font License 1.1).
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

HERE = Path(__file__).resolve().parent
SIDE = 64  # pixels of an emoji
COLUMNS = 15


@dataclass(frozen=True)
class Emoji:
    """An emoji, cut to its bounds and stretched to a square.

    Attributes:
        name: as Unicode has it, in small letters.
        picture: float (SIDE, SIDE, 4), 0..1: red, green, blue and alpha.
    """

    name: str
    picture: Tensor

    def over(self, colour: Tensor) -> Tensor:
        """(SIDE, SIDE, 3) before a background: (3,), or anything that broadcasts."""
        alpha = self.picture[..., 3:]
        return self.picture[..., :3] * alpha + colour * (1 - alpha)

    def on_black(self) -> Tensor:
        """As EncodeSubjects cuts it out by its mask."""
        return self.over(torch.zeros(3))


@cache
def held_out() -> tuple[Emoji, ...]:
    """All 150, in Unicode's order."""
    return cut_sheet(HERE / "emoji.png")


def cut_sheet(path: Path) -> tuple[Emoji, ...]:
    """The emoji of a sheet, which stand in rows of COLUMNS; a JSON file beside it has the names."""
    names = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    with Image.open(path) as sheet:
        pixels = torch.from_numpy(np.array(sheet.convert("RGBA"))).float() / 255
    cells = (divmod(number, COLUMNS) for number in range(len(names)))
    cut = (pixels[SIDE * y : SIDE * (y + 1), SIDE * x : SIDE * (x + 1)] for y, x in cells)
    return tuple(Emoji(name, picture) for name, picture in zip(names, cut, strict=True))


def find(name: str) -> Emoji:
    """The emoji of that name."""
    return next(one for one in held_out() if one.name == name)
