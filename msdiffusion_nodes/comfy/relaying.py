"""A model whose subjects act in another layout: that of a part of the picture, say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from comfy.model_patcher import ModelPatcher

from ..acting import acting
from ..errors import InputError
from ..layout import Box, Layout
from ..method.applied import AppliedSubjects
from ..method.run import SubjectsRun
from ..subjects import Subject
from .following import site_patches
from .runs import APPLIED, applied_on
from .self_patch import SelfPatch
from .site_patch import SitePatch

ALL = Box(0.0, 0.0, 1.0, 1.0)


def subjects_on(model: ModelPatcher) -> list[Subject]:
    """All subjects on a model, those of one ApplyMSDiffusion after the other; also those off."""
    applied = (each for each in _applied(model) if each.given is not None)
    return [subject for each in applied for subject in each.given.subjects]


def subjects_in(model: ModelPatcher, layouts: Sequence[Layout]) -> list[Subject]:
    """All subjects on a model, as they act in layouts with a region for each.

    Raises:
        InputError: a layout turns one on that was off when the model got it.
    """
    before = subjects_on(model)
    told = acting(before, layouts)
    for number, (was, now) in enumerate(zip(before, told, strict=True), start=1):
        if now.enabled and not was.enabled:
            raise InputError(
                f"box {number} is on, and off where Apply MS-Diffusion put the subjects on the"
                " model; turn it on there, or off here"
            )
    return told


def with_layout(
    model: ModelPatcher, layout: Layout, window: Box = ALL, picture: int = 0
) -> ModelPatcher:
    """A clone whose subjects act as if ApplyMSDiffusion had been given this layout.

    Where the subjects are is then known: auto layout no longer looks for areas, but still keeps a
    phrase's text in its own. Words of an ApplyBoxPrompts act in their own layout's part.

    Args:
        model: any; one without subjects and words is given back as it is.
        layout: a region for each of `subjects_on(model)`.
        window: the part of the picture that this is.
        picture: which picture of the batch.

    Raises:
        InputError: another node has put itself before the subjects.
    """
    others, regions = {}, iter(layout.regions)
    for applied in _applied(model):
        if applied.given is None:
            others[applied] = _seen(applied, layout, window, picture)
            continue
        own = replace(layout, regions=tuple(next(regions) for _ in applied.given.subjects))
        others[applied] = _placed(applied, model, own)
    if not others:
        return model
    _check_reached(model)
    relaid = model.clone()
    to_sigma = model.get_model_object("model_sampling").percent_to_sigma
    bare = {applied: SubjectsRun(other, to_sigma) for applied, other in others.items()}
    for key, patch in site_patches(relaid.model_options["transformer_options"]).items():
        relaid.set_model_attn2_replace(_exchanged(patch, bare), *key)
    for key, patch in self_patches(relaid.model_options["transformer_options"]).items():
        state = bare[patch.applied]
        own = SelfPatch(patch.site, patch.key, state.applied, None, state, patch.model)
        relaid.set_model_attn1_replace(own, *key)
    relaid.model_options["transformer_options"][APPLIED] = tuple(others.values())
    return relaid


def _applied(model: ModelPatcher) -> tuple[AppliedSubjects, ...]:
    return applied_on(model.model_options.get("transformer_options", {}))


def _placed(applied: AppliedSubjects, model: ModelPatcher, layout: Layout) -> AppliedSubjects:
    made = applied.given.applied(model, [layout])
    text = made.text
    return replace(made, text=replace(text, areas=False) if made.keeps_text_in_box else None)


def _seen(applied: AppliedSubjects, size: Layout, window: Box, picture: int) -> AppliedSubjects:
    """Words alone, in a part of one picture, whose composition the text no longer changes."""
    own = applied.layouts[picture if len(applied.layouts) > 1 else 0].crop(window)
    own = replace(own, width=size.width, height=size.height)
    return replace(applied, layouts=[own], tokens=applied.tokens[:1], text=None, following=None)


def _exchanged(patch: SitePatch, bare: Mapping[AppliedSubjects, SubjectsRun]) -> SitePatch:
    """The patch with other subjects, and what other packs added to it."""
    state, earlier = bare[patch.applied], patch.earlier
    if isinstance(earlier, SitePatch):
        earlier = _exchanged(earlier, bare)
    twin = SitePatch(patch.site, patch.key, state.applied, earlier, state, patch.model)
    twin.added = list(patch.added)
    return twin


def self_patches(options: Mapping[str, Any]) -> dict[tuple, SelfPatch]:
    """Our patches of self-attentions in a model's transformer options, by ComfyUI's key."""
    attn1 = options.get("patches_replace", {}).get("attn1", {})
    return {key: patch for key, patch in attn1.items() if isinstance(patch, SelfPatch)}


def _check_reached(model: ModelPatcher) -> None:
    options = model.model_options["transformer_options"]
    found = Counter(each.applied for one in site_patches(options).values() for each in one.chain())
    for applied in _applied(model):
        if found[applied] < applied.sites:
            raise InputError(
                "model: another node behind Apply MS-Diffusion has put itself before the subjects;"
                " their boxes cannot be those of a crop: put Apply MS-Diffusion behind that node"
            )
