"""One run of the sampler, from the guider's prompts to the calls of the UNet.

A `Run` begins and ends with ComfyUI's `outer_sample` and travels in the transformer options of that
run alone: several runs, clones and GPUs share nothing that one of them changes.
"""

from __future__ import annotations

import logging
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from torch import Tensor

from ..errors import InputError, shortened
from ..layout import Extent
from ..method.applied import AppliedSubjects
from ..method.fitting import check_batch
from ..method.found import SHOWN, TextRule
from ..method.run import SubjectsRun
from .calls import Call, Condition
from .windows import UNKNOWN, announced_part, window_of

APPLIED = "msdiffusion_applied"  # in transformer_options: the subjects on a model, all of them
RUN = "msdiffusion_run"
EVALUATION = "msdiffusion_evaluation"
CALL = "msdiffusion_call"
PROMPT = "msdiffusion_prompt"  # in a conditioning: the text that it was made of
CELL = 8  # pixels along the side of a latent's cell


def applied_on(options: Mapping[str, Any]) -> tuple[AppliedSubjects, ...]:
    """The subjects on a model, those of each ApplyMSDiffusion, by its transformer options."""
    return options.get(APPLIED, ())


class Run:
    """What is known from the beginning of a run to its end.

    Args:
        guider: ComfyUI's, whose `conds` say which conditions are the positive prompt's.
        applied: the subjects on the model.
        shape: of the latent: (pictures, channels, height, width).

    Raises:
        InputError: the guider names no positive prompt, or the layouts are not one a picture.
    """

    def __init__(
        self, guider: Any, applied: Sequence[AppliedSubjects], shape: Sequence[int]
    ) -> None:
        self.pictures, self.size = shape[0], tuple(shape[-2:])
        self._guider = guider
        self._steps: list[Tensor] = []  # areas as they were shown, a set for each step
        self._shown: dict[Hashable, Tensor] = {}  # those of the step that is running
        if not (getattr(guider, "conds", None) or {}).get("positive"):
            raise InputError(
                f"model: the guider {type(guider).__name__:.60} does not say which prompt is the"
                " positive one; MS-Diffusion cannot tell where subjects may act: use KSampler,"
                " or a guider with a positive prompt"
            )
        for each in applied:
            check_batch(len(each.layouts), self.pictures)
            for layout in each.layouts:
                _compare_aspects(Extent(layout.height, layout.width), Extent(*self.size))
            for rule in each.rules:
                _check_prompts(rule, guider.conds["positive"])
        self.needs_pictures = any(len(each.layouts) > 1 or each.finds_areas for each in applied)
        to_sigma = guider.model_patcher.get_model_object("model_sampling").percent_to_sigma
        self._states = {
            each: SubjectsRun(each, to_sigma, self._show if each.has_subjects else None)
            for each in applied
        }
        self.asks_noise = any(state.asks_noise for state in self._states.values())
        self.called: set[tuple[AppliedSubjects, int]] | None = set()
        self.positive_came = self.others_came = False  # others: conditions not of the guider

    def state_of(self, applied: AppliedSubjects) -> SubjectsRun:
        return self._states[applied]

    def is_positive(self, entry: Mapping[str, Any]) -> bool:
        """Whether a condition is one of the positive prompt's.

        It acts on by its uuid, whatever list it is in. For a condition with an area ComfyUI puts a
        copy with the same uuid among the negative ones; that one has another text.

        Raises:
            InputError: it stands in several of the guider's lists, and its text in none.
        """
        same = [
            (role, other)
            for role, entries in self._guider.conds.items()
            for other in entries or ()
            if other.get("uuid") == entry.get("uuid")
        ]
        roles = {role for role, _ in same}
        if len(roles) > 1:
            roles = {role for role, other in same if _text_of(other) is _text_of(entry)}
        if len(roles) > 1 or same and not roles:
            raise InputError(
                "model: another node exchanged the text of a condition; it stands in the positive"
                " and in the negative prompt, so MS-Diffusion cannot tell which it is: take that"
                " node away, or the area of the conditioning"
            )
        return roles == {"positive"}

    def is_known(self, entry: Mapping[str, Any]) -> bool:
        """Whether a condition is one of the guider's."""
        uuid = entry.get("uuid")
        lists = self._guider.conds.values()
        return any(other.get("uuid") == uuid for entries in lists for other in entries or ())

    def check_positive(self) -> None:
        """The positive prompt must have been evaluated when a step ends.

        Raises:
            InputError: other conditions were, which are not the guider's.
        """
        if self.others_came and not self.positive_came:
            raise InputError(
                "model: another node evaluates conditions of its own in place of the sampler's;"
                " MS-Diffusion cannot tell which is the positive prompt: take that node away"
            )

    def end_step(self) -> None:
        """Keep the areas that were shown last, of the first prompt alone."""
        if self._shown:
            self._steps.append(next(iter(self._shown.values())))
            self._shown.clear()

    def end(self) -> list[Tensor]:
        """The areas of each step: bool (pictures, subjects, h, w) on the CPU."""
        self.end_step()
        self._guider = None
        self._states.clear()
        return [areas.to("cpu") for areas in self._steps]

    def _show(self, condition: Hashable, areas: Tensor) -> None:
        self._shown[condition] = areas


