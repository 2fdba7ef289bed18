"""A subject's pictures and phrase through ComfyUI's CLIP vision and CLIP."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from ..errors import InputError, is_whole, naming
from ..pictures.references import Reference, squash
from ..subjects import Subject


def check_clip(clip: Any) -> None:
    """Whether ComfyUI's CLIP has a CLIP-L part.

    Raises:
        InputError: names the input and what to connect there.
    """
    with naming("clip"):
        if not hasattr(clip.cond_stage_model, "clip_l") or "l" not in clip.tokenize(""):
            kind = type(clip.cond_stage_model).__name__
            raise InputError(
                f"{kind} has no CLIP-L text encoder; use the CLIP of an SDXL checkpoint"
            )


def text_tokens(clip: Any, text: str) -> list[list[tuple]]:
    """A text's CLIP-L tokens: chunks of 77 (token, weight).

    Raises:
        InputError: its brackets, which ComfyUI reads as weights, are nested too deeply, or it has
            halves of characters, as JSON may hold.
    """
    if not is_whole(text):
        raise InputError(f"{text!r:.60} has half of a character in it; type it again")
    try:
        return clip.tokenize(text)["l"]
    except RecursionError as error:
        raise InputError("its brackets are nested too deeply; take some away") from error


def encode_prompt(clip: Any, text: str, mark: str) -> list[list]:
    """A prompt as ComfyUI's CONDITIONING, with the text itself under the key `mark`.

    Raises:
        InputError: see `text_tokens`.
    """
    text_tokens(clip, text)
    return [
        [embedding, {**options, mark: text}]
        for embedding, options in clip.encode_from_tokens_scheduled(clip.tokenize(text))
    ]


def encode_words(clip: Any, text: str) -> Tensor:
    """A text as SDXL's cross-attentions get it, without the pooled output: (1, tokens, width).

    Raises:
        InputError: see `text_tokens`; or the encoder gives something else for it than one text.
    """
    came = encode_prompt(clip, text, "")
    if len(came) != 1:
        raise InputError(
            "its weights change over the schedule (hooks), and these words are encoded once:"
            " connect the CLIP from before that node"
        )
    embedding, length = came[0][0], sum(map(len, text_tokens(clip, text)))
    if embedding.shape[1] != length:
        raise InputError(
            f"it makes {embedding.shape[1]} tokens of a text of {length}; another node has changed"
            " how texts are encoded (NegPip does so): connect the CLIP from before that node"
        )
    return embedding.float().to("cpu")


def encode_reference(clip: Any, clip_vision: Any, reference: Reference) -> Subject:
    """Encode one subject with ComfyUI's CLIP (its CLIP-L part) and CLIP_VISION.

    Raises:
        InputError: the phrase cannot be encoded, see `encode_phrase`.
    """
    with naming("phrases"):
        phrase_embedding = encode_phrase(clip, reference.phrase)
    features = encode_views(clip_vision, reference.pictures)
    return Subject(reference.phrase, features.float(), phrase_embedding)


def encode_views(clip_vision: Any, pictures: Sequence[Tensor]) -> Tensor:
    """Penultimate CLIP-vision states of a subject's pictures.

    Args:
        clip_vision: ComfyUI's CLIP_VISION.
        pictures: (1, height, width, 3) in 0..1 each; sizes may differ.

    Returns:
        (views, tokens, width)
    """
    squares = torch.cat([squash(picture, clip_vision.image_size) for picture in pictures])
    return clip_vision.encode_image(squares, crop=False).penultimate_hidden_states


def encode_phrase(clip: Any, phrase: str) -> Tensor:
    """Pooled CLIP-L output of a phrase, before any text projection: (width,).

    The pooled output is the last layer's at the end of the text, whatever the clip skip.

    Raises:
        InputError: the phrase is longer than one chunk of text.
    """
    clip_l = clip.cond_stage_model.clip_l
    chunks = text_tokens(clip, phrase)
    if len(chunks) > 1:
        raise InputError(f'"{phrase[:40]}…" is too long; name the subject in a few words')
    clip.load_model()
    clip.cond_stage_model.reset_clip_options()
    try:
        # newer versions ask to be told the device; older ones ignore the entry
        options = {"projected_pooled": False, "execution_device": clip.patcher.load_device}
        clip_l.set_clip_options(options)
        _, pooled = clip_l.encode_token_weights(chunks)[:2]
    finally:
        clip.cond_stage_model.reset_clip_options()
    return pooled[0].float()
