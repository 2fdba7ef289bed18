"""The node that lets the prompt's phrases follow a layout."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from ..comfy.encoders import encode_prompt, text_tokens
from ..comfy.runs import PROMPT
from ..comfy.without_subjects import patch_without_subjects, text_sites
from ..errors import InputError, naming, shortened
from ..layout import NO_AREA, Layout, LayoutBatch, all_layouts
from ..method.found import SHOWN, AutoLayoutSettings, TextRule
from ..method.phrases import phrase_positions, prompt_length
from ..method.text_following import TextFollowing
from ..subjects import Subject
from .box_prompts import lines_of
from .sockets import CATEGORY, PERCENT, checked

NODE = "Text Follows Layout"
SELF_ATTENTION = 0.3  # the authors'


class TextFollowsLayout:
    CATEGORY = CATEGORY
    DESCRIPTION = (
        "Let the prompt paint each thing in its box: in the first part of the schedule a box looks"
        " at its own phrase, and the rest of the picture does not. Works without any subject."
    )
    SEARCH_ALIASES = [
        "msdiffusion",
        "densediffusion",
        "dense diffusion",
        "layout guidance",
        "attention modulation",
        "regional",
        "gligen",
        "composition",
    ]
    RETURN_TYPES = ("MODEL", "CONDITIONING")
    RETURN_NAMES = ("model", "positive")
    OUTPUT_TOOLTIPS = (
        "The model whose text follows the layout, for Apply MS-Diffusion or the sampler.",
        "The prompt, encoded: the sampler's positive input. Then both are sure to be the same.",
    )
    FUNCTION = "apply"

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        prompt = (
            "The positive prompt; it must hold each phrase. The sampler takes it from the output"
            " `positive`."
        )
        phrases = (
            "One line a box, in the order of the boxes: the words of the prompt that are to be"
            " painted there. An empty line: that box is left to the prompt. All empty: the names of"
            " `subjects`."
        )
        strength = "How far the text follows the boxes: 0 is the plain model, 1 is the paper's."
        until = "The share of the schedule in which it acts; composition is settled early."
        self_attention = (
            "How far places inside a box look at one another rather than at the rest, as a share of"
            " `strength`: keeps what is in the box together. 0 leaves it and is faster."
        )
        auto = (
            "From Auto Layout, with the same prompt: from its start on, the areas that it finds in"
            " the text take the boxes' place. Start it before `until`."
        )
        share = {"min": 0.0, "max": 1.0, "step": 0.01}
        return {
            "required": {
                "model": ("MODEL", {"tooltip": "An SDXL model; LoRAs and others may be on it."}),
                "clip": ("CLIP", {"tooltip": "The CLIP of the checkpoint; it encodes the prompt."}),
                "prompt": ("STRING", {"multiline": True, "default": "", "tooltip": prompt}),
                "layout": ("MSD_LAYOUT", {"tooltip": "From Layout Boxes: box 1 is for line 1."}),
                "phrases": ("STRING", {"multiline": True, "default": "", "tooltip": phrases}),
                "strength": ("FLOAT", {"default": 1.0, **share, "tooltip": strength}),
                "until": ("FLOAT", {"default": 0.3, **PERCENT, "tooltip": until}),
            },
            "optional": {
                "self_attention": (
                    "FLOAT",
                    {"default": SELF_ATTENTION, **share, "tooltip": self_attention},
                ),
                "subjects": (
                    "MSD_SUBJECTS",
                    {"tooltip": "Instead of `phrases`: the names of these subjects."},
                ),
                "auto_layout": ("MSD_AUTO_LAYOUT", {"tooltip": auto}),
            },
        }

    @checked
    def apply(
        self,
        model: Any,
        clip: Any,
        prompt: str,
        layout: Layout | LayoutBatch,
        phrases: str,
        strength: float,
        until: float,
        self_attention: float = SELF_ATTENTION,
        subjects: list[Subject] | None = None,
        auto_layout: AutoLayoutSettings | None = None,
    ) -> tuple[Any, list[list]]:
        with naming("model"):
            text_sites(model)
        with naming("clip"):
            if "l" not in clip.tokenize(""):
                raise InputError("it has no CLIP-L; use the CLIP of an SDXL checkpoint")
        layouts = all_layouts(layout)
        lines = _lines(phrases, subjects, layouts)
        with naming("prompt"):
            if not prompt.strip():
                raise InputError("it is empty; write what the whole picture shows")
            positive = encode_prompt(clip, prompt, PROMPT)
        numbers = [number for number, line in enumerate(lines) if line]
        tokenize = partial(text_tokens, clip)
        with naming("phrases"):
            positions = phrase_positions(prompt, [lines[number] for number in numbers], tokenize)
        if auto_layout is not None:
            with naming("auto_layout"):
                _check_auto(auto_layout, prompt, until)
        if strength == 0 or until == 0:
            return (model.clone(), positive)
        rule = TextRule(
            positions=positions,
            length=prompt_length(prompt, tokenize),
            threshold=0.0,
            start_step=1,
            areas=False,
            prompt=prompt,
            embeddings=[embedding for embedding, _ in positive],
            input="prompt",
            node=NODE,
        )
        if auto_layout is not None:
            rule = _finding(rule, auto_layout)
        named = [replace(each, regions=tuple(each.regions[n] for n in numbers)) for each in layouts]
        following = TextFollowing(rule, strength, self_attention, until)
        finds = rule if rule.areas else None
        return (patch_without_subjects(model, named, following=following, text=finds), positive)


def _finding(rule: TextRule, auto: AutoLayoutSettings) -> TextRule:
    """The rule whose areas are found as auto layout finds them."""
    return replace(
        rule,
        areas=True,
        threshold=auto.threshold,
        start_step=auto.start_step,
        start_percent=auto.start_percent,
    )


def _check_auto(auto: AutoLayoutSettings, prompt: str, until: float) -> None:
    """The areas that it finds must be of this prompt, and in time.

    Raises:
        InputError: they are not.
    """
    if auto.prompt != prompt:
        came = shortened(auto.prompt, SHOWN)
        raise InputError(f'it was given another prompt, "{came}"; give both nodes the same text')
    if not auto.areas:
        raise InputError("its `areas` is off, so it finds none; turn it on, or unplug it")
    if auto.text_in_box:
        raise InputError(
            "its text_in_box keeps the text in its boxes already; turn it off, or unplug it"
        )
    if auto.start_percent >= until > 0:
        raise InputError(
            f"its areas take over at start_percent {auto.start_percent:g}, when the text no longer"
            f" follows (until {until:g}); start it earlier, or unplug it"
        )


def _lines(
    phrases: str, subjects: Sequence[Subject] | None, layouts: Sequence[Layout]
) -> list[str]:
    """The phrase of each box, empty for one without.

    Raises:
        InputError: there are not as many as boxes, none at all, or one's box has no area.
    """
    lines = [line.strip() for line in lines_of(phrases)]
    source = "phrases"
    if subjects is not None and not any(lines):
        lines, source = [_name(subject) for subject in subjects], "subjects"
    elif subjects is not None:
        raise InputError(
            "phrases: there are lines, and subjects too: empty the lines, or unplug it"
        )
    boxes = len(layouts[0].regions)
    while len(lines) > boxes and not lines[-1]:
        lines.pop()
    with naming(source):
        if not any(lines):
            raise InputError("there are none; write one line a box, words that are in the prompt")
        if len(lines) != boxes:
            raise InputError(
                f"{len(lines)} came for {boxes} boxes; give one line a box, an empty one for a box"
                " that is left to the prompt"
            )
        for number, line in enumerate(lines):
            if line and any(layout.regions[number].box == NO_AREA for layout in layouts):
                raise InputError(
                    f"box {number + 1} has no area (0, 0, 0, 0): draw it, or empty line"
                    f" {number + 1}"
                )
    return lines


def _name(subject: Subject) -> str:
    """What a subject is called; nothing where it is off or has no place of its own."""
    return subject.phrase if subject.enabled and not subject.everywhere else ""
