"""A picture of a layout: numbered, coloured, named boxes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from .layout import Layout

BACKGROUND = (32, 32, 36)
FILL_OPACITY = 70
# Okabe and Ito's colours, which stay apart for colour-blind eyes
COLOURS = (
    (230, 159, 0),
    (86, 180, 233),
    (0, 158, 115),
    (240, 228, 66),
    (204, 121, 167),
    (213, 94, 0),
    (0, 114, 178),
    (200, 200, 200),
)


def draw_layout(layout: Layout, names: Sequence[str] = ()) -> Tensor:
    """Draw a layout at its own size.

    Args:
        layout: what to draw; boxes that touch no pixel are left out.
        names: the subjects' phrases, as many as there are.

    Returns:
        ComfyUI's IMAGE: float32 (1, height, width, 3) in 0..1.
    """
    picture = Image.new("RGB", (layout.width, layout.height), BACKGROUND)
    draw = ImageDraw.Draw(picture, "RGBA")
    unit = min(layout.width, layout.height)
    font = ImageFont.load_default(size=max(12, unit // 28))
    line = max(2, unit // 250)
    for index, region in enumerate(layout.regions):
        rows, columns = region.box.cells(layout.height, layout.width)
        if rows.start >= rows.stop or columns.start >= columns.stop:
            continue
        corners = (columns.start, rows.start, columns.stop - 1, rows.stop - 1)
        colour = COLOURS[index % len(COLOURS)]
        draw.rectangle(corners, fill=(*colour, FILL_OPACITY), outline=(*colour, 255), width=line)
        label = f"{index + 1}  {names[index]}" if index < len(names) else str(index + 1)
        place = (columns.start + 2 * line, rows.start + 2 * line)
        left, top, right, bottom = draw.textbbox(place, label, font=font)
        draw.rectangle((left - line, top - line, right + line, bottom + line), fill=BACKGROUND)
        draw.text(place, label, fill=colour, font=font)
    return torch.from_numpy(np.array(picture)).float().div(255)[None]
