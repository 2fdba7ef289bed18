"""What must fit together before sampling starts: model, adapter, subjects, layout, pictures."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import InputError, listed
from ..layout import Layout
from ..subjects import Subject, require_same_encoder
from .adapter import Adapter

BIGG = 1664
ENCODERS = {
    BIGG: "CLIP-ViT-bigG",
    1536: "DINOv2-G",
    1280: "CLIP-ViT-H",
    1152: "SigLIP",
    1024: "CLIP-ViT-L or DINOv2-L",
}


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
    if model_name == "SDXL" and len(widths) < len(expected):
        raise InputError(
            f"this is {model_name} with {what}, and the adapter needs {len(expected)}; another node"
            " on this model has replaced some of its blocks. Put Apply MS-Diffusion before that"
            " node"
        )
    raise InputError(
        f"this is {model_name} with {what}; the adapter needs {len(expected)} text"
        f" cross-attentions, {min(expected)} to {max(expected)} wide. Load an SDXL checkpoint (base"
        " or a fine-tune of it; no refiner, SD 1.5, SD 3 or Flux)"
    )


def check_subjects(subjects: Sequence[Subject], adapter: Adapter) -> None:
    """The subjects must come from the encoders that the adapter was trained with."""
    if not subjects:
        raise InputError("there are none; connect EncodeSubjects")
    require_same_encoder(subjects)
    width = subjects[0].image_features.shape[-1]
    if width != adapter.feature_width:
        came = ENCODERS.get(width, "another encoder")
        wanted = ENCODERS.get(adapter.feature_width, "the encoder that it was trained with")
        fix = "load clip_vision_g.safetensors" if adapter.feature_width == BIGG else "load that one"
        raise InputError(
            f"clip_vision gives {width}-wide features ({came}); this adapter needs {wanted}"
            f" ({adapter.feature_width}): {fix} for EncodeSubjects"
        )
    width = len(subjects[0].phrase_embedding)
    if width != adapter.phrase_width:
        raise InputError(
            f"clip gives {width}-wide phrases; this adapter needs {adapter.phrase_width} (the"
            " CLIP-L of SDXL): connect the CLIP of your SDXL checkpoint to EncodeSubjects"
        )


def check_layout(layout: Layout, subjects: Sequence[Subject]) -> None:
    """Subject i takes region i: there must be as many of the one as of the other."""
    boxes, names = len(layout.regions), [subject.phrase for subject in subjects]
    if boxes != len(names):
        came = "1 box" if boxes == 1 else f"{boxes} boxes"
        wanted = "1 subject" if len(names) == 1 else f"{len(names)} subjects"
        raise InputError(
            f"{came} came for {wanted} ({listed(names)}); give one box a"
            " subject, in their order (0, 0, 0, 0 for a subject without an area)"
        )


def check_batch(layouts: int, pictures: int) -> None:
    """One layout serves all pictures of a batch, several are one a picture."""
    if layouts not in (1, pictures):
        raise InputError(
            f"layout: there are {layouts} layouts for {pictures} pictures; give one layout, or one"
            " a picture of the batch"
        )
