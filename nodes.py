"""The nodes: sockets, tooltips and checks. What they do is in `msdiffusion_nodes`."""

from __future__ import annotations

from typing import Any

from comfy.utils import ProgressBar
from torch import Tensor

from .msdiffusion_nodes.attention import LayoutGroups
from .msdiffusion_nodes.checks import (
    check_finite,
    check_layout,
    check_schedule,
    check_sites,
    check_subjects,
    naming,
)
from .msdiffusion_nodes.comfy.encoders import check_encoders, encode_reference
from .msdiffusion_nodes.comfy.loading import (
    ManagedAdapter,
    adapter_files,
    load_adapter,
    register_folder,
)
from .msdiffusion_nodes.comfy.patching import (
    SigmaRange,
    compute_dtype,
    find_sites,
    kind_of,
    patch_model,
)
from .msdiffusion_nodes.layout import Layout, Region, parse_boxes
from .msdiffusion_nodes.preview import draw_layout
from .msdiffusion_nodes.references import gather_references
from .msdiffusion_nodes.subjects import Subject, parse_weights, require_same_encoder

CATEGORY = "MS-Diffusion"
PICTURES = 4  # sockets for pictures on EncodeSubjects; more subjects come by chaining
MAX_SIZE = 16384  # the largest picture that ComfyUI's own nodes offer

register_folder()


class LoadMSDModel:
    CATEGORY = CATEGORY
    DESCRIPTION = "Load the MS-Diffusion adapter from models/msdiffusion."
    SEARCH_ALIASES = ["msdiffusion", "ms-diffusion", "multi subject", "ms_adapter"]
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
        files = adapter_files()
        if model_name in files:
            return True
        found = ", ".join(files) or "no adapter at all"
        return (
            f"model_name: {model_name!r} is not there; found {found}. Put ms_adapter.bin"
            " (huggingface.co/doge1516/MS-Diffusion) into models/msdiffusion, then refresh"
        )

    def load(self, model_name: str) -> tuple[ManagedAdapter]:
        with naming("model_name"):
            path = adapter_files().get(model_name)
            if path is None:
                raise ValueError(f"{model_name} is no longer there; choose another file")
            return (load_adapter(path),)


class EncodeSubjects:
    CATEGORY = CATEGORY
    DESCRIPTION = (
        "Turn reference pictures and their names into subjects. One line of phrases for each"
        " picture; chain a second node through `subjects` for more than four."
    )
    SEARCH_ALIASES = ["msdiffusion", "reference", "subject", "multi subject"]
    RETURN_TYPES = ("MSD_SUBJECTS",)
    RETURN_NAMES = ("subjects",)
    OUTPUT_TOOLTIPS = ("The subjects, in the order of the pictures.",)
    FUNCTION = "encode"

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        image = "The subject's picture. A batch of pictures is several views of this one subject."
        mask = "White on the subject. The rest is blackened and cropped away, as in training."
        sockets = {}
        for number in range(1, PICTURES + 1):
            sockets[f"image_{number}"] = ("IMAGE", {"tooltip": image})
            sockets[f"mask_{number}"] = ("MASK", {"tooltip": mask})
        phrases = "What each subject is called, one a line, in the order of the pictures."
        return {
            "required": {
                "clip": ("CLIP", {"tooltip": "The CLIP of your SDXL checkpoint."}),
                "clip_vision": ("CLIP_VISION", {"tooltip": "CLIP-ViT-bigG: clip_vision_g."}),
                "phrases": ("STRING", {"multiline": True, "default": "dog", "tooltip": phrases}),
                "image_1": sockets.pop("image_1"),
            },
            "optional": {
                **sockets,
                "subjects": ("MSD_SUBJECTS", {"tooltip": "Earlier subjects; these come after."}),
            },
        }

    def encode(
        self,
        clip: Any,
        clip_vision: Any,
        phrases: str,
        subjects: list[Subject] | None = None,
        **sockets: Tensor | None,
    ) -> tuple[list[Subject]]:
        check_encoders(clip, clip_vision)
        references = gather_references(phrases, sockets)
        progress = ProgressBar(len(references))
        encoded = list(subjects or [])
        for reference in references:
            encoded.append(encode_reference(clip, clip_vision, reference))
            progress.update(1)
        with naming("subjects"):
            require_same_encoder(encoded)
        return (encoded,)


