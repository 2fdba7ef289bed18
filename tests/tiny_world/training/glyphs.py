"""Emoji as pictures with names, from a font with colour glyphs."""

from __future__ import annotations

import json
import unicodedata
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from ..emoji import COLUMNS, SIDE

FONT = Path("/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf")
INSTALL = "apt-get install fonts-noto-color-emoji"
FONT_SIZE = 109  # the only size of its bitmaps
HELD_OUT = 150
SPLIT_SEED = 1

RANGES = ((0x2600, 0x27BF), (0x1F300, 0x1F5FF), (0x1F600, 0x1F64F), (0x1F680, 0x1F6FF))
RANGES += ((0x1F900, 0x1F9FF), (0x1FA70, 0x1FAFF))
# frames, letters and lines rather than things
LEFT_OUT = ("MODIFIER", "SIGN", "SYMBOL", "BUTTON", "ARROW", "CLOCK FACE", "INPUT", "MARK", "NO ")
LEFT_OUT += ("SQUARE", "CIRCLE", "ORNAMENT", "COMPONENT")
MOST_WORDS = 4


@dataclass(frozen=True)
class Emoji:
    """An emoji, cut to its bounds.

    Attributes:
        name: as Unicode has it, in small letters.
        picture: float (4, SIDE, SIDE): red, green, blue times alpha, and alpha; 0..1.
    """

    name: str
    picture: Tensor


def all_emoji(font: Path = FONT) -> list[Emoji]:
    """Every emoji with a short name that the font has in colour, in Unicode's order.

    Raises:
        FileNotFoundError: the font is not installed.
    """
    if not font.exists():
        raise FileNotFoundError(f"{font} is missing: {INSTALL}")
    face = ImageFont.truetype(str(font), FONT_SIZE)
    found = []
    for first, last in RANGES:
        for code in range(first, last + 1):
            name = unicodedata.name(chr(code), "")
            if not name or len(name.split()) > MOST_WORDS or any(bad in name for bad in LEFT_OUT):
                continue
            emoji = _render(face, chr(code), name.lower().replace("-", " "))
            if emoji is not None:
                found.append(emoji)
    return found


def split(emoji: list[Emoji]) -> tuple[list[Emoji], list[Emoji]]:
    """Those to train with, and the 150 that are held out."""
    order = np.random.RandomState(SPLIT_SEED).permutation(len(emoji))
    held_out = set(order[:HELD_OUT].tolist())
    train = [one for number, one in enumerate(emoji) if number not in held_out]
    return train, [one for number, one in enumerate(emoji) if number in held_out]


def _render(face: ImageFont.FreeTypeFont, character: str, name: str) -> Emoji | None:
    canvas = Image.new("RGBA", (192, 192))
    ImageDraw.Draw(canvas).text((24, 24), character, font=face, embedded_color=True)
    bounds = canvas.getchannel("A").point(lambda alpha: 255 * (alpha > 16)).getbbox()
    if bounds is None:
        return None
    cut = canvas.crop(bounds)
    if min(cut.size) < 20 or np.asarray(cut.convert("RGB")).std() < 1:
        return None  # a line, or the box that stands for a missing glyph
    square = cut.convert("RGBa").resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    pixels = torch.from_numpy(np.array(square)).permute(2, 0, 1).float() / 255
    return Emoji(name, pixels)


def save_sheet(emoji: list[Emoji], path: Path) -> None:
    """Writes the emoji as `emoji.cut_sheet` reads them, and their names beside them."""
    sheet = Image.new("RGBA", (COLUMNS * SIDE, -(-len(emoji) // COLUMNS) * SIDE))
    for number, one in enumerate(emoji):
        row, column = divmod(number, COLUMNS)
        pixels = (one.picture.permute(1, 2, 0) * 255).round().byte().numpy()
        square = Image.frombytes("RGBa", (SIDE, SIDE), pixels.tobytes()).convert("RGBA")
        sheet.paste(square, (column * SIDE, row * SIDE))
    sheet.save(path, optimize=True)
    names = json.dumps([one.name for one in emoji], indent=0)
    path.with_suffix(".json").write_text(names + "\n", encoding="utf-8")
