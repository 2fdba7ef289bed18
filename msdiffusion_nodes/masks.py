"""Where a mask is seen at all: one rule for areas, for reference pictures and for their alpha."""

from __future__ import annotations

import torch
from torch import Tensor

# Up to grey level 16 of 255 a mask is black: 0.5 % of white's light, video's own black, and where
# tools leave what nobody painted: the floors of a sigmoid (0.047 at -3), the tails of a blur,
# JPEG's noise, Photoshop's 1, 1, 1. Half a level more, for float16 cannot hold 16/255 exactly.
VISIBLE = 16.5 / 255

# Of a mask that is white where it should be black: what it keeps of the frame, at least, and by how
# much less of the middle. A subject at the picture's lower edge covers a third of the frame.
FRAME_KEPT = 0.5
MIDDLE_LESS = 0.25


def visible(mask: Tensor) -> Tensor:
    """A mask of any shape in 0..1, exactly 0 where it looks black."""
    return torch.where(mask > VISIBLE, mask.clamp(0, 1), 0)


def bounds(mask: Tensor) -> tuple[slice, slice] | None:
    """Rows and columns of a mask (height, width) that hold something visible; None where none."""
    rows, columns = ((mask > VISIBLE).any(dim=axis).nonzero().flatten() for axis in (1, 0))
    if not len(rows):
        return None
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def is_inside_out(mask: Tensor) -> bool:
    """Whether a mask (height, width) keeps the picture's frame and drops its middle.

    Such a mask may be meant, but a subject stands in the middle: most likely it is white where the
    picture is transparent. The page tells it by the same rule.
    """
    height, width = mask.shape
    rows, columns = max(height // 16, 1), max(width // 16, 1)
    on_frame = torch.ones(height, width, dtype=torch.bool)
    on_frame[rows : height - rows, columns : width - columns] = False
    middle = mask[height // 4 : height - height // 4, width // 4 : width - width // 4]
    frame = float(mask[on_frame.to(mask.device)].mean())
    return frame > FRAME_KEPT and frame - float(middle.mean()) > MIDDLE_LESS
