"""A picture of a layout: numbered, coloured, named boxes."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor
from torch.nn import functional as F

from ..layout import Box, Extent, Layout

LONGEST_SIDE = 512  # of the pictures that draw_areas makes
BACKGROUND = (32, 32, 36)
DIMMED = 0.55  # of the brightness of a picture behind the boxes
FILL_OPACITY = 70
NAME_LENGTH = 80  # characters; more do not fit
GREY = (170, 170, 170)
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
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


def draw_layout(
    layout: Layout,
    names: Sequence[str] = (),
    picture: Tensor | None = None,
    unused: Sequence[tuple[Box, str]] = (),
    note: str = "",
    fitted: bool = False,
) -> Tensor:
    """Draw a layout at its own size.

    Args:
        layout: what to draw; boxes that touch no pixel are left out.
        names: the subjects' phrases, as many as there are.
        picture: IMAGE (B, h, w, C) of any size; the first one is put behind the boxes, dimmed.
        unused: boxes that no subject took and their labels, as thin grey outlines.
        note: a line for the lower edge.
        fitted: the picture keeps its width to its height; else the layout's areas are shares of
            it, and it fills the layout.

    Returns:
        ComfyUI's IMAGE: float32 (1, height, width, 3) in 0..1.
    """
    canvas = _backdrop(layout, picture, fitted)
    for index, region in enumerate(layout.regions):
        if region.mask is not None:
            opacity = region.coverage(layout.height, layout.width) * FILL_OPACITY
            shape = Image.fromarray(opacity.byte().numpy())
            canvas.paste(COLOURS[index % len(COLOURS)], mask=shape)
    pen = _Pen(canvas)
    for box, label in unused:
        pen.outline(box, GREY, f"{label[:NAME_LENGTH]}  unused".strip())
    for index, region in enumerate(layout.regions):
        colour = COLOURS[index % len(COLOURS)]
        name = names[index][:NAME_LENGTH] if index < len(names) else ""
        fill = (*colour, FILL_OPACITY) if region.mask is None else None
        pen.outline(region.box, colour, f"{index + 1}  {name}".strip(), fill, pen.line)
    pen.caption(note)
    return torch.from_numpy(np.array(canvas)).float().div(255)[None]


class _Pen:
    """Draws boxes and text on a picture, in a size that suits it."""

    def __init__(self, canvas: Image.Image) -> None:
        unit = min(canvas.size)
        self.width, self.height = canvas.size
        self.draw = ImageDraw.Draw(canvas, "RGBA")
        self.line = max(2, unit // 250)
        self.font = ImageFont.load_default(size=max(12, unit // 28))
        self.small_font = ImageFont.load_default(size=max(10, unit // 45))

    def outline(
        self,
        box: Box,
        colour: tuple[int, ...],
        label: str,
        fill: tuple[int, ...] | None = None,
        line: int = 1,
    ) -> None:
        """A rectangle with its label inside, unless it touches no pixel."""
        rows, columns = box.cells(self.height, self.width)
        if rows.start >= rows.stop or columns.start >= columns.stop:
            return
        corners = (columns.start, rows.start, columns.stop - 1, rows.stop - 1)
        self.draw.rectangle(corners, fill=fill, outline=(*colour, 255), width=line)
        self._text(columns.start + 2 * line, rows.start + 2 * line, label, colour, self.font)

    def caption(self, note: str) -> None:
        """Small text along the lower edge, in as many lines as it needs."""
        if not note:
            return
        note = note.replace("×", "x")  # Pillow's font has no such sign
        letter = self.draw.textlength(note, font=self.small_font) / len(note)
        text = textwrap.fill(note, max(1, int((self.width - 4 * self.line) / letter)))
        size = self.draw.textbbox((0, 0), text, font=self.small_font)
        top = max(0, int(self.height - size[3]) - 2 * self.line)
        self._text(2 * self.line, top, text, GREY, self.small_font)

    def _text(self, x: int, y: int, text: str, colour: tuple[int, ...], font: Font) -> None:
        left, top, right, bottom = self.draw.textbbox((x, y), text, font=font)
        edge = self.line
        back = (left - edge, top - edge, right + edge, bottom + edge)
        self.draw.rectangle(back, fill=BACKGROUND)
        self.draw.text((x, y), text, fill=colour, font=font)


def _backdrop(layout: Layout, picture: Tensor | None, fitted: bool) -> Image.Image:
    """A canvas of the layout's size: plain, or with the first picture in it, dimmed."""
    canvas = Image.new("RGB", (layout.width, layout.height), BACKGROUND)
    if picture is None:
        return canvas
    first = picture[:1, ..., :3].float().to("cpu").nan_to_num().clamp(0, 1)
    if first.shape[-1] < 3:  # grey, perhaps with transparency
        first = first[..., :1].expand(-1, -1, -1, 3)
    height, width = layout.height, layout.width
    if fitted:
        scale = min(height / first.shape[1], width / first.shape[2])
        height, width = (max(1, round(side * scale)) for side in first.shape[1:3])
    resized = F.interpolate(
        first.movedim(-1, 1), size=(height, width), mode="bilinear", antialias=True
    )
    pixels = resized[0].movedim(0, -1).mul(DIMMED * 255).byte()
    corner = ((layout.width - width) // 2, (layout.height - height) // 2)
    canvas.paste(Image.fromarray(pixels.numpy()), corner)
    return canvas


def draw_areas(areas: Tensor, size: Extent) -> Tensor:
    """Paint each subject's area in its colour.

    Args:
        areas: float (subjects, h, w), 0 to 1.
        size: of the picture that they belong to.

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
