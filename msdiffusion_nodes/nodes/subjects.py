"""Nodes that make subjects and set how a single one acts."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

from comfy.utils import ProgressBar
from torch import Tensor

from ..comfy.encoders import check_clip, encode_reference
from ..errors import InputError, listed, naming, shortened
from ..method.schedule import check_schedule
from ..pictures.references import Reference, gather_references
from ..pictures.thumbnails import thumbnail
from ..subjects import Subject, parse_weights, require_same_encoder
from .sockets import CATEGORY, PERCENT, WEIGHT, checked

PICTURES = 4  # sockets for pictures on EncodeSubjects; more subjects come by chaining
NUMBER = "Which subject, counted from 1."
SCENE_WEIGHT = 0.4  # the authors' advice where a subject covers the whole picture


class EncodeSubjects:
    CATEGORY = CATEGORY
    DESCRIPTION = (
        "Turn reference pictures and their names into subjects. One line of phrases for each"
        " picture; chain a second node through `subjects` for more than four, which is more than"
        " the adapter was trained with."
    )
    SEARCH_ALIASES = [
        "msdiffusion",
        "reference",
        "subject",
        "multi subject",
        "multiple characters",
        "multiple subjects",
        "two people",
        "reference image",
        "ip adapter",
    ]
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
        clip = (
            "The CLIP of your SDXL checkpoint. For a fine-tune with a CLIP-L of its own (Pony,"
            " Illustrious, NoobAI) load SDXL base's with DualCLIPLoader and connect that here only."
        )
        subjects = "Earlier subjects; these come after. The adapter was trained with up to four."
        invert = (
            "For masks that are white where the picture is transparent, as Load Image's MASK is."
            " All masks of this node are turned round; a picture's own alpha stays."
        )
        return {
            "required": {
                "clip": ("CLIP", {"tooltip": clip}),
                "clip_vision": ("CLIP_VISION", {"tooltip": "CLIP-ViT-bigG: clip_vision_g."}),
                "phrases": ("STRING", {"multiline": True, "default": "dog", "tooltip": phrases}),
                "image_1": sockets.pop("image_1"),
            },
            "optional": {
                **sockets,
                "subjects": ("MSD_SUBJECTS", {"tooltip": subjects}),
                "invert_masks": ("BOOLEAN", {"default": False, "tooltip": invert}),
            },
        }

    @checked
    def encode(
        self,
        clip: Any,
        clip_vision: Any,
        phrases: str,
        subjects: list[Subject] | None = None,
        invert_masks: bool = False,
        **sockets: Tensor | None,
    ) -> dict[str, Any]:
        check_clip(clip)
        references = gather_references(phrases, sockets, bool(invert_masks))
        progress = ProgressBar(len(references))
        encoded = list(subjects or [])
        for reference in references:
            encoded.append(encode_reference(clip, clip_vision, reference))
            progress.update(1)
        with naming("subjects"):
            require_same_encoder(encoded)
        _warn_of_masks(references, bool(invert_masks))
        return {"ui": {"msd_subjects": [_told(each) for each in references]}, "result": (encoded,)}


def _told(reference: Reference) -> dict[str, Any]:
    """What the page is told of a subject: what the encoder gets of it (of its first view)."""
    return {
        "name": reference.phrase,
        "picture": thumbnail(reference.pictures[0]),
        "inside_out": bool(reference.doubted),
    }


def _warn_of_masks(references: list[Reference], inverted: bool) -> None:
    fix = "turn invert_masks off" if inverted else "turn on invert_masks of Encode Subjects"
    for reference in references:
        if reference.doubted:
            logging.warning(
                f"MS-Diffusion: {reference.doubted} keeps the frame of the picture of"
                f' "{shortened(reference.phrase)}" and drops its middle, as a mask does that is'
                f" white where the picture is transparent. If the subject is missing, {fix}"
            )


class SubjectOptions:
    CATEGORY = CATEGORY
    DESCRIPTION = "Weight, time and views of one subject; the others stay as they are."
    SEARCH_ALIASES = ["msdiffusion", "subject weight", "subject schedule"]
    RETURN_TYPES = ("MSD_SUBJECTS",)
    RETURN_NAMES = ("subjects",)
    OUTPUT_TOOLTIPS = ("All subjects, with this one changed.",)
    FUNCTION = "change"

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        weight = "How strongly this subject acts, in place of Apply MS-Diffusion's weight."
        views = "A weight for each of its pictures, such as 1, 0.5. Empty: all alike."
        off = "Off: the subject is left out."
        return {
            "required": {
                "subjects": ("MSD_SUBJECTS", {"tooltip": "From Encode Subjects."}),
                "number": ("INT", {"default": 1, "min": 1, "max": 64, "tooltip": NUMBER}),
                "weight": ("FLOAT", {"default": 0.6, **WEIGHT, "tooltip": weight}),
                "start_percent": (
                    "FLOAT",
                    {"default": 0.0, **PERCENT, "tooltip": "When it begins."},
                ),
                "end_percent": ("FLOAT", {"default": 1.0, **PERCENT, "tooltip": "When it stops."}),
                "enabled": ("BOOLEAN", {"default": True, "tooltip": off}),
            },
            "optional": {"view_weights": ("STRING", {"default": "", "tooltip": views})},
        }

    @checked
    def change(
        self,
        subjects: list[Subject],
        number: int,
        weight: float,
        start_percent: float,
        end_percent: float,
        enabled: bool,
        view_weights: str = "",
    ) -> tuple[list[Subject]]:
        subject = pick(subjects, number)
        check_schedule(start_percent, end_percent)
        with naming("view_weights"):
            views = parse_weights(view_weights, 1.0, len(subject.image_features), "views")
        changed = replace(
            subject,
            weight=float(weight),
            start_percent=float(start_percent),
            end_percent=float(end_percent),
            enabled=enabled,
            view_weights=tuple(views),
        )
        return (exchange(subjects, number, changed),)


class BackgroundSubject:
    CATEGORY = CATEGORY
    DESCRIPTION = (
        "Make one subject the scene: it covers the whole picture, at the authors' lower weight."
    )
    SEARCH_ALIASES = ["msdiffusion", "background", "scene"]
    RETURN_TYPES = ("MSD_SUBJECTS",)
    RETURN_NAMES = ("subjects",)
    OUTPUT_TOOLTIPS = ("All subjects, with this one as the scene.",)
    FUNCTION = "change"

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        weight = "How strongly the scene acts; the authors advise 0.4."
        return {
            "required": {
                "subjects": ("MSD_SUBJECTS", {"tooltip": "From Encode Subjects."}),
                "number": ("INT", {"default": 1, "min": 1, "max": 64, "tooltip": NUMBER}),
                "weight": ("FLOAT", {"default": SCENE_WEIGHT, **WEIGHT, "tooltip": weight}),
            }
        }

    @checked
    def change(self, subjects: list[Subject], number: int, weight: float) -> tuple[list[Subject]]:
        subject = pick(subjects, number)
        scene = replace(subject, weight=float(weight), everywhere=True)
        return (exchange(subjects, number, scene),)


def pick(subjects: list[Subject], number: int) -> Subject:
    """The subject with this number, counted from 1."""
    if not 1 <= number <= len(subjects):
        names = listed([subject.phrase for subject in subjects])
        raise InputError(
            f"number: {number} came; there are {len(subjects)} subjects ({names}), counted from 1"
        )
    return subjects[number - 1]


def exchange(subjects: list[Subject], number: int, subject: Subject) -> list[Subject]:
    """A new list with another subject in this place, counted from 1."""
    return [*subjects[: number - 1], subject, *subjects[number:]]
