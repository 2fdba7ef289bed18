"""What must fit before sampling starts. Errors say what came, what was expected, and the fix."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from .adapter import Adapter
from .layout import Layout
from .subjects import Subject, listed, require_same_encoder

BIGG = 1664
ENCODERS = {
    BIGG: "CLIP-ViT-bigG",
    1536: "DINOv2-G",
    1280: "CLIP-ViT-H",
    1152: "SigLIP",
    1024: "CLIP-ViT-L or DINOv2-L",
}


@contextmanager
def naming(input_name: str) -> Iterator[None]:
    """Put the name of a node's input in front of what is wrong with it."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{input_name}: {error}") from error


def check_sites(widths: Sequence[int], adapter: Adapter, model_name: str) -> None:
    """The UNet must have the text cross-attentions that the adapter was trained for."""
    expected = adapter.site_widths
    if list(widths) == expected:
        return
    if not widths:
        what = "no text cross-attentions of the SDXL kind"
    elif len(widths) != len(expected):
        what = f"{len(widths)} text cross-attentions"
    else:
        site = next(n for n in range(len(widths)) if widths[n] != expected[n])
        what = f"text cross-attention {site + 1} {widths[site]} wide instead of {expected[site]}"
    raise ValueError(
        f"this is {model_name} with {what}; the adapter needs {len(expected)} text"
        f" cross-attentions, {min(expected)} to {max(expected)} wide. Load an SDXL checkpoint (base"
        " or a fine-tune of it; no refiner, SD 1.5, SD 3 or Flux)"
    )


def check_subjects(subjects: Sequence[Subject], adapter: Adapter) -> None:
    """The subjects must come from the encoders that the adapter was trained with."""
    if not subjects:
        raise ValueError("there are none; connect EncodeSubjects")
    require_same_encoder(subjects)
    width = subjects[0].image_features.shape[-1]
    if width != adapter.feature_width:
        came = ENCODERS.get(width, "another encoder")
        wanted = ENCODERS.get(adapter.feature_width, "the encoder that it was trained with")
        fix = "load clip_vision_g.safetensors" if adapter.feature_width == BIGG else "load that one"
        raise ValueError(
            f"clip_vision gives {width}-wide features ({came}); this adapter needs {wanted}"
            f" ({adapter.feature_width}): {fix} for EncodeSubjects"
        )
    width = len(subjects[0].phrase_embedding)
    if width != adapter.phrase_width:
        raise ValueError(
            f"clip gives {width}-wide phrases; this adapter needs {adapter.phrase_width} (the"
            " CLIP-L of SDXL): connect the CLIP of your SDXL checkpoint to EncodeSubjects"
        )


def check_layout(layout: Layout, subjects: Sequence[Subject]) -> None:
    """Subject i takes region i: there must be as many of the one as of the other."""
    boxes, names = len(layout.regions), [subject.phrase for subject in subjects]
    if boxes != len(names):
        raise ValueError(
            f"{boxes} boxes came for {len(names)} subjects ({listed(names)}); give one box a"
            " subject, in their order (0, 0, 0, 0 for a subject without an area)"
        )


def check_batch(layouts: int, pictures: int) -> None:
    """One layout serves all pictures of a batch, several are one a picture."""
    if layouts not in (1, pictures):
        raise ValueError(
            f"layout: there are {layouts} layouts for {pictures} pictures; give one layout, or one"
            " a picture of the batch"
        )


def check_finite(number: float) -> None:
    """ComfyUI's own range check lets NaN through."""
    if not math.isfinite(number):
        raise ValueError(f"{number} came; expected a finite number")


def check_least(number: int, least: int) -> None:
    """What comes by a link is not compared with a widget's range."""
    if number < least:
        raise ValueError(f"{number} came; expected at least {least}")


def check_schedule(start_percent: float, end_percent: float) -> None:
    """The subjects must have a time to act.

    Raises:
        ValueError: names the input.
    """
    for name, percent in (("start_percent", start_percent), ("end_percent", end_percent)):
        with naming(name):
            check_finite(percent)
    if start_percent > end_percent:
        raise ValueError(
            f"start_percent: {start_percent} comes after end_percent {end_percent}; swap them"
        )
