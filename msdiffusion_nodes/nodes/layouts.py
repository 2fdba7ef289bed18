"""Nodes that make layouts of layouts: batches, moving boxes, tiles."""

from __future__ import annotations

from typing import Any

from ..errors import InputError, naming
from ..layout import Layout, LayoutBatch, all_layouts
from ..sweeps import sweep
from .sockets import CATEGORY, checked

LAYOUTS = 8  # sockets of BatchLayouts


class BatchLayouts:
    CATEGORY = CATEGORY
    DESCRIPTION = "A layout for each picture of a batch: picture 1 gets layout 1, and so on."
    SEARCH_ALIASES = ["msdiffusion", "batch", "layout"]
    RETURN_TYPES = ("MSD_LAYOUT",)
    RETURN_NAMES = ("layout",)
    OUTPUT_TOOLTIPS = ("For Apply MS-Diffusion; the batch must have as many pictures.",)
    FUNCTION = "join"

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        tooltip = "A layout, or a batch of layouts from another node."
        sockets = {
            f"layout_{n}": ("MSD_LAYOUT", {"tooltip": tooltip}) for n in range(1, LAYOUTS + 1)
        }
        return {"required": {"layout_1": sockets.pop("layout_1")}, "optional": sockets}

    @checked
    def join(self, **sockets: Layout | LayoutBatch | None) -> tuple[LayoutBatch]:
        layouts: list[Layout] = []
        for name in sorted(name for name, layout in sockets.items() if layout is not None):
            layouts += all_layouts(sockets[name])
        return (LayoutBatch(tuple(layouts)),)


class SweepLayout:
    CATEGORY = CATEGORY
    DESCRIPTION = "Move the boxes from one layout to another over the pictures of a batch."
    SEARCH_ALIASES = ["msdiffusion", "sweep", "interpolate", "animate boxes"]
    RETURN_TYPES = ("MSD_LAYOUT",)
    RETURN_NAMES = ("layout",)
    OUTPUT_TOOLTIPS = ("A layout for each picture.",)
    FUNCTION = "sweep"

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        pictures = {"default": 4, "min": 2, "max": 64, "tooltip": "Pictures in the batch."}
        return {
            "required": {
                "first": ("MSD_LAYOUT", {"tooltip": "The boxes of the first picture."}),
                "last": ("MSD_LAYOUT", {"tooltip": "The boxes of the last picture."}),
                "pictures": ("INT", pictures),
            }
        }

    @checked
    def sweep(self, first: Layout, last: Layout, pictures: int) -> tuple[LayoutBatch]:
        for name, layout in (("first", first), ("last", last)):
            with naming(name):
                if isinstance(layout, LayoutBatch):
                    raise InputError("a batch of layouts came; connect two single layouts")
        with naming("last"):
            return (sweep(first, last, pictures),)


class CropLayout:
    CATEGORY = CATEGORY
    DESCRIPTION = (
        "The part of a layout that a tile sees, for tiles that are sampled one by one in the graph."
        " Detailers and upscalers that crop inside one node (FaceDetailer, Ultimate SD Upscale) do"
        " not tell where, and the boxes count from each crop's own edges: give them the plain"
        " model."
    )
    SEARCH_ALIASES = ["msdiffusion", "tile", "crop", "upscale"]
    RETURN_TYPES = ("MSD_LAYOUT",)
    RETURN_NAMES = ("layout",)
    OUTPUT_TOOLTIPS = ("The layout of the tile; subjects outside it have no area.",)
    FUNCTION = "crop"

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        place = {"default": 0, "min": 0, "max": 65536}
        size = {"default": 512, "min": 8, "max": 65536}
        unit = "in pixels of the layout's own width and height."
        return {
            "required": {
                "layout": ("MSD_LAYOUT", {"tooltip": "The layout of the whole picture."}),
                "x": ("INT", {**place, "tooltip": f"Left edge of the tile, {unit}"}),
                "y": ("INT", {**place, "tooltip": f"Upper edge of the tile, {unit}"}),
                "width": ("INT", {**size, "tooltip": f"Width of the tile, {unit}"}),
                "height": ("INT", {**size, "tooltip": f"Height of the tile, {unit}"}),
            }
        }

    @checked
    def crop(
        self, layout: Layout | LayoutBatch, x: int, y: int, width: int, height: int
    ) -> tuple[Layout | LayoutBatch]:
        with naming("width"):
            tiles = tuple(each.tile(x, y, width, height) for each in all_layouts(layout))
        return (LayoutBatch(tiles) if isinstance(layout, LayoutBatch) else tiles[0],)