class LayoutBoxes:
    CATEGORY = CATEGORY
    DESCRIPTION = "Say where each subject goes: one box a subject, in shares of the picture."
    SEARCH_ALIASES = ["msdiffusion", "boxes", "regional", "layout", "bbox"]
    RETURN_TYPES = ("MSD_LAYOUT", "IMAGE", "MASK", "INT", "INT")
    RETURN_NAMES = ("layout", "preview", "masks", "width", "height")
    OUTPUT_TOOLTIPS = (
        "The layout, for Apply MS-Diffusion.",
        "The boxes, numbered, coloured and named.",
        "One mask a box, in the size of the picture.",
        "Width for the empty latent.",
        "Height for the empty latent.",
    )
    FUNCTION = "lay_out"

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        boxes = (
            "[[x0, y0, x1, y1], …]: left, top, right and bottom edge of each subject's box, from 0"
            " to 1 of the picture. 0, 0, 0, 0 is a subject without an area."
        )
        default = "[[0.0, 0.25, 0.5, 0.75], [0.5, 0.25, 1.0, 0.75]]"
        size = {"default": 1024, "min": 64, "max": MAX_SIZE, "step": 8}
        return {
            "required": {
                "boxes": ("STRING", {"multiline": True, "default": default, "tooltip": boxes}),
                "width": ("INT", {**size, "tooltip": "Width of the picture in pixels."}),
                "height": ("INT", {**size, "tooltip": "Height of the picture in pixels."}),
            },
            "optional": {
                "subjects": ("MSD_SUBJECTS", {"tooltip": "Names the boxes in the preview."}),
            },
        }

    def lay_out(
        self, boxes: str, width: int, height: int, subjects: list[Subject] | None = None
    ) -> tuple[Layout, Tensor, Tensor, int, int]:
        with naming("boxes"):
            layout = Layout(tuple(Region(box) for box in parse_boxes(boxes)), width, height)
            if subjects is not None:
                check_layout(layout, subjects)
        names = [subject.phrase for subject in subjects or []]
        masks = layout.masks(height, width).float()
        return (layout, draw_layout(layout, names), masks, width, height)


class ApplyMSDiffusion:
    CATEGORY = CATEGORY
    DESCRIPTION = "Give an SDXL model the subjects, each acting in its own box only."
    SEARCH_ALIASES = ["msdiffusion", "multi subject", "personalisation", "ipadapter regional"]
    RETURN_TYPES = ("MODEL",)
    OUTPUT_TOOLTIPS = ("The model with the subjects, for any sampler.",)
    FUNCTION = "apply"

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        weight = (
            "How strongly the subjects act. The authors advise 0.6, and 0.4 where a subject covers"
            " the whole picture. 0 is the plain model."
        )
        percent = {"min": 0.0, "max": 1.0, "step": 0.001}
        start = "When the subjects begin to act: 0 is the first step."
        end = "When the subjects stop acting: 1 is the last step."
        weights = "A weight for each subject, such as 0.6, 0.9. Empty: `weight` for all."
        grounding = (
            "Let phrase and box shape what is taken from the picture (as in the paper). Off: only"
            " the picture counts."
        )
        return {
            "required": {
                "model": ("MODEL", {"tooltip": "An SDXL model; LoRAs and others may be on it."}),
                "msd_model": ("MSD_MODEL", {"tooltip": "From Load MS-Diffusion Model."}),
                "subjects": ("MSD_SUBJECTS", {"tooltip": "From Encode Subjects."}),
                "layout": ("MSD_LAYOUT", {"tooltip": "From Layout Boxes: box 1 is subject 1's."}),
                "weight": (
                    "FLOAT",
                    {"default": 0.6, "min": 0.0, "max": 3.0, "step": 0.01, "tooltip": weight},
                ),
                "start_percent": ("FLOAT", {"default": 0.0, **percent, "tooltip": start}),
                "end_percent": ("FLOAT", {"default": 1.0, **percent, "tooltip": end}),
            },
            "optional": {
                "subject_weights": ("STRING", {"default": "", "tooltip": weights}),
                "grounding": ("BOOLEAN", {"default": True, "tooltip": grounding}),
            },
        }

    def apply(
        self,
        model: Any,
        msd_model: ManagedAdapter,
        subjects: list[Subject],
        layout: Layout,
        weight: float,
        start_percent: float,
        end_percent: float,
        subject_weights: str = "",
        grounding: bool = True,
    ) -> tuple[Any]:
        sites = find_sites(model)
        with naming("model"):
            check_sites([site.width for site in sites], msd_model.adapter, kind_of(model))
        with naming("subjects"):
            check_subjects(subjects, msd_model.adapter)
        with naming("layout"):
            check_layout(layout, subjects)
        with naming("weight"):
            check_finite(weight)
        with naming("subject_weights"):
            weights = parse_weights(subject_weights, weight, len(subjects))
        check_schedule(start_percent, end_percent)
        if not any(weights):
            return (model.clone(),)
        heads = [site.heads for site in sites]
        tokens = msd_model.site_tokens(subjects, layout, weights, grounding, heads)
        tokens = [site_tokens.to(compute_dtype(model)) for site_tokens in tokens]
        groups = LayoutGroups(layout, msd_model.adapter.token_counts(subjects))
        sigma_range = SigmaRange.from_percent(model, start_percent, end_percent)
        return (patch_model(model, sites, tokens, groups, sigma_range),)


NODE_CLASS_MAPPINGS = {
    "LoadMSDModel": LoadMSDModel,
    "EncodeSubjects": EncodeSubjects,
    "LayoutBoxes": LayoutBoxes,
    "ApplyMSDiffusion": ApplyMSDiffusion,
}

NODE_DISPLAY_NAME_MAPPINGS = {
    "LoadMSDModel": "Load MS-Diffusion Model",
    "EncodeSubjects": "Encode Subjects (MS-Diffusion)",
    "LayoutBoxes": "Layout Boxes (MS-Diffusion)",
    "ApplyMSDiffusion": "Apply MS-Diffusion",
}
