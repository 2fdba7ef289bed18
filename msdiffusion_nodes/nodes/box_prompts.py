"""The nodes for words that act in one box only."""

from __future__ import annotations

from typing import Any

from ..comfy.applying_words import apply_words, check_text_width
from ..comfy.encoders import encode_words
from ..errors import InputError, naming
from ..layout import Layout, LayoutBatch, all_layouts
from ..method.schedule import Times, check_schedule
from ..method.words import BoxPrompts as Words
from ..method.words import fit_words
from .sockets import CATEGORY, PERCENT, checked


class BoxPrompts:
    CATEGORY = CATEGORY
    DESCRIPTION = (
        "Words for each box: they act in that box only, without a further call of the model."
    )
    SEARCH_ALIASES = [
        "msdiffusion",
        "regional prompt",
        "regional",
        "attention couple",
        "prompt per box",
        "area prompt",
        "gligen",
        "multiple characters",
    ]
    RETURN_TYPES = ("MSD_BOX_PROMPTS",)
    RETURN_NAMES = ("box_prompts",)
    OUTPUT_TOOLTIPS = ("For Apply MS-Diffusion, or for Apply Box Prompts.",)
    FUNCTION = "make"

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        prompts = (
            "One line a box, in the order of the boxes: what is in that box. An empty line: no"
            " words there. The main prompt still describes the whole picture."
        )
        strength = (
            "How far the words take the main prompt's place inside the box: 0 not at all, 1 wholly."
        )
        start = "When the words begin to act: 0 is the first step."
        end = "When the words stop acting: 1 is the last step."
        share = {"min": 0.0, "max": 1.0, "step": 0.01}
        return {
            "required": {
                "clip": ("CLIP", {"tooltip": "The CLIP of the checkpoint; it encodes the words."}),
                "prompts": ("STRING", {"multiline": True, "default": "", "tooltip": prompts}),
                "strength": ("FLOAT", {"default": 1.0, **share, "tooltip": strength}),
                "start_percent": ("FLOAT", {"default": 0.0, **PERCENT, "tooltip": start}),
                "end_percent": ("FLOAT", {"default": 1.0, **PERCENT, "tooltip": end}),
            }
        }

    @checked
    def make(
        self, clip: Any, prompts: str, strength: float, start_percent: float, end_percent: float
    ) -> tuple[Words]:
        check_schedule(start_percent, end_percent)
        lines = tuple(line.strip() for line in lines_of(prompts))
        with naming("prompts"):
            if not any(lines):
                raise InputError("there are no words; write one line a box, or unplug the node")
        embeddings = []
        for number, line in enumerate(lines, start=1):
            with naming(f"prompts: line {number}"):
                embeddings.append(encode_words(clip, line) if line else None)
        times = Times(start_percent, end_percent)
        return (Words(lines, tuple(embeddings), strength, times),)


def lines_of(text: str) -> list[str]:
    """Lines as a text field has them: an empty last one counts."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


class ApplyBoxPrompts:
    CATEGORY = CATEGORY
    DESCRIPTION = "Give an SDXL model words for each box: no adapter and no pictures are needed."
    SEARCH_ALIASES = [
        "msdiffusion",
        "regional prompt",
        "regional",
        "attention couple",
        "box prompt",
    ]
    RETURN_TYPES = ("MODEL",)
    OUTPUT_TOOLTIPS = ("The model with the words in their boxes, for the sampler.",)
    FUNCTION = "apply"

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        return {
            "required": {
                "model": ("MODEL", {"tooltip": "An SDXL model; LoRAs and others may be on it."}),
                "layout": ("MSD_LAYOUT", {"tooltip": "From Layout Boxes: box 1 is for line 1."}),
                "box_prompts": ("MSD_BOX_PROMPTS", {"tooltip": "From Box Prompts."}),
            }
        }

    @checked
    def apply(self, model: Any, layout: Layout | LayoutBatch, box_prompts: Words) -> tuple[Any]:
        with naming("model"):
            check_text_width(model, box_prompts)
        layouts = all_layouts(layout)
        with naming("box_prompts"):
            regions = enumerate(layouts[0].regions)
            scenes = [number for number, region in regions if region.options.everywhere]
            words = fit_words(box_prompts, layouts, scenes)
        with naming("layout"):
            return (apply_words(model, layouts, words),)
