"""Words in boxes on a model without subjects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from comfy.model_patcher import ModelPatcher

from ..acting import common_options
from ..errors import InputError, naming
from ..layout import Layout, Region
from ..method.words import BoxPrompts
from ..region_options import RegionOptions
from .applying import WHOLE
from .sites import attention_at, kind_of
from .without_subjects import patch_without_subjects, text_sites


def check_text_width(model: ModelPatcher, words: BoxPrompts) -> None:
    """The words must be encoded as the model's cross-attentions take them.

    Raises:
        InputError: the model is no UNet, or takes another encoder's texts.
    """
    first = text_sites(model)[0]
    taken = attention_at(model.get_model_object("diffusion_model"), first.key).to_k.in_features
    came = next((each.shape[-1] for each in words.embeddings if each is not None), taken)
    if came != taken:
        raise InputError(
            f"{kind_of(model)} takes texts {taken} wide, and the CLIP of Box Prompts makes them"
            f" {came} wide; connect model and CLIP of the same checkpoint"
        )


def apply_words(model: ModelPatcher, layouts: Sequence[Layout], words: BoxPrompts) -> ModelPatcher:
    """A clone of the model with words in the boxes of its layouts.

    Of what a layout says of a box, *off* and *scene* count for words as well; weight and times are
    a picture's.

    Args:
        layouts: one for all pictures, or one a picture; with a region for each line of words.

    Raises:
        InputError: layouts say different things of a box.
    """
    said = []
    for number in range(len(words.lines)):
        with naming(f"box {number + 1}"):
            said.append(common_options(layouts, number))
    on = [number for number, options in enumerate(said) if options.enabled is not False]
    acting = words.only(on)
    if acting is None:
        return model.clone()
    scenes = [place for place, number in enumerate(on) if said[number].everywhere]
    placed = [replace(each, regions=_own(each, on, said)) for each in layouts]
    return patch_without_subjects(model, placed, scenes=scenes, words=acting)


def _own(layout: Layout, on: Sequence[int], said: Sequence[RegionOptions]) -> tuple[Region, ...]:
    return tuple(WHOLE if said[number].everywhere else layout.regions[number] for number in on)
