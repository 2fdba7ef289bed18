"""The keys and values of the boxes' words at one site: projected once a run."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Any

from torch import Tensor

from ..method.areas import Areas
from ..method.run import SubjectsRun
from ..method.word_segments import put_segments
from ..method.words import put_words
from .site_text import SiteText
from .sites import attention_at

KeyValue = tuple[Tensor, Tensor]


class SiteWords:
    """What the words of boxes become at a site, by its own `to_k` and `to_v`.

    These are as ComfyUI has made them for this run: with LoRAs, cast and on their device.

    Args:
        state: of this run; keeps them till its end.
        model: the one that is called.
        key: of the site.
        text: the queries, and the main prompt.
        keeps: whether the model's weights stay as they are till the run's end.
    """

    def __init__(
        self,
        state: SubjectsRun,
        model: Any,
        key: tuple[str, int, int],
        text: SiteText,
        keeps: bool,
    ) -> None:
        self.state, self.model, self.key = state, model, key
        self.text, self.keeps = text, keeps
        self.words = state.applied.words
        self._sorted = False

    def sort(self, areas: Iterable[Areas]) -> bool:
        """Whether `put` computes the main prompt as well: where each cell looks at one text only.

        Args:
            areas: of all rows with words.
        """
        lengths = {self.words.embeddings[box].shape[1] for box in self.words.numbers}
        self._sorted = (
            self.text.plain
            and lengths == {self.text.k.shape[1]}
            and all(each.segments(*self._acting) is not None for each in areas)
        )
        return self._sorted

    def put(self, out: Tensor, rows: slice, areas: Areas) -> None:
        """Let the words act in their boxes: see `put_words`, and `put_segments` where sorted.

        Args:
            out: the attention to the main prompt (all rows, h·w, heads·dim); written to.
            rows: those with these areas.
        """
        query = self.text.q[rows]
        if not self._sorted:
            put_words(out[rows], query, areas.words(*self._acting), self._attend)
            return
        main = (self.text.k[rows], self.text.v[rows])
        keys, values = zip(main, *(self.of(box) for box in self.words.numbers), strict=True)
        segments = areas.segments(*self._acting)
        put_segments(out[rows], query, keys, values, segments, self.text.attend)

    @property
    def _acting(self) -> tuple[list[int], float]:
        return self.words.numbers, self.words.strength

    def _attend(self, query: Tensor, box: int) -> Tensor:
        key, value = (x.expand(len(query), -1, -1) for x in self.of(box))
        return self.text.attend(query, key, value)

    def of(self, box: int) -> KeyValue:
        """Keys and values (1, text tokens, heads·dim) of a box's words."""
        if not self.keeps:
            return self._project(box)
        name: Hashable = ("words", self.key, box, self.text.k.device, self.text.k.dtype)
        return self.state.once(name, lambda: self._project(box))

    def _project(self, box: int) -> KeyValue:
        attention = attention_at(self.model.diffusion_model, self.key)
        text = self.words.embeddings[box].to(self.text.k)
        return attention.to_k(text), attention.to_v(text)
