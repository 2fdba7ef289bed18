"""The node that says where each subject goes: drawn boxes, masks or a detector's boxes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from ..boxes.detections import bounding_boxes, read_detections
from ..boxes.drawn import parse_boxes
from ..boxes.matching import match_masks
from ..boxes.options import parse_options
from ..boxes.placing import Placement, place_detections
from ..boxes.raw import BoxFormat
from ..errors import InputError, naming
from ..layout import Extent, Layout, regions_from_masks
from ..method.fitting import check_layout
from ..pictures.preview import draw_layout
from ..region_options import RegionOptions
from ..subjects import Subject
from .area_files import area_path, area_stamp, painted_regions, pictures_in
from .sockets import CATEGORY, checked

MAX_SIZE = 16384  # the largest picture that ComfyUI's own nodes offer
MOST_CELLS = 2**31  # of all masks together: 8 GB
RARE = {"advanced": True}  # newer pages show it on demand
DETECTIONS = "BOUNDING_BOX,BBOX,BBOXES,SEGS,JSON,STRING"


class LayoutBoxes:
    CATEGORY = CATEGORY
    DESCRIPTION = (
        "Say where each subject goes: draw one box a subject, or connect masks or a detector's"
        " boxes."
    )
    SEARCH_ALIASES = ["msdiffusion", "boxes", "regional", "layout", "bbox", "bounding box"]
    RETURN_TYPES = ("MSD_LAYOUT", "IMAGE", "MASK", "INT", "INT", "BOUNDING_BOX", "MASK")
    RETURN_NAMES = ("layout", "preview", "masks", "width", "height", "bboxes", "background_mask")
    OUTPUT_TOOLTIPS = (
        "The layout, for Apply MS-Diffusion.",
        "The boxes, numbered, coloured and named.",
        "One mask a box, in the size of the picture.",
        "Width for the empty latent.",
        "Height for the empty latent.",
        "The boxes in pixels, for ComfyUI's own box nodes; a subject without an area is left out.",
        "White where no subject is: for inpainting the background, or a prompt of its own.",
    )
    FUNCTION = "lay_out"

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        boxes = (
            "[[x0, y0, x1, y1], …]: left, top, right and bottom edge of each subject's box, from 0"
            " to 1 of the picture. 0, 0, 0, 0 is a subject without an area."
        )
        subjects = (
            "Names the boxes in the preview, and says which of the detector's boxes is whose: by"
            " its label where that fits the phrase, the others from left to right."
        )
        masks = (
            "One mask a subject, in place of the boxes: areas of any shape, with soft edges. Grey"
            " is a share of the subject's effect."
        )
        bboxes = (
            "A detector's boxes, in place of the drawn ones: BOUNDING_BOX, BBOX, SEGS, Florence2's"
            " JSON, or text such as a language model's JSON. In pixels, or in shares from 0 to 1."
        )
        bbox_format = (
            "How to read boxes that are four bare numbers: xyxy is left, top, right, bottom; xywh"
            " is left, top, width, height; auto takes what fits. Only for these: boxes with named"
            " numbers, Florence2's and SEGS say it themselves."
        )
        picture = (
            "A picture to see behind the boxes, in the editor and in the preview. Boxes in pixels"
            " from `bboxes` are measured in it."
        )
        side = (
            "{} of the picture that the detector saw. 0: that of `picture`, else of the layout"
            " (SEGS bring their own). For a language model that counts from 0 to 1000, such as"
            " Qwen3-VL, set both to 1000."
        )
        options = (
            "How each box's subject acts, which the rows of the editor write: a JSON list with one"
            " entry a box, each with any of weight, start_percent, end_percent, enabled and"
            " everywhere (true: the whole picture). What is set here counts in place of what"
            " Subject Options and Background Subject say."
        )
        areas = (
            "Shapes that were painted in the editor, in place of the boxes' rectangles: a JSON list"
            " with one entry a box, null or a picture in the input folder, which is stretched over"
            " the box, and by how many pixels its edge is soft."
        )
        default = "[[0.0, 0.25, 0.5, 0.75], [0.5, 0.25, 1.0, 0.75]]"
        size = {"default": 1024, "min": 64, "max": MAX_SIZE, "step": 8}
        seen = {"default": 0, "min": 0, "max": MAX_SIZE, **RARE}
        formats = ["auto", "xyxy", "xywh"]
        return {
            "required": {
                "boxes": ("STRING", {"multiline": True, "default": default, "tooltip": boxes}),
                "width": ("INT", {**size, "tooltip": "Width of the picture in pixels."}),
                "height": ("INT", {**size, "tooltip": "Height of the picture in pixels."}),
            },
            "optional": {
                "subjects": ("MSD_SUBJECTS", {"tooltip": subjects}),
                "masks": ("MASK", {"tooltip": masks}),
                "bboxes": (DETECTIONS, {"forceInput": True, "tooltip": bboxes}),
                "bbox_format": (formats, {"default": "auto", **RARE, "tooltip": bbox_format}),
                "picture": ("IMAGE", {"tooltip": picture}),
                "picture_width": ("INT", {**seen, "tooltip": side.format("Width")}),
                "picture_height": ("INT", {**seen, "tooltip": side.format("Height")}),
                "options": ("STRING", {"default": "", "tooltip": options}),
                "areas": ("STRING", {"default": "", "tooltip": areas}),
            },
        }

    @classmethod
    def VALIDATE_INPUTS(cls, areas: str = "") -> bool | str:
        try:
            for name in pictures_in(areas):
                with naming("areas"):
                    area_path(name)
        except InputError as error:
            return str(error)
        return True

    @classmethod
    def IS_CHANGED(cls, areas: str = "", **_: Any) -> str:
        return str([area_stamp(name) for name in pictures_in(areas)])

    @checked
    def lay_out(
        self,
        boxes: str,
        width: int,
        height: int,
        subjects: Sequence[Subject] | None = None,
        masks: Tensor | None = None,
        bboxes: Any = None,
        bbox_format: str = BoxFormat.AUTO.value,
        picture: Tensor | None = None,
        picture_width: int = 0,
        picture_height: int = 0,
        options: str = "",
        areas: str = "",
    ) -> dict[str, Any]:
        if masks is not None and bboxes is not None:
            raise InputError("bboxes: masks are connected too; both give the areas, unlink one")
        with naming("options"):
            rows = parse_options(options)
            subjects = _as_told(subjects, rows)
        own_size = _size_of(picture) or Extent(height, width)
        told_size = _told_size(picture_width, picture_height)
        if bboxes is not None:
            with naming("bbox_format"):
                bare = BoxFormat(bbox_format)
            with naming("bboxes"):
                found = read_detections(bboxes, own_size, told_size, bare)
                placed = place_detections(found.found, found.note, subjects)
        elif masks is not None:
            with naming("masks"):
                regions, note = match_masks(regions_from_masks(masks), subjects)
                placed = Placement(regions, "masks", note)
        else:
            with naming("boxes"):
                drawn = parse_boxes(boxes)
            with naming("areas"):
                regions = painted_regions(drawn, areas, Extent(int(height), int(width)))
            placed = Placement(regions, "boxes")
        layout = Layout(tuple(placed.regions), int(width), int(height))
        with naming(placed.source):
            _check_memory(layout)
            names = _names(layout, placed, subjects)
        with naming("options"):
            layout = layout.with_options(rows)
        return _outputs(layout, placed, names, picture)


def _as_told(
    subjects: Sequence[Subject] | None, rows: Sequence[RegionOptions]
) -> Sequence[Subject] | None:
    """The subjects with their rows' options: a scene needs no mask and no detector's box."""
    if subjects is None:
        return None
    told = [row.of(subject) for subject, row in zip(subjects, rows, strict=False)]
    return [*told, *subjects[len(told) :]]


def _size_of(picture: Tensor | None) -> Extent | None:
    if picture is None:
        return None
    if picture.ndim != 4 or not picture.numel():
        came = list(picture.shape)
        raise InputError(f"picture: shape {came} came; expected [pictures, height, width, 3]")
    return Extent(*picture.shape[1:3])


def _told_size(width: int, height: int) -> Extent | None:
    if (width > 0) != (height > 0):
        raise InputError(
            f"picture_width: {width} came with picture_height {height}; set both, or both to 0"
        )
    return Extent(height, width) if width else None


def _check_memory(layout: Layout) -> None:
    cells = len(layout.regions) * layout.width * layout.height
    if cells > MOST_CELLS:
        raise InputError(
            f"{len(layout.regions)} areas came for a picture of {layout.width} × {layout.height};"
            f" their masks would need {cells / 2**28:.0f} GB: use fewer, or a smaller picture"
        )


def _names(layout: Layout, placed: Placement, subjects: Sequence[Subject] | None) -> list[str]:
    """A name for each region: the subject's phrase, else the detector's label, else ""."""
    if subjects is None:
        return list(placed.labels) or [""] * len(layout.regions)
    check_layout(layout, subjects)
    return [subject.phrase for subject in subjects]


def _outputs(
    layout: Layout, placed: Placement, names: Sequence[str], picture: Tensor | None
) -> dict[str, Any]:
    width, height = layout.width, layout.height
    masks = layout.coverage(height, width)
    background = 1 - masks.amax(dim=0, keepdim=True)  # (1, height, width)
    decided = {
        "width": width,
        "height": height,
        "boxes": [list(region.box.as_tuple()) for region in layout.regions],
        "names": list(names),
        "unused": [list(detection.box.as_tuple()) for detection in placed.unused],
        "note": placed.note,
        "source": placed.source,
    }
    unused = [(detection.box, detection.label) for detection in placed.unused]
    # masks and a detector's boxes are shares of the picture that they were found in
    fitted = placed.source == "boxes"
    preview = draw_layout(layout, names, picture, unused, placed.note, fitted)
    bboxes = bounding_boxes(layout, names)
    result = (layout, preview, masks, width, height, bboxes, background)
    return {"ui": {"msd_layout": [decided]}, "result": result}
