"""The node that gives the noise levels at which the authors sample."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from ..comfy.noise_levels import noise_levels
from ..errors import naming
from ..method.authors_schedule import MOST_STEPS, authors_sigmas
from .sockets import CATEGORY, checked


class AuthorsSchedule:
    CATEGORY = CATEGORY
    DESCRIPTION = (
        "The noise levels at which the authors' script samples, for SamplerCustom: for pictures"
        " that are to be compared with the paper's."
    )
    SEARCH_ALIASES = ["msdiffusion", "scheduler", "sigmas", "diffusers", "leading", "paper"]
    RETURN_TYPES = ("SIGMAS",)
    RETURN_NAMES = ("sigmas",)
    OUTPUT_TOOLTIPS = ("For SamplerCustom or SamplerCustomAdvanced, with the sampler euler.",)
    FUNCTION = "schedule"

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        steps = "Steps of the sampler. The authors take 30."
        denoise = (
            "How much of a picture is painted anew: 1 for an empty latent; less takes the last"
            " steps of a longer schedule, as in Basic Scheduler."
        )
        percent = {"min": 0.0, "max": 1.0, "step": 0.01}
        return {
            "required": {
                "model": ("MODEL", {"tooltip": "The SDXL model that is sampled."}),
                "steps": ("INT", {"default": 30, "min": 1, "max": MOST_STEPS, "tooltip": steps}),
                "denoise": ("FLOAT", {"default": 1.0, **percent, "tooltip": denoise}),
            }
        }

    @checked
    def schedule(self, model: Any, steps: int, denoise: float) -> tuple[Tensor]:
        with naming("model"):
            levels = noise_levels(model)
        with naming("denoise"):
            return (authors_sigmas(levels, int(steps), float(denoise)),)
