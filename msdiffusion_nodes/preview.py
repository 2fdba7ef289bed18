"""A picture of a layout: numbered, coloured, named boxes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor
from torch.nn import functional as F

from .layout import Layout

LONGEST_SIDE = 512  # of the pictures that draw_areas makes
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
    for index, region in enumerate(layout.regions):
        if region.mask is not None:
            opacity = region.coverage(layout.height, layout.width) * FILL_OPACITY
            shape = Image.fromarray(opacity.byte().numpy())
            picture.paste(COLOURS[index % len(COLOURS)], mask=shape)
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
        fill = (*colour, FILL_OPACITY) if region.mask is None else None
        draw.rectangle(corners, fill=fill, outline=(*colour, 255), width=line)
        label = f"{index + 1}  {names[index]}" if index < len(names) else str(index + 1)
        place = (columns.start + 2 * line, rows.start + 2 * line)
        left, top, right, bottom = draw.textbbox(place, label, font=font)
        draw.rectangle((left - line, top - line, right + line, bottom + line), fill=BACKGROUND)
        draw.text(place, label, fill=colour, font=font)
    return torch.from_numpy(np.array(picture)).float().div(255)[None]


def draw_areas(areas: Tensor, size: tuple[int, int]) -> Tensor:
    """Paint each subject's area in its colour.

    Args:
        areas: float (subjects, h, w), 0 to 1.
        size: height and width of the picture that they belong to.

    Returns:
        ComfyUI's IMAGE (1, height, width, 3), the longer side 512.
    """
    colours = torch.tensor(COLOURS, dtype=torch.float32) / 255
    colours = colours[torch.arange(len(areas)) % len(COLOURS)]
    picture = torch.tensor(BACKGROUND, dtype=torch.float32).div(255)[:, None, None]
    picture = picture.expand(-1, *areas.shape[1:])
    for area, colour in zip(areas, colours, strict=True):
        picture = torch.lerp(picture, colour[:, None, None].expand_as(picture), area * 0.6)
    scale = LONGEST_SIDE / max(size)
    height, width = (max(1, round(side * scale)) for side in size)
    return F.interpolate(picture[None], size=(height, width)).movedim(1, -1)
