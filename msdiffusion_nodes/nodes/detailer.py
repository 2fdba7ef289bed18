"""The node that paints the subjects of a finished picture anew, each enlarged."""

from __future__ import annotations

from typing import Any

import comfy.samplers
from torch import Tensor

from ..comfy.detailing import Detailer, Sampling, check_paints
from ..comfy.relaying import subjects_in, subjects_on
from ..errors import InputError, naming
from ..layout import Layout, LayoutBatch, all_layouts
from ..method.fitting import check_batch, check_layout
from ..pictures.crops import Cutting
from ..pictures.detail_tasks import colours_of, tasks_of
from .sockets import CATEGORY, checked

CFG = {"min": 0.0, "max": 100.0, "step": 0.1, "round": 0.01}
PADDING = {"min": 0.0, "max": 4.0, "step": 0.01}
LEAST_DENOISE = 0.01


class SubjectDetailer:
    CATEGORY = CATEGORY
    DESCRIPTION = (
        "Paint each subject of a finished picture once more, enlarged and with its own part of the"
        " layout: for subjects that are small in the picture."
    )
    SEARCH_ALIASES = ["msdiffusion", "detailer", "face detailer", "refine subject", "inpaint crop"]
    RETURN_TYPES = ("IMAGE", "MASK")
    RETURN_NAMES = ("image", "mask")
    OUTPUT_TOOLTIPS = (
        "The pictures with their subjects painted anew.",
        "How much of each place is new, one mask a picture.",
    )
    FUNCTION = "detail"

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        model = (
            "The model that paints: of Apply MS-Diffusion, whose subjects then act where `layout`"
            " says, or a plain one."
        )
        layout = (
            "Where the subjects are in the picture: the layout that it was painted with, or a"
            " detector's boxes of the finished picture, through Layout Boxes."
        )
        prompt = "The {} prompt. A ControlNet's picture is cropped with it."
        steps = "Steps for each subject."
        denoise = (
            "How much of a subject is painted anew: 0 leaves the picture as it is, 1 keeps nothing"
            " of the subject."
        )
        size = (
            "The longer side of an enlarged subject with its surroundings, in pixels. One that is"
            " larger already keeps its size."
        )
        padding = (
            "How much of its surroundings a subject is painted with: a share of its box's width"
            " and height, on each side."
        )
        feather = "How wide the soft edge around a subject is, in pixels of the picture."
        subjects = (
            "The numbers of the subjects to paint anew, such as 1, 3. Empty: all that have a box."
        )
        percent = {"min": 0.0, "max": 1.0, "step": 0.01}
        side = {"default": 1024, "min": 64, "max": 4096, "step": 8}
        seed = {"default": 0, "min": 0, "max": 2**64 - 1, "control_after_generate": True}
        return {
            "required": {
                "model": ("MODEL", {"tooltip": model}),
                "image": ("IMAGE", {"tooltip": "The finished picture, or several."}),
                "vae": ("VAE", {"tooltip": "The VAE of the model's checkpoint."}),
                "positive": ("CONDITIONING", {"tooltip": prompt.format("positive")}),
                "negative": ("CONDITIONING", {"tooltip": prompt.format("negative")}),
                "layout": ("MSD_LAYOUT", {"tooltip": layout}),
                "seed": ("INT", {**seed, "tooltip": "Chooses the noise."}),
                "steps": ("INT", {"default": 20, "min": 1, "max": 10000, "tooltip": steps}),
                "cfg": ("FLOAT", {"default": 7.0, **CFG, "tooltip": "As in KSampler."}),
                "sampler_name": (comfy.samplers.KSampler.SAMPLERS, {"tooltip": "As in KSampler."}),
                "scheduler": (comfy.samplers.KSampler.SCHEDULERS, {"tooltip": "As in KSampler."}),
                "denoise": ("FLOAT", {"default": 0.4, **percent, "tooltip": denoise}),
                "size": ("INT", {**side, "tooltip": size}),
                "padding": ("FLOAT", {"default": 0.25, **PADDING, "tooltip": padding}),
                "feather": ("INT", {"default": 16, "min": 0, "max": 512, "tooltip": feather}),
            },
            "optional": {"subjects": ("STRING", {"default": "", "tooltip": subjects})},
        }

    @checked
    def detail(
        self,
        model: Any,
        image: Tensor,
        vae: Any,
        positive: list,
        negative: list,
        layout: Layout | LayoutBatch,
        seed: int,
        steps: int,
        cfg: float,
        sampler_name: str,
        scheduler: str,
        denoise: float,
        size: int,
        padding: float,
        feather: int,
        subjects: str = "",
    ) -> tuple[Tensor, Tensor]:
        with naming("model"):
            check_paints(model)
        with naming("image"):
            pictures = colours_of(image)
        layouts, on_model = all_layouts(layout), subjects_on(model)
        check_batch(len(layouts), len(pictures))
        with naming("layout"):
            for each in layouts if on_model else ():
                check_layout(each, on_model)
            on_model = subjects_in(model, layouts)
        cutting = Cutting(int(size), padding, int(feather))
        tasks = tasks_of(pictures, layouts, on_model, subjects, cutting)
        with naming("denoise"):
            if 0 < denoise < LEAST_DENOISE:  # ComfyUI makes a schedule of steps ÷ denoise
                raise InputError(f"{denoise} came; expected 0, or {LEAST_DENOISE} to 1")
        settings = (int(seed), int(steps), cfg, sampler_name, scheduler, denoise)
        return Detailer(model, vae, Sampling(positive, negative, *settings)).paint(pictures, tasks)
