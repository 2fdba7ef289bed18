"""Lays pictures side by side under headlines: `side_by_side.py sheet.png headline=picture.png …`.

Run with a Python that has Pillow.
"""

from __future__ import annotations

import sys

from PIL import Image, ImageDraw, ImageFont

SIDE, GAP, LINE = 256, 12, 28


def main(target: str, *labelled: str) -> None:
    sheet = Image.new("RGB", (len(labelled) * (SIDE + GAP) + GAP, SIDE + LINE + 2 * GAP), "white")
    draw = ImageDraw.Draw(sheet)
    for number, (label, path) in enumerate(one.split("=", 1) for one in labelled):
        x = GAP + number * (SIDE + GAP)
        draw.text((x, GAP), label, "black", ImageFont.load_default(18))
        with Image.open(path) as picture:
            fitted = picture.convert("RGB").resize((SIDE, SIDE), Image.Resampling.LANCZOS)
        sheet.paste(fitted, (x, GAP + LINE))
    sheet.save(target)


if __name__ == "__main__":
    main(*sys.argv[1:])
