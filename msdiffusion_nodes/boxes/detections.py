"""What a detector found: its boxes in shares of the picture, and back to pixels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import NamedTuple

from ..errors import InputError
from ..layout import NO_AREA, Box, Extent, Layout
from .formats import read_output
from .raw import HUNDRED, ROBOFLOW, THOUSAND, BoxFormat, Forms, Picture, RawBox

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

    Numbers that all lie in 0..1 are shares of the picture; others are pixels, unless the format
    counts in its own way. A box that sticks out of its picture by at most 5 % of the side is cut
    off at the edge.

    Args:
        default_size: of the picture, where neither is told nor in the output.
        told_size: the size that the user gives.
        bare: what four bare numbers mean. AUTO: xyxy where that fits all bare boxes, else xywh,
            else centre, width, height.

    Raises:
        InputError: what is wrong, with the number of the box (from 1).
    """
    picture = read_output(output)
    size = _size(picture, told_size, default_size)
    boxes, remark = _formed(picture.boxes, size, bare)
    misfit = _misfit(boxes, size)
    if misfit:
        raise InputError(_refusal([misfit], size))
    found = tuple(Detection(_placed(box, size), box.label, box.score) for box in boxes)
    forms = " and ".join(sorted({_form(box).value for box in boxes}, reverse=True))
    notes = [f"read as {forms}{remark}, {_unit(size, picture)}", *picture.notes]
    if size not in (SHARES, picture.size, picture.counts):
        notes += _doubt(boxes, size)
    return Detections(found, "; ".join(notes))


def _size(picture: Picture, told: Extent | None, default: Extent) -> Extent:
    """How far the numbers count to the right and down."""
    numbers = [number for box in picture.boxes for number in box.numbers]
    if all(-SLACK <= number <= 1 + SLACK for number in numbers):
        return SHARES
    return picture.counts or told or picture.size or default


def _unit(size: Extent, picture: Picture) -> str:
    if size == SHARES:
        return "shares from 0 to 1"
    return f"from 0 to {size.width}" if size == picture.counts else f"pixels of {size}"


def _doubt(boxes: Sequence[RawBox], size: Extent) -> list[str]:
    """What else the numbers may count, where they are read as pixels and nobody said so."""
    largest = max(number for box in boxes for number in box.numbers)
    if largest <= HUNDRED.width and min(size) > 2 * HUNDRED.width:
        return ["no number is above 100: for percent set picture_width and picture_height to 100"]
    if THOUSAND.width / 2 < largest <= THOUSAND.width < max(size):
        return [
            "no number is above 1000: for a model that counts from 0 to 1000 set picture_width and"
            " picture_height to 1000"
        ]
    return []


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
    """The boxes with one form each, and a remark on how that was decided."""
    open_forms = {box.forms for box in boxes if len(box.forms) > 1}
    if not open_forms and bare is not BoxFormat.AUTO:
        return list(boxes), " (the boxes say so; bbox_format is for bare numbers)"
    boxes = [_with_form(box, bare) if bare in box.forms else box for box in boxes]
    remarks = []
    for forms in sorted({box.forms for box in boxes if len(box.forms) > 1}, key=len):
        boxes, remark = _decided(boxes, forms, size)
        remarks += [remark] if remark else []
    return list(boxes), f" ({'; '.join(remarks)})" if remarks else ""


def _decided(boxes: Sequence[RawBox], forms: Forms, size: Extent) -> tuple[list[RawBox], str]:
    """All boxes that may have these forms with the first one that fits all of them together."""
    readings = {
        form: [_with_form(box, form) if box.forms == forms else box for box in boxes]
        for form in forms
    }
    misfits = {
        form: _misfit([box for box in reading if len(box.forms) == 1], size)
        for form, reading in readings.items()
    }
    fitting = [form for form in forms if misfits[form] is None]
    if not fitting:
        raise InputError(_refusal([misfits[form] for form in forms[:2]], size))
    return readings[fitting[0]], _remark(forms, fitting)


def _remark(forms: Forms, fitting: Sequence[BoxFormat]) -> str:
    """Why the first of the fitting forms was taken, where that is not plain."""
    if forms == ROBOFLOW:
        centre = fitting[0] is BoxFormat.CXCYWH
        return "x, y: the centre, as Roboflow counts" if centre else "x, y: the corner"
    if fitting[0] is BoxFormat.CXCYWH:
        return "centre, width, height: nothing else fits"
    both = {BoxFormat.XYXY, BoxFormat.XYWH} <= set(fitting)
    return "both would fit: choose bbox_format" if both else ""


def _form(box: RawBox) -> BoxFormat:
    return box.forms[0]


def _with_form(box: RawBox, form: BoxFormat) -> RawBox:
    return replace(box, forms=(form,))


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
        return Misfit(
            fault, f"box {number} [{numbers}], as {_form(box).value}, {fault.value}{where}"
        )
    return None


def _refusal(misfits: Iterable[Misfit], size: Extent) -> str:
    """All that is wrong, and the way out."""
    misfits = list(dict.fromkeys(misfits))
    text = "; ".join(misfit.text for misfit in misfits)
    if all(misfit.fault is Fault.NO_AREA for misfit in misfits):
        return f"{text}; write left, top, right, bottom (xyxy), or choose another bbox_format"
    if size == SHARES:
        return f"{text}; write shares from 0 to 1, or choose another bbox_format"
    return (
        f"{text}; set picture_width and picture_height to the size of the picture that the"
        " detector saw, both to 1000 for a model that counts so"
    )


def _edges(box: RawBox, size: Extent) -> tuple[float, float, float, float]:
    """Left, top, right and bottom in shares of the picture, which they may exceed."""
    x0, y0, x1, y1 = box.numbers
    if _form(box) is BoxFormat.XYWH:
        x1, y1 = x0 + x1, y0 + y1
    elif _form(box) is BoxFormat.CXCYWH:
        x0, y0, x1, y1 = x0 - x1 / 2, y0 - y1 / 2, x0 + x1 / 2, y0 + y1 / 2
    return x0 / size.width, y0 / size.height, x1 / size.width, y1 / size.height


def _placed(box: RawBox, size: Extent) -> Box:
    """The box, cut off at the edges of the picture; no area where nothing is left of it."""
    x0, y0, x1, y1 = (min(max(edge, 0.0), 1.0) for edge in _edges(box, size))
    return Box(x0, y0, x1, y1) if x0 < x1 and y0 < y1 else NO_AREA


def _pixels(start: float, end: float, side: int) -> tuple[int, int]:
    """First pixel and count of pixels along a side."""
    first = min(round(start * side), side - 1)
    return first, max(round(end * side) - first, 1)
