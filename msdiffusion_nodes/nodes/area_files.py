"""The pictures in which the editor keeps painted areas, in ComfyUI's input folder."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import folder_paths
import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ..boxes.painted import PaintedArea, parse_areas
from ..comfy.loading import file_stamp
from ..errors import InputError, naming, reason_of, shortened
from ..layout import Box, Extent, Region
from ..pictures.shapes import shaped

MOST_AREAS = 1000
LONGEST = 120  # characters of a name in an error


def area_path(name: str) -> str:
    """The file of this name, as Load Image names them: "folder/name.png [input]".

    Raises:
        InputError: there is no such file, or it lies elsewhere.
    """
    plain, folder = folder_paths.annotated_filepath(name)
    folder = os.path.realpath(folder or folder_paths.get_input_directory())
    path = os.path.realpath(os.path.join(folder, plain))
    called = shortened(name, LONGEST)
    if os.path.commonpath([folder, path]) != folder:
        raise InputError(f"{called} leaves ComfyUI's folder; paint the area anew")
    if not os.path.isfile(path):
        raise InputError(
            f"{called} is not there; bring the file into ComfyUI's input folder, or paint the area"
            " anew"
        )
    return path


def area_stamp(name: str) -> tuple[int, int] | None:
    """What changes when the file does; None where there is none."""
    try:
        return file_stamp(area_path(name))
    except InputError:
        return None


def read_area(name: str) -> Tensor:
    """The shape in a file: float (h, w), 1 inside.

    Raises:
        InputError: it cannot be read.
    """
    path = area_path(name)
    try:
        with Image.open(path) as picture:
            grey = np.asarray(picture.convert("L"), dtype=np.float32)
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        raise InputError(
            f"{shortened(name, LONGEST)} cannot be read ({reason_of(error)}); paint the area anew"
        ) from error
    return torch.from_numpy(grey / 255)


def painted_regions(boxes: Sequence[Box], areas: str, picture: Extent) -> list[Region]:
    """The boxes, those with a painted area in its shape."""
    regions = []
    for number, (box, area) in enumerate(
        zip(boxes, parse_areas(areas, len(boxes)), strict=True), start=1
    ):
        with naming(f"box {number}"):
            regions.append(Region(box) if area is None else _painted(box, area, picture))
    return regions


def _painted(box: Box, area: PaintedArea, picture: Extent) -> Region:
    shape = read_area(area.image)
    return shaped(box, shape.flip(1) if area.mirrored else shape, area.soft, picture)


def pictures_in(areas: Any) -> list[str]:
    """The files that `areas` names; none where it cannot be read, which a run says."""
    try:
        rows = parse_areas(areas, MOST_AREAS) if isinstance(areas, str) else ()
    except InputError:
        return []
    return [area.image for area in rows if area is not None]
