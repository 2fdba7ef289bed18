"""The nodes about areas read from the text: ask for them, and look at them."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from torch import Tensor

from ..comfy.encoders import encode_prompt, text_tokens
from ..comfy.runs import PROMPT, applied_on
from ..comfy.shown_areas import areas_of
from ..errors import InputError, naming
from ..layout import Extent
from ..method.found import AutoLayoutSettings
from ..pictures.preview import draw_areas
from .sockets import CATEGORY, PERCENT, checked


class AutoLayout:
    CATEGORY = CATEGORY
    DESCRIPTION = (
        "Let each subject's area follow the picture: from a step on it is read from what the prompt"
        " paints where the subject's phrase is meant."
    )
    SEARCH_ALIASES = ["msdiffusion", "attention map", "auto layout", "layout guidance"]
    RETURN_TYPES = ("MSD_AUTO_LAYOUT", "CONDITIONING")
    RETURN_NAMES = ("auto_layout", "positive")
    OUTPUT_TOOLTIPS = (
        "For Apply MS-Diffusion, and for Text Follows Layout.",
        "The prompt, encoded: the sampler's positive input. Then both are sure to be the same.",
    )
    FUNCTION = "make"

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        prompt = (
            "The positive prompt; it must hold each subject's phrase. The sampler takes it from the"
            " output `positive`."
        )
        threshold = "How clearly a place must show the phrase. Higher: smaller areas."
        start = "The step at which the areas take over; until then the boxes act."
        text = (
            "Keep each phrase's text inside its subject's area, so that colours and kinds do not"
            " leak from one subject to another. Everything else in the prompt acts everywhere."
        )
        start_percent = (
            "The share of the schedule at which the areas take over, in place of start_step: for"
            " models of few steps (Lightning, DMD2, LCM). 0: start_step counts."
        )
        areas = "Off: the boxes stay, and only text_in_box is used."
        share = {"min": 0.0, "max": 1.0, "step": 0.01}
        return {
            "required": {
                "clip": ("CLIP", {"tooltip": "The CLIP of the checkpoint; it encodes the prompt."}),
                "prompt": ("STRING", {"multiline": True, "default": "", "tooltip": prompt}),
                "threshold": ("FLOAT", {"default": 0.5, **share, "tooltip": threshold}),
                "start_step": ("INT", {"default": 5, "min": 1, "max": 10000, "tooltip": start}),
            },
            "optional": {
                "text_in_box": ("BOOLEAN", {"default": False, "tooltip": text}),
                "areas": ("BOOLEAN", {"default": True, "tooltip": areas}),
                "start_percent": ("FLOAT", {"default": 0.0, **PERCENT, "tooltip": start_percent}),
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
        start_percent: float = 0.0,
    ) -> tuple[AutoLayoutSettings, list[list]]:
        with naming("clip"):
            if "l" not in clip.tokenize(""):
                raise InputError("it has no CLIP-L; use the CLIP of an SDXL checkpoint")
        with naming("areas"):
            if not areas and not text_in_box:
                raise InputError("it is off, and text_in_box too: turn one on, or unplug the node")
        with naming("prompt"):
            if not prompt.strip():
                raise InputError("it is empty; connect the positive prompt's text")
            positive = encode_prompt(clip, prompt, PROMPT)
        made = AutoLayoutSettings(
            prompt,
            partial(text_tokens, clip),
            [embedding for embedding, _ in positive],
            threshold,
            start_step,
            areas,
            text_in_box,
            start_percent,
        )
        return (made, positive)


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
        samples = "What the sampler made with it; this run is shown."
        return {
            "required": {
                "model": ("MODEL", {"tooltip": "The model of Apply MS-Diffusion."}),
                "samples": ("LATENT", {"tooltip": samples}),
            }
        }

    @checked
    def show(self, model: Any, samples: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        with naming("model"):
            applied = applied_on(model.model_options["transformer_options"])
            if not applied:
                raise InputError("it has no subjects; connect the model of Apply MS-Diffusion")
        latent, layout = samples["samples"], applied[0].layouts[0]
        steps = [areas[0].float() for areas in areas_of(latent)]  # of the first picture
        if not steps:
            steps = [layout.coverage(*latent.shape[-2:])]
        size = Extent(layout.height, layout.width)
        pictures = torch.cat([draw_areas(areas, size) for areas in steps])
        return (pictures, steps[-1])
