"""From subjects and layouts to a model that has them at every site."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from comfy.model_patcher import ModelPatcher

from ..acting import acting
from ..errors import InputError, naming
from ..layout import NO_AREA, Box, Layout, Region
from ..method.applied import AppliedSubjects, PlacedTokens
from ..method.attention import Overlap
from ..method.found import AutoLayoutSettings, TextRule
from ..method.phrases import phrase_positions, prompt_length
from ..method.run import SubjectsRun
from ..method.schedule import Times
from ..method.words import BoxPrompts
from ..subjects import Subject
from .following import follow_runs
from .loading import ManagedAdapter
from .runs import APPLIED, applied_on
from .self_patch import SelfPatch
from .site_patch import SitePatch
from .sites import Site, compute_dtype, find_sites

WHOLE = Region(Box(0.0, 0.0, 1.0, 1.0))


@dataclass(frozen=True)
class Settings:
    """How the subjects act.

    Attributes:
        weight: of those that have none of their own.
        weights: one a subject, also for those that are off, in place of all others; or None.
    """

    weight: float
    weights: Sequence[float] | None
    times: Times
    grounding: bool
    overlap: Overlap
    auto: AutoLayoutSettings | None

    def weights_of(self, subjects: Sequence[Subject]) -> list[float]:
        """A weight for each subject."""
        if self.weights is not None:
            return list(self.weights)
        return [self.weight if each.weight is None else each.weight for each in subjects]


@dataclass(frozen=True, eq=False)
class Given:
    """What an ApplyMSDiffusion was given, but for model, layouts and text encoder.

    Attributes:
        subjects: all of them, also those that are off.
        text: auto layout's rule for those that are on, or None.
        words: of the boxes of all of them, or None.
    """

    msd_model: ManagedAdapter
    subjects: Sequence[Subject]
    settings: Settings
    text: TextRule | None
    words: BoxPrompts | None = None

    def applied(self, model: ModelPatcher, layouts: Sequence[Layout]) -> AppliedSubjects:
        """The subjects that are on, ready for every site of a model.

        Args:
            layouts: one for all pictures, or one a picture; with a region for each of `subjects`.
                Their options count; a subject that these turn off has no area.

        Raises:
            InputError: the weights are too large for the model.
        """
        on = [number for number, subject in enumerate(self.subjects) if subject.enabled]
        told = acting(self.subjects, layouts)
        subjects, weights = [told[number] for number in on], self.settings.weights_of(told)
        weights = [weights[number] for number in on]
        layouts = [_own_regions(layout, on, subjects) for layout in layouts]
        view_weights = [
            weight * view
            for weight, subject in zip(weights, subjects, strict=True)
            for view in subject.view_weights or (1.0,) * len(subject.image_features)
        ]
        sites, dtype, grounding = find_sites(model), compute_dtype(model), self.settings.grounding
        heads = [site.heads for site in sites]
        made = self.msd_model.site_tokens(subjects, layouts, view_weights, grounding, heads)
        tokens = [[site_tokens.to(dtype) for site_tokens in of_layout] for of_layout in made]
        if not all(site_tokens.is_finite() for of_layout in tokens for site_tokens in of_layout):
            raise InputError(
                f"weight: the subjects' effect is too strong for a model in {dtype}; lower weight,"
                " subject_weights or view_weights"
            )
        times = self.settings.times
        return AppliedSubjects(
            layouts=layouts,
            tokens=[[PlacedTokens(each) for each in of_layout] for of_layout in tokens],
            token_counts=self.msd_model.adapter.token_counts(subjects),
            overlap=self.settings.overlap,
            scenes=[number for number, subject in enumerate(subjects) if subject.everywhere],
            times=[times.within(_times_of(subject)) for subject in subjects],
            text=self.text,
            # the last of the output blocks has the finest grid
            shown_site=max(n for n, site in enumerate(sites) if site.block == "output"),
            given=self,
            words=None if self.words is None else self.words.only(on),
        )


def apply_subjects(
    model: ModelPatcher,
    msd_model: ManagedAdapter,
    subjects: Sequence[Subject],
    layouts: Sequence[Layout],
    settings: Settings,
    words: BoxPrompts | None = None,
) -> ModelPatcher:
    """A clone of the model with the subjects at every site, and words in their boxes.

    Raises:
        InputError: a phrase is not in the prompt, text_in_box cannot be had on this model, or the
            weights are too large for it.
    """
    text = None
    if settings.auto is not None:
        with naming("auto_layout"):
            phrases = [subject.phrase for subject in subjects if subject.enabled]
            text = _text_rule(settings.auto, phrases)
    given = Given(msd_model, tuple(subjects), replace(settings, auto=None), text, words)
    return patch_model(model, find_sites(model), given.applied(model, layouts))


def patch_model(
    model: ModelPatcher, sites: Sequence[Site], applied: AppliedSubjects
) -> ModelPatcher:
    """A clone of the model with what one node applies at every site.

    Raises:
        InputError: text_in_box is asked for, and another node has changed the text attention.
    """
    patched = model.clone()
    options = model.model_options["transformer_options"]
    present = options.get("patches_replace", {}).get("attn2", {})
    to_sigma = model.get_model_object("model_sampling").percent_to_sigma
    bare = SubjectsRun(applied, to_sigma)
    for number, site in enumerate(sites):
        earlier = present.get(site.key)
        taken = earlier is not None or site.key[:2] in present
        if taken and applied.keeps_text_in_box:
            raise InputError(
                "auto_layout: text_in_box needs the text attention to itself; another node has"
                " already changed it on this model: turn text_in_box off, or apply that node after"
            )
        if applied.following is not None:
            _check_follows(earlier, site.key[:2] in present)
        patch = SitePatch(number, site.key, applied, earlier, bare, model.model)
        if applied.following is not None and isinstance(earlier, SitePatch):
            patch = earlier.over(patch)  # what others make of the text comes after it
        patched.set_model_attn2_replace(patch, *site.key)
        if applied.following is not None and applied.following.self_attention > 0:
            _check_self(options, site.key)
            own = SelfPatch(number, site.key, applied, None, bare, model.model)
            patched.set_model_attn1_replace(own, *site.key)
    options = patched.model_options["transformer_options"]  # ComfyUI has exchanged the dict
    options[APPLIED] = (*applied_on(options), applied)
    follow_runs(patched)
    return patched


def _check_self(options: Mapping[str, Any], key: tuple[str, int, int]) -> None:
    """The self-attention must be ComfyUI's.

    Raises:
        InputError: it is not.
    """
    present = options.get("patches_replace", {}).get("attn1", {})
    if key in present or key[:2] in present:
        raise InputError(
            "self_attention: another node has replaced the model's self-attention already"
            " (Self-Attention Guidance does so): put it behind Text Follows Layout, or set"
            " self_attention to 0"
        )


def _check_follows(earlier: object, whole: bool) -> None:
    """Text can follow a layout where it is ComfyUI's, and others only add to it.

    Raises:
        InputError: it is not so.
    """
    ours = list(earlier.chain()) if isinstance(earlier, SitePatch) else []
    if any(patch.applied.following is not None for patch in ours):
        raise InputError(
            "model: there is a Text Follows Layout on it already; take one of them away"
        )
    if any(patch.applied.keeps_text_in_box for patch in ours):
        raise InputError(
            "model: Auto Layout's text_in_box keeps the text in its boxes already; turn it off, or"
            " take Text Follows Layout away"
        )
    lowest = ours[-1].earlier if ours else earlier
    if whole or lowest is not None and not hasattr(lowest, "add"):
        raise InputError(
            "model: another node has changed the text attention already (attention couple, NegPip"
            " and regional prompts do so); text that follows a layout needs it to itself: take one"
            " of the two away"
        )


def _own_regions(layout: Layout, on: Sequence[int], subjects: Sequence[Subject]) -> Layout:
    """The regions of the subjects that are on, the scene's made the whole picture."""
    regions = (
        _own_region(layout.regions[number], subject)
        for number, subject in zip(on, subjects, strict=True)
    )
    return replace(layout, regions=tuple(regions))


def _own_region(region: Region, subject: Subject) -> Region:
    if not subject.enabled:
        return Region(NO_AREA)
    return WHOLE if subject.everywhere else region


def _times_of(subject: Subject) -> Times:
    return Times(subject.start_percent, subject.end_percent)


def _text_rule(auto: AutoLayoutSettings, phrases: Sequence[str]) -> TextRule:
    return TextRule(
        positions=phrase_positions(auto.prompt, phrases, auto.tokenize),
        length=prompt_length(auto.prompt, auto.tokenize),
        threshold=auto.threshold,
        start_step=auto.start_step,
        areas=auto.areas,
        text_in_box=auto.text_in_box,
        start_percent=auto.start_percent,
        prompt=auto.prompt,
        embeddings=auto.embeddings,
    )
