"""The keys and values of the boxes' words at one site: projected once a run."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

from torch import Tensor

from ..method.areas import Areas
from ..method.run import SubjectsRun
from ..method.words import put_words
from .sites import attention_at

KeyValue = tuple[Tensor, Tensor]


class SiteWords:
    """What the words of boxes become at a site, by its own `to_k` and `to_v`.

    These are as ComfyUI has made them for this run: with LoRAs, cast and on their device.

    Args:
        state: of this run; keeps them till its end.
        model: the one that is called.
        key: of the site.
        like: keys of the main prompt, for device and dtype.
        keeps: whether the model's weights stay as they are till the run's end.
    """

    def __init__(
        self, state: SubjectsRun, model: Any, key: tuple[str, int, int], like: Tensor, keeps: bool
    ) -> None:
        self.state, self.model, self.key = state, model, key
        self.like, self.keeps = like, keeps

    def put(self, out: Tensor, query: Tensor, areas: Areas, attend: Callable[..., Tensor]) -> None:
        """Let the words act in their boxes: see `put_words`.

        Args:
            out: the attention to the main prompt (rows, h·w, heads·dim); written to.
            query: the same shape.
            attend: ComfyUI's attention.
        """

        def of_box(asked: Tensor, box: int) -> Tensor:
            key, value = (x.expand(len(asked), -1, -1) for x in self.of(box))
            return attend(asked, key, value)

        words = self.state.applied.words
        put_words(out, query, areas.words(words.numbers), words.strength, of_box)

    def of(self, box: int) -> KeyValue:
        """Keys and values (1, text tokens, heads·dim) of a box's words."""
        if not self.keeps:
            return self._project(box)
        name: Hashable = ("words", self.key, box, self.like.device, self.like.dtype)
        return self.state.once(name, lambda: self._project(box))

    def _project(self, box: int) -> KeyValue:
        attention = attention_at(self.model.diffusion_model, self.key)
        text = self.state.applied.words.embeddings[box].to(self.like.device, self.like.dtype)
        return attention.to_k(text), attention.to_v(text)
