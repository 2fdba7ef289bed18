"""Small pictures for the page."""

from __future__ import annotations

import base64
import io

from PIL import Image
from torch import Tensor

LONGEST = 96  # pixels: seen at 24 in the list of boxes, larger in a box


def thumbnail(picture: Tensor) -> str:
    """A picture (1, height, width, 3) in 0..1 as the address of a small JPEG: `data:…`."""
    levels = (picture[0].clamp(0, 1) * 255).round().byte().cpu()
    image = Image.fromarray(levels.numpy())
    image.thumbnail((LONGEST, LONGEST))
    file = io.BytesIO()
    image.save(file, "JPEG", quality=85)
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()
