"""The nodes about areas read from the text: ask for them, and look at them."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from torch import Tensor

from ..comfy.encoders import text_tokens
from ..comfy.patching import site_patches
from ..errors import InputError, naming
from ..layout import Extent
from ..method.auto_layout import AutoLayout as AutoLayoutSettings
from ..pictures.preview import draw_areas
from .sockets import CATEGORY, checked


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
                raise InputError("it has no CLIP-L; use the CLIP of an SDXL checkpoint")
        with naming("areas"):
            if not areas and not text_in_box:
                raise InputError("it is off, and text_in_box too: turn one on, or unplug the node")
        with naming("prompt"):
            if not prompt.strip():
                raise InputError("it is empty; connect the positive prompt's text")
            text_tokens(clip, prompt)
        tokenize = partial(text_tokens, clip)
        made = AutoLayoutSettings(prompt, tokenize, threshold, start_step, areas, text_in_box)
        return (made,)


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
                raise InputError("it has no subjects; connect the model of Apply MS-Diffusion")
        attention = patches[0].parts[0][0]
        steps = [areas[0].float() for areas in attention.history]  # of the first picture
        if not steps:
            height, width = samples["samples"].shape[-2:]
            steps = [attention.layout.coverage(height, width)]
        size = Extent(attention.layout.height, attention.layout.width)
        pictures = torch.cat([draw_areas(areas, size) for areas in steps])
        return (pictures, steps[-1])
