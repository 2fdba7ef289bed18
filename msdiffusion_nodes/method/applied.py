"""What one node puts on a model. It never changes: what does is in a `SubjectsRun`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from ..layout import Layout
from .adapter import SiteTokens
from .attention import Overlap
from .found import TextRule
from .schedule import Times
from .text_following import TextFollowing
from .words import BoxPrompts


class PlacedTokens:
    """A site's keys and values: at home on the CPU, a copy on each device that uses them."""

    def __init__(self, tokens: SiteTokens) -> None:
        self.home = tokens
        self.copies: dict[tuple[torch.device, torch.dtype], SiteTokens] = {}

    def on(self, query: Tensor) -> SiteTokens:
        """For a query's device and dtype; copied at the first call, if not before."""
        return self._at(query.device, query.dtype)

    def to(self, device: torch.device) -> None:
        """Follow the model to a device; back home, the copies are given up.

        Several GPUs call this in threads of their own, each before every step.
        """
        if device == self.home.key.device:
            self.copies.clear()
        else:
            self._at(device, self.home.key.dtype)

    def _at(self, device: torch.device, dtype: torch.dtype) -> SiteTokens:
        home, copies = self.home, self.copies
        if (home.key.device, home.key.dtype) == (device, dtype):
            return home
        found = copies.get((device, dtype))
        if found is None:
            found = copies.setdefault((device, dtype), home.to(device, dtype))
        return found


@dataclass(frozen=True, eq=False)
class AppliedSubjects:
    """The subjects of one ApplyMSDiffusion, ready for every site, and the words of their boxes.

    An ApplyBoxPrompts has words alone, a TextFollowsLayout none either: no subject, and at every
    site no tokens.

    Attributes:
        layouts: where they act; one for all pictures, or one a picture of the batch.
        tokens: for each layout the keys and values of every site.
        token_counts: tokens of each subject.
        overlap: what happens where they overlap.
        scenes: the numbers of those that are everywhere.
        times: when each acts.
        text: what auto layout does, for subjects or for text that follows; or None.
        shown_site: the site whose areas are remembered for showing.
        given: what ApplyMSDiffusion was given, to make the same for other layouts; None for words
            alone.
        words: for each of the layouts' regions, or None.
        following: of the main prompt's phrases, one a region, or None.
    """

    layouts: Sequence[Layout]
    tokens: Sequence[Sequence[PlacedTokens]]
    token_counts: Sequence[int]
    overlap: Overlap = Overlap.JOINT
    scenes: Sequence[int] = ()
    times: Sequence[Times] = ()
    text: TextRule | None = None
    shown_site: int = 0
    given: Any = field(default=None, repr=False)
    words: BoxPrompts | None = None
    following: TextFollowing | None = None

    @property
    def sites(self) -> int:
        return len(self.tokens[0])

    @property
    def has_subjects(self) -> bool:
        return len(self.token_counts) > 0

    @property
    def keeps_text_in_box(self) -> bool:
        return self.text is not None and self.text.text_in_box

    @property
    def rules(self) -> list[TextRule]:
        """What the main prompt must fit, of auto layout and of text that follows."""
        following = None if self.following is None else self.following.rule
        return [rule for rule in (self.text, following) if rule is not None]

    @property
    def finds_areas(self) -> bool:
        return self.text is not None and self.text.areas

    def __deepcopy__(self, memo: dict[int, Any]) -> AppliedSubjects:
        return self  # before version 0.13 ComfyUI copies what hangs on a model: never the tensors