@dataclass(frozen=True)
class Evaluation:
    """Conditions that ComfyUI evaluates at one noise level.

    Attributes:
        run: which it belongs to.
        conditions: by number of the list that they came in, and uuid.
        pictures: rows of each condition.
        which: which of the run's pictures these are; None for all.
        replaced: patches for attn2 as they stand now.
        sigma: the noise level, where a time is set: asked for once, and not at each site.
    """

    run: Run
    conditions: Mapping[tuple[int, Hashable], Condition]
    pictures: int
    which: tuple[int, ...] | None
    replaced: Mapping[tuple, Any]
    sigma: float | None = None

    def call(self, options: Mapping[str, Any], model: Any = None) -> Call:
        """What a call of the UNet is about.

        Args:
            options: its transformer options, as ComfyUI made them.
            model: ComfyUI's, whose UNet is called.

        Raises:
            InputError: it has conditions that were not announced.
        """
        kinds, names = tuple(options["cond_or_uncond"]), options.get("uuids", ())
        try:
            pairs = zip(kinds, names, strict=True)
            conditions = [self.conditions[pair] for pair in pairs]
        except (KeyError, ValueError) as error:
            raise InputError(
                "model: another node evaluates conditions that it did not announce; MS-Diffusion"
                " cannot tell which are the positive prompt's: take that node away"
            ) from error
        # a LoRA on a hook changes the weights between steps, and between conditions
        keeps = not getattr(getattr(model, "current_patcher", None), "hook_patches", None)
        told = (self.pictures, self.which, self.replaced, model, keeps, self.sigma)
        return Call(conditions, kinds, *told)


def evaluation_of(
    run: Run,
    conds: Iterable[Iterable[dict] | None],
    x_in: Tensor,
    model_options: Mapping[str, Any],
    sigmas: Tensor | None = None,
) -> Evaluation:
    """What `calc_cond_batch` was called with.

    Args:
        conds: lists of conditions, as ComfyUI numbers them.
        x_in: (pictures, channels, height, width).
        sigmas: (pictures,), the noise level.

    Raises:
        InputError: pictures or a part of the picture came, and nobody says which.
    """
    part = announced_part(model_options, x_in.shape, run.pictures, run.size)
    if part.pictures == UNKNOWN and run.needs_pictures:
        raise InputError(
            f"model: another node samples {len(x_in)} of {run.pictures} pictures at a time and does"
            " not say which; MS-Diffusion cannot tell whose layout is whose; sample all at once"
        )
    height, width = x_in.shape[-2:]
    conditions = {}
    for number, entries in enumerate(conds):
        for entry in entries or ():
            size, window = window_of(entry.get("area"), (height, width), part.window)
            name = entry.get("uuid")
            conditions[number, name] = Condition(name, run.is_positive(entry), size, window)
    replaced = model_options["transformer_options"].get("patches_replace", {}).get("attn2", {})
    sigma = float(sigmas[0]) if run.asks_noise and sigmas is not None else None
    return Evaluation(run, conditions, len(x_in), part.pictures or None, replaced, sigma)


def _compare_aspects(layout: Extent, cells: Extent) -> None:
    """Say it where boxes are stretched by more than what rounding to whole cells does."""
    width = cells.height * layout.width / layout.height
    height = cells.width * layout.height / layout.width
    if abs(width - cells.width) > 1 and abs(height - cells.height) > 1:
        _tell_of_aspects(layout, Extent(cells.height * CELL, cells.width * CELL))


@cache
def _tell_of_aspects(layout: Extent, picture: Extent) -> None:
    logging.warning(
        f"MS-Diffusion: the layout is {layout} and the latent's picture {picture}, another aspect:"
        " the boxes are stretched. Give Layout Boxes the width and height of the latent"
    )


def _check_prompts(rule: TextRule, positive: Sequence[Mapping[str, Any]]) -> None:
    """Each of the sampler's positive prompts must be auto layout's.

    Raises:
        InputError: one is not; says which, and what it is known to be.
    """
    for number, entry in enumerate(positive, start=1):
        which = "the sampler's positive prompt"
        if len(positive) > 1:
            which += f" {number} of {len(positive)} (combined)"
        known = entry.get(PROMPT)
        origin = (
            f', and this is of an Auto Layout with "{shortened(known, SHOWN)}"' if known else ""
        )
        rule.check_prompt(entry.get("cross_attn"), which, origin)


def _text_of(entry: Mapping[str, Any]) -> object:
    """The object that holds a condition's text; copies of a condition share it."""
    return entry.get("model_conds", {}).get("c_crossattn")
