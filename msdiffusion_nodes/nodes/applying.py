"""The nodes that load the adapter and put the subjects on a model."""

from __future__ import annotations

from typing import Any

from ..acting import acting
from ..comfy.applying import Settings, apply_subjects
from ..comfy.applying_words import check_text_width
from ..comfy.loading import ManagedAdapter, adapter_files, load_adapter, register_folder
from ..comfy.sites import find_sites, kind_of
from ..errors import InputError, naming
from ..layout import Layout, LayoutBatch, all_layouts
from ..method.attention import Overlap
from ..method.fitting import check_layout, check_sites, check_subjects
from ..method.found import AutoLayoutSettings
from ..method.schedule import Times, check_schedule
from ..method.words import BoxPrompts, fit_words
from ..subjects import Subject, parse_weights
from .sockets import CATEGORY, PERCENT, WEIGHT, checked

register_folder()


class LoadMSDModel:
    CATEGORY = CATEGORY
    DESCRIPTION = "Load the MS-Diffusion adapter from models/msdiffusion."
    SEARCH_ALIASES = ["msdiffusion", "ms-diffusion", "multi subject", "ms_adapter", "ip adapter"]
    RETURN_TYPES = ("MSD_MODEL",)
    RETURN_NAMES = ("msd_model",)
    OUTPUT_TOOLTIPS = ("The adapter, for Apply MS-Diffusion.",)
    FUNCTION = "load"

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        tooltip = (
            "ms_adapter.bin or the same as .safetensors, from models/msdiffusion. Adapters found in"
            " models/ipadapter and models/photomaker are offered as well."
        )
        return {"required": {"model_name": (list(adapter_files()), {"tooltip": tooltip})}}

    @classmethod
    def VALIDATE_INPUTS(cls, model_name: str) -> bool | str:
        files = list(adapter_files())
        if model_name in files:
            return True
        found = ", ".join(files) or "no adapter at all"
        return (
            f"model_name: {model_name!r:.200} is not there; found {found}. Put ms_adapter.bin"
            " (huggingface.co/doge1516/MS-Diffusion) into models/msdiffusion, then refresh"
        )

    def load(self, model_name: str) -> tuple[ManagedAdapter]:
        with naming("model_name"):
            path = adapter_files().get(str(model_name))
            if path is None:
                raise InputError(f"{model_name!r:.200} is no longer there; choose another file")
            return (load_adapter(path),)


class ApplyMSDiffusion:
    CATEGORY = CATEGORY
    DESCRIPTION = "Give an SDXL model the subjects, each acting in its own box only."
    SEARCH_ALIASES = [
        "msdiffusion",
        "multi subject",
        "personalisation",
        "ipadapter regional",
        "multiple characters",
        "multiple subjects",
        "two people",
        "reference image",
        "ip adapter",
        "regional",
    ]
    RETURN_TYPES = ("MODEL",)
    OUTPUT_TOOLTIPS = ("The model with the subjects, for the sampler.",)
    FUNCTION = "apply"

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        weight = (
            "How strongly the subjects act. The authors advise 0.6, and 0.4 where a subject covers"
            " the whole picture. 0 is the plain model."
        )
        start = "When the subjects begin to act: 0 is the first step."
        end = "When the subjects stop acting: 1 is the last step."
        weights = "A weight for each subject, such as 0.6, 0.9. Empty: `weight` for all."
        grounding = (
            "Let phrase and box shape what is taken from the picture (as in the paper). Off: only"
            " the picture counts."
        )
        auto_layout = "From Auto Layout: areas read from the text take over from the boxes."
        overlap = (
            "Where subjects overlap: joint lets them share the place, as in the paper; topmost lets"
            " the later subject hide the earlier ones, and all hide a scene."
        )
        box_prompts = "From Box Prompts: words that act in one box only, beside its subject."
        return {
            "required": {
                "model": ("MODEL", {"tooltip": "An SDXL model; LoRAs and others may be on it."}),
                "msd_model": ("MSD_MODEL", {"tooltip": "From Load MS-Diffusion Model."}),
                "subjects": ("MSD_SUBJECTS", {"tooltip": "From Encode Subjects."}),
                "layout": ("MSD_LAYOUT", {"tooltip": "From Layout Boxes: box 1 is subject 1's."}),
                "weight": ("FLOAT", {"default": 0.6, **WEIGHT, "tooltip": weight}),
                "start_percent": ("FLOAT", {"default": 0.0, **PERCENT, "tooltip": start}),
                "end_percent": ("FLOAT", {"default": 1.0, **PERCENT, "tooltip": end}),
            },
            "optional": {
                "subject_weights": ("STRING", {"default": "", "tooltip": weights}),
                "grounding": ("BOOLEAN", {"default": True, "tooltip": grounding}),
                "auto_layout": ("MSD_AUTO_LAYOUT", {"tooltip": auto_layout}),
                "overlap": ([each.value for each in Overlap], {"tooltip": overlap}),
                "box_prompts": ("MSD_BOX_PROMPTS", {"tooltip": box_prompts}),
            },
        }

    @checked
    def apply(
        self,
        model: Any,
        msd_model: ManagedAdapter,
        subjects: list[Subject],
        layout: Layout | LayoutBatch,
        weight: float,
        start_percent: float,
        end_percent: float,
        subject_weights: str = "",
        grounding: bool = True,
        auto_layout: AutoLayoutSettings | None = None,
        overlap: str = Overlap.JOINT.value,
        box_prompts: BoxPrompts | None = None,
    ) -> tuple[Any]:
        with naming("model"):
            widths = [site.width for site in find_sites(model)]
            check_sites(widths, msd_model.adapter, kind_of(model))
        with naming("subjects"):
            check_subjects(subjects, msd_model.adapter)
        layouts = all_layouts(layout)
        with naming("layout"):
            for each in layouts:
                check_layout(each, subjects)
            subjects = acting(subjects, layouts)
        with naming("subject_weights"):
            given = parse_weights(subject_weights, weight, len(subjects))
        check_schedule(start_percent, end_percent)
        if box_prompts is not None:
            with naming("box_prompts"):
                check_text_width(model, box_prompts)
                found = auto_layout is not None and auto_layout.areas
                placed = [n for n, each in enumerate(subjects) if found or each.everywhere]
                box_prompts = fit_words(box_prompts, layouts, placed)
        times, own = Times(start_percent, end_percent), given if subject_weights.strip() else None
        settings = Settings(weight, own, times, grounding, Overlap(overlap), auto_layout)
        if not _changes(settings, subjects, box_prompts):
            return (model.clone(),)
        return (apply_subjects(model, msd_model, subjects, layouts, settings, box_prompts),)


def _changes(settings: Settings, subjects: list[Subject], words: BoxPrompts | None) -> bool:
    """Whether the model becomes another one at all."""
    on = [number for number, subject in enumerate(subjects) if subject.enabled]
    weights = settings.weights_of(subjects)
    if any(weights[number] for number in on):
        return True
    text_in_box = settings.auto is not None and settings.auto.text_in_box
    return bool(on) and (text_in_box or words is not None and words.only(on) is not None)
