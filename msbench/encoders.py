"""Encoders, as `transformers` has them: pictures become directions, rows of length 1.

Each prepares a picture as its own files say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from console import SetupError
from PIL import Image
from torch import Tensor, nn
from transformers import AutoImageProcessor, AutoModel, AutoTokenizer
from transformers.utils import logging

from .encoder_files import CLIP, Named


class Dino:
    """The class token of the last layer, as DINO's authors compare pictures."""

    def __init__(self, source: str, device: str) -> None:
        """
        Args:
            source: a folder, or a name on Hugging Face's hub.
        """
        self.device = device
        self.prepare = AutoImageProcessor.from_pretrained(source)
        self.model = AutoModel.from_pretrained(source).to(device).eval()

    def pictures(self, pictures: Sequence[Image.Image]) -> Tensor:
        """(pictures, width)."""
        return _directions(self.model(**self._pixels(pictures)).last_hidden_state[:, 0])

    def texts(self, texts: Sequence[str]) -> Tensor | None:
        """(texts, width), of an encoder that reads texts."""
        return None

    def _pixels(self, pictures: Sequence[Image.Image]) -> Mapping[str, Tensor]:
        return self.prepare(images=list(pictures), return_tensors="pt").to(self.device)


class Clip(Dino):
    """The projected embeddings of pictures and of texts."""

    def __init__(self, source: str, device: str) -> None:
        super().__init__(source, device)
        self.tokenizer = AutoTokenizer.from_pretrained(source)

    def pictures(self, pictures: Sequence[Image.Image]) -> Tensor:
        seen = self.model.vision_model(**self._pixels(pictures)).pooler_output
        return _directions(self.model.visual_projection(seen))

    def texts(self, texts: Sequence[str]) -> Tensor:
        """(texts, width); what is beyond CLIP's 77 tokens is cut off."""
        tokens = self.tokenizer(list(texts), padding=True, truncation=True, return_tensors="pt")
        read = self.model.text_model(**tokens.to(self.device)).pooler_output
        return _directions(self.model.text_projection(read))


def load_encoder(named: Named, source: str, device: str) -> Dino:
    """
    Raises:
        SetupError: when its files are not there or not whole.
    """
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        return (Clip if named.family == CLIP else Dino)(source, device)
    except Exception as error:  # each kind of broken file has an error of its own
        raise SetupError(f"{named.label} could not be loaded from {source}: {error}") from error


def best_device() -> str:
    return "cuda" if torch.cuda.is_available() else "cpu"


def _directions(rows: Tensor) -> Tensor:
    return nn.functional.normalize(rows.float(), dim=-1).cpu()
