"""What a detector found: its boxes in shares of the picture, and back to pixels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import NamedTuple

from ..errors import InputError
from ..layout import NO_AREA, Box, Extent, Layout
from .formats import read_output
from .raw import BoxFormat, RawBox

SLACK = 0.05  # of a side: how far a box may stick out of its picture and is cut off
SHARES = Extent(1, 1)  # the picture of boxes that are in shares already


class Fault(Enum):
    """Why a box is no area of a picture."""

    NO_AREA = "has no area"
    OUTSIDE = "lies outside the picture"


class Misfit(NamedTuple):
    """A box that is no area of the picture: why, and in words."""

    fault: Fault
    text: str


@dataclass(frozen=True)
class Detection:
    """One thing that a detector found.

    Attributes:
        box: where, in shares of the picture.
        label: what it is, or "".
        score: how sure the detector is (more is surer), or None.
    """

    box: Box
    label: str = ""
    score: float | None = None


@dataclass(frozen=True)
class Detections:
    """All that was found in one picture, and a note on how the numbers were read."""

    found: tuple[Detection, ...]
    note: str


def read_detections(
    output: object,
    default_size: Extent,
    told_size: Extent | None = None,
    bare: BoxFormat = BoxFormat.AUTO,
) -> Detections:
    """Read a detector's output of any shape that `read_output` knows.

    Numbers that all lie in 0..1 are shares of the picture, others pixels. A box that sticks out
    of its picture by at most 5 % of the side is cut off at the edge.

    Args:
        default_size: of the picture, where neither is told nor in the output.
        told_size: the size that the user gives.
        bare: what four bare numbers mean. AUTO: xyxy where that fits all bare boxes, else xywh.

    Raises:
        InputError: what is wrong, with the number of the box (from 1).
    """
    picture = read_output(output)
    boxes = picture.boxes
    shares = all(-SLACK <= number <= 1 + SLACK for box in boxes for number in box.numbers)
    size = SHARES if shares else told_size or picture.size or default_size
    boxes, remark = _formed(boxes, size, bare)
    misfit = _misfit(boxes, size)
    if misfit:
        raise InputError(_refusal([misfit], size))
    found = tuple(Detection(_placed(box, size), box.label, box.score) for box in boxes)
    forms = " and ".join(sorted({box.form.value for box in boxes}, reverse=True))
    where = "shares from 0 to 1" if size == SHARES else f"pixels of {size}"
    return Detections(found, f"read as {forms}{remark}, {where}")


def bounding_boxes(layout: Layout, names: Sequence[str]) -> list[list[dict[str, int | str]]]:
    """A layout's boxes as ComfyUI's BOUNDING_BOX, in whole pixels of the layout.

    A region without an area has no rectangle in pixels and is left out; the labels say which
    subjects the others are. A box narrower than a pixel gets one.
    """
    boxes = []
    for region, name in zip(layout.regions, names, strict=True):
        if region.box == NO_AREA:
            continue
        x, width = _pixels(region.box.x0, region.box.x1, layout.width)
        y, height = _pixels(region.box.y0, region.box.y1, layout.height)
        boxes.append({"x": x, "y": y, "width": width, "height": height, "label": name})
    # One list for the one picture: Crop By Bounding Boxes and SDPose index by picture first and
    # take no flat list; SAM3 Detect, Draw BBoxes and Create Bounding Boxes take either.
    return [boxes]


def _formed(boxes: Sequence[RawBox], size: Extent, bare: BoxFormat) -> tuple[list[RawBox], str]:
    """The boxes with no form left open, and a remark on how that was decided."""
    if all(box.form is not BoxFormat.AUTO for box in boxes):
        says = " (the boxes say so; bbox_format is for bare numbers)"
        return list(boxes), "" if bare is BoxFormat.AUTO else says
    if bare is not BoxFormat.AUTO:
        return _with_form(boxes, bare), ""
    readings = [_with_form(boxes, form) for form in (BoxFormat.XYXY, BoxFormat.XYWH)]
    misfits = [_misfit(reading, size) for reading in readings]
    fitting = [reading for reading, misfit in zip(readings, misfits, strict=True) if not misfit]
    if not fitting:
        raise InputError(_refusal(filter(None, misfits), size))
    return fitting[0], " (both would fit: choose bbox_format)" if len(fitting) > 1 else ""


def _with_form(boxes: Sequence[RawBox], form: BoxFormat) -> list[RawBox]:
    return [replace(box, form=form) if box.form is BoxFormat.AUTO else box for box in boxes]


def _misfit(boxes: Sequence[RawBox], size: Extent) -> Misfit | None:
    """The first box that is no area of a picture of this size."""
    for number, box in enumerate(boxes, start=1):
        x0, y0, x1, y1 = edges = _edges(box, size)
        inside = _placed(box, size)
        if x1 <= x0 or y1 <= y0:
            fault = Fault.NO_AREA
        elif not all(-SLACK <= edge <= 1 + SLACK for edge in edges) or inside == NO_AREA:
            fault = Fault.OUTSIDE
        else:
            continue
        numbers = ", ".join(f"{value:.10g}" for value in box.numbers)
        where = f" of {size}" if fault is Fault.OUTSIDE and size != SHARES else ""
        return Misfit(fault, f"box {number} [{numbers}], as {box.form.value}, {fault.value}{where}")
    return None


def _refusal(misfits: Iterable[Misfit], size: Extent) -> str:
    """All that is wrong, and the way out where there is one."""
    misfits = list(dict.fromkeys(misfits))
    text = "; ".join(misfit.text for misfit in misfits)
    if size != SHARES and any(misfit.fault is Fault.OUTSIDE for misfit in misfits):
        text += (
            ": set picture_width and picture_height to the size of the picture that the detector"
            " saw"
        )
    return text


def _edges(box: RawBox, size: Extent) -> tuple[float, float, float, float]:
    """Left, top, right and bottom in shares of the picture, which they may exceed."""
    x0, y0, x1, y1 = box.numbers
    if box.form is BoxFormat.XYWH:
        x1, y1 = x0 + x1, y0 + y1
    return x0 / size.width, y0 / size.height, x1 / size.width, y1 / size.height


def _placed(box: RawBox, size: Extent) -> Box:
    """The box, cut off at the edges of the picture; no area where nothing is left of it."""
    x0, y0, x1, y1 = (min(max(edge, 0.0), 1.0) for edge in _edges(box, size))
    return Box(x0, y0, x1, y1) if x0 < x1 and y0 < y1 else NO_AREA


def _pixels(start: float, end: float, side: int) -> tuple[int, int]:
    """First pixel and count of pixels along a side."""
    first = min(round(start * side), side - 1)
    return first, max(round(end * side) - first, 1)
