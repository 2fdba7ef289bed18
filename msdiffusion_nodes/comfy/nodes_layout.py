"""Nodes around the layout: areas from the text, batches, tiles, and a look at the areas."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch import Tensor

from ..auto_layout import AutoLayout as AutoLayoutSettings
from ..checks import check_least, naming
from ..layout import Box, Layout, LayoutBatch, Region, all_layouts
from ..preview import draw_areas
from .encoders import text_tokens
from .patching import site_patches
from .sockets import CATEGORY, checked

LAYOUTS = 8  # sockets of BatchLayouts


class AutoLayout:
    CATEGORY = CATEGORY
    DESCRIPTION = (
        "Let each subject's area follow the picture: from a step on it is read from what the prompt"
        " paints where the subject's phrase is meant."
    )
    SEARCH_ALIASES = ["msdiffusion", "attention map", "auto layout", "layout guidance"]
    RETURN_TYPES = ("MSD_AUTO_LAYOUT",)
    RETURN_NAMES = ("auto_layout",)
    OUTPUT_TOOLTIPS = ("For Apply MS-Diffusion.",)
    FUNCTION = "make"

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        prompt = "The positive prompt, word for word; it must hold each subject's phrase."
        threshold = "How clearly a place must show the phrase. Higher: smaller areas."
        start = "The step at which the areas take over; until then the boxes act."
        text = (
            "Keep each phrase's text inside its subject's area, so that colours and kinds do not"
            " leak from one subject to another. Everything else in the prompt acts everywhere."
        )
        areas = "Off: the boxes stay, and only text_in_box is used."
        share = {"min": 0.0, "max": 1.0, "step": 0.01}
        return {
            "required": {
                "clip": ("CLIP", {"tooltip": "The CLIP that encodes the prompt; splits it up."}),
                "prompt": ("STRING", {"multiline": True, "default": "", "tooltip": prompt}),
                "threshold": ("FLOAT", {"default": 0.5, **share, "tooltip": threshold}),
                "start_step": ("INT", {"default": 5, "min": 1, "max": 10000, "tooltip": start}),
            },
            "optional": {
                "text_in_box": ("BOOLEAN", {"default": False, "tooltip": text}),
                "areas": ("BOOLEAN", {"default": True, "tooltip": areas}),
            },
        }

    @checked
    def make(
        self,
        clip: Any,
        prompt: str,
        threshold: float,
        start_step: int,
        text_in_box: bool = False,
        areas: bool = True,
    ) -> tuple[AutoLayoutSettings]:
        with naming("clip"):
            if "l" not in clip.tokenize(""):
                raise ValueError("it has no CLIP-L; use the CLIP of an SDXL checkpoint")
        with naming("areas"):
            if not areas and not text_in_box:
                raise ValueError("it is off, and text_in_box too: turn one on, or unplug the node")
        with naming("prompt"):
            if not prompt.strip():
                raise ValueError("it is empty; connect the positive prompt's text")
            text_tokens(clip, prompt)
        tokenize = partial(text_tokens, clip)
        made = AutoLayoutSettings(prompt, tokenize, threshold, start_step, areas, text_in_box)
        return (made,)


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
                    raise ValueError("a batch of layouts came; connect two single layouts")
        with naming("pictures"):
            check_least(pictures, 2)
        with naming("last"):
            if len(first.regions) != len(last.regions):
                raise ValueError(
                    f"{len(last.regions)} boxes came for {len(first.regions)} in `first`; give both"
                    " as many"
                )
            if any(region.mask is not None for region in first.regions + last.regions):
                raise ValueError("masks cannot be moved; use boxes")
            steps = [number / (pictures - 1) for number in range(pictures)]
            return (LayoutBatch(tuple(_between(first, last, step) for step in steps)),)


class CropLayout:
    CATEGORY = CATEGORY
    DESCRIPTION = (
        "The part of a layout that a tile sees, for tiles that are sampled one by one in the graph."
        " An upscaler that makes its tiles inside one node does not tell where they are: there the"
        " boxes count from each tile's own edges."
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
        if isinstance(layout, LayoutBatch):
            tiles = (self.crop(each, x, y, width, height)[0] for each in layout.layouts)
            return (LayoutBatch(tuple(tiles)),)
        for name, number, least in (
            ("x", x, 0),
            ("y", y, 0),
            ("width", width, 1),
            ("height", height, 1),
        ):
            with naming(name):
                check_least(number, least)
        if x + width > layout.width or y + height > layout.height:
            raise ValueError(
                f"width: the tile reaches from {x}, {y} to {x + width}, {y + height}, but the"
                f" layout is {layout.width}×{layout.height}; use a tile inside it"
            )
        window = Box(
            x / layout.width,
            y / layout.height,
            (x + width) / layout.width,
            (y + height) / layout.height,
        )
        return (layout.crop(window),)


class ShowAreas:
    CATEGORY = CATEGORY
    DESCRIPTION = "See where each subject acted, step by step, to choose a threshold by looking."
    SEARCH_ALIASES = ["msdiffusion", "attention map", "debug", "preview areas"]
    RETURN_TYPES = ("IMAGE", "MASK")
    RETURN_NAMES = ("areas", "masks")
    OUTPUT_TOOLTIPS = (
        "A picture for each step that was sampled, one colour a subject.",
        "The areas of the last step, one mask a subject.",
    )
    FUNCTION = "show"

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        return {
            "required": {
                "model": ("MODEL", {"tooltip": "The model of Apply MS-Diffusion."}),
                "samples": ("LATENT", {"tooltip": "What the sampler made with it."}),
            }
        }

    @checked
    def show(self, model: Any, samples: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        with naming("model"):
            patches = list(site_patches(model).values())
            if not patches:
                raise ValueError("it has no subjects; connect the model of Apply MS-Diffusion")
        attention = patches[0].parts[0][0]
        steps = [areas[0].float() for areas in attention.history]  # of the first picture
        if not steps:
            height, width = samples["samples"].shape[-2:]
            steps = [attention.layout.coverage(height, width)]
        size = (attention.layout.height, attention.layout.width)
        pictures = torch.cat([draw_areas(areas, size) for areas in steps])
        return (pictures, steps[-1])


def _between(first: Layout, last: Layout, step: float) -> Layout:
    regions = []
    for a, b in zip(first.regions, last.regions, strict=True):
        corners = zip(a.box.as_tuple(), b.box.as_tuple(), strict=True)
        regions.append(Region(Box(*(x + (y - x) * step for x, y in corners))))
    return replace(first, regions=tuple(regions))
