"""From subjects and layouts to what each site of the model adds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..errors import InputError, naming
from ..layout import Box, Layout, Region
from ..method.attention import Overlap
from ..method.auto_layout import AutoLayout
from ..method.phrases import phrase_positions, prompt_length
from ..method.subject_attention import SubjectAttention
from ..subjects import Subject, parse_weights
from .loading import ManagedAdapter
from .patching import compute_dtype, find_sites, patch_model, sigma_range

WHOLE = Region(Box(0.0, 0.0, 1.0, 1.0))


@dataclass(frozen=True)
class Settings:
    """How the subjects act; `weights` are one a subject, also for those that are off."""

    weights: Sequence[float]
    start_percent: float
    end_percent: float
    grounding: bool
    overlap: Overlap
    auto: AutoLayout | None


def weights_of(subjects: Sequence[Subject], text: str, weight: float) -> list[float]:
    """A weight for each subject: from the text, else its own, else the common one."""
    if text.strip():
        return parse_weights(text, weight, len(subjects))
    return [weight if subject.weight is None else subject.weight for subject in subjects]


def apply_subjects(
    model: Any,
    msd_model: ManagedAdapter,
    subjects: Sequence[Subject],
    layouts: Sequence[Layout],
    settings: Settings,
) -> Any:
    """A clone of the model with the subjects at every site.

    Raises:
        InputError: a phrase is not in the prompt, text_in_box cannot be had on this model, or the
            weights are too large for it.
    """
    on = [number for number, subject in enumerate(subjects) if subject.enabled]
    subjects = [subjects[number] for number in on]
    weights = [settings.weights[number] for number in on]
    layouts = [_own_regions(layout, on, subjects) for layout in layouts]
    sites = find_sites(model)
    heads, dtype = [site.heads for site in sites], compute_dtype(model)
    view_weights = [
        weight * view
        for weight, subject in zip(weights, subjects, strict=True)
        for view in subject.view_weights or (1.0,) * len(subject.image_features)
    ]
    common = _common(model, subjects, settings)
    common["token_counts"] = msd_model.adapter.token_counts(subjects)
    # the last of the output blocks has the finest grid
    common["shown_site"] = max(n for n, site in enumerate(sites) if site.block == "output")
    attentions = [SubjectAttention(layout, **common) for layout in layouts]
    made = msd_model.site_tokens(subjects, layouts, view_weights, settings.grounding, heads)
    tokens = [[site_tokens.to(dtype) for site_tokens in of_layout] for of_layout in made]
    if not all(site_tokens.is_finite() for of_layout in tokens for site_tokens in of_layout):
        raise InputError(
            f"weight: the subjects' effect is too strong for a model in {dtype}; lower weight,"
            " subject_weights or view_weights"
        )
    return patch_model(model, sites, attentions, tokens)


def _own_regions(layout: Layout, on: Sequence[int], subjects: Sequence[Subject]) -> Layout:
    """The regions of the subjects that are on, the scene's made the whole picture."""
    regions = (
        WHOLE if subject.everywhere else layout.regions[number]
        for number, subject in zip(on, subjects, strict=True)
    )
    return replace(layout, regions=tuple(regions))


def _common(model: Any, subjects: Sequence[Subject], settings: Settings) -> dict[str, Any]:
    """What SubjectAttention takes that is the same for every layout of a batch."""
    ranges = [
        sigma_range(
            model,
            max(settings.start_percent, subject.start_percent),
            min(settings.end_percent, subject.end_percent),
        )
        for subject in subjects
    ]
    common = {"overlap": settings.overlap, "auto": settings.auto}
    common["ranges"] = ranges if any(ranges) else ()
    if settings.auto is not None:
        prompt, tokenize = settings.auto.prompt, settings.auto.tokenize
        with naming("auto_layout"):
            phrases = [subject.phrase for subject in subjects]
            common["positions"] = phrase_positions(prompt, phrases, tokenize)
            common["prompt_length"] = prompt_length(prompt, tokenize)
    return common
