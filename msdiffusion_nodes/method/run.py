"""What changes while a picture is sampled: maps of the phrases, and what was worked out for a grid.

A `SubjectsRun` lives as long as one run of the sampler. Nothing of it hangs on the model.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from einops import rearrange
from torch import Tensor

from ..layout import Box, Layout
from .applied import AppliedSubjects
from .areas import Areas, FoundAreas, KnownAreas
from .attention import Gate, Overlap, stack_overlap
from .found import MapAverage
from .modulation import cell_targets, text_targets
from .schedule import SigmaRange
from .text import open_text, phrase_columns
from .text_following import Falling

JOINT = Overlap.JOINT


@dataclass(frozen=True)
class Place:
    """Where and when some rows of a site are computed.

    Attributes:
        site: the site's number, in the adapter's order.
        condition: names the condition, so that several prompts do not mix their maps.
        grid: height and width of the cells.
        sigmas: (pictures,), the noise level; None where a caller of the bare UNet gives none.
        window: the part of the picture that the condition is about; None for all of it.
        pictures: which of the run's pictures these are; None where it does not matter.
        layout: the number of the layout.
    """

    site: int
    condition: Hashable
    grid: tuple[int, int]
    sigmas: Tensor | None = None
    window: Box | None = None
    pictures: tuple[int, ...] | None = None
    layout: int = 0

    @property
    def rows(self) -> Hashable:
        """The same in each evaluation."""
        return (self.site, self.condition, self.grid, self.window, self.pictures, self.layout)


class SubjectsRun:
    """The state of one run, for the subjects of one ApplyMSDiffusion.

    Args:
        applied: these subjects.
        percent_to_sigma: the noise level at a share of the schedule, of the model that is sampled.
        show: called with the areas at the shown site, bool (pictures, subjects, h, w).
    """

    def __init__(
        self,
        applied: AppliedSubjects,
        percent_to_sigma: Callable[[float], float],
        show: Callable[[Hashable, Tensor], None] | None = None,
    ) -> None:
        self.applied = applied
        ranges = [times.sigmas(percent_to_sigma) for times in applied.times]
        self._ranges: Sequence[SigmaRange | None] = ranges if any(ranges) else ()
        words = applied.words
        self._word_range = None if words is None else words.times.sigmas(percent_to_sigma)
        following = applied.following
        self._falling = None if following is None else Falling(following, percent_to_sigma)
        self._begin = None  # the noise level at which found areas take over
        if applied.finds_areas and applied.text.start_percent > 0:
            self._begin = percent_to_sigma(applied.text.start_percent)
        self._show = show
        self._maps: dict[Hashable, MapAverage] = {}
        self._latest: dict[Hashable, Tensor] = {}  # what was found, by the place's rows
        self._made: dict[Hashable, Any] = {}

    def areas(self, place: Place, maps: Tensor | None, device: torch.device) -> Areas:
        """The subjects' areas at a place.

        Args:
            maps: those of the phrases (batch, subjects, h·w), where the areas are found in the
                text; None for the layout's own.
        """
        known = self._known(place, device)
        if maps is None:
            return known
        averages = self._averages(place, maps)
        if self._waits(averages):
            self._tell(place, known.coverage().expand(len(maps), -1, -1))
            return known
        rule, before = self.applied.text, known.coverage()
        found = [average.coverage(rule, before, self._begin) for average in averages]
        coverage = stack_overlap(torch.cat(found), self.applied.overlap, self.applied.scenes)
        self._tell(place, coverage)
        if self._falling is not None:
            self._latest[place.rows] = coverage
        return FoundAreas(coverage, self._owners(device), self._apart(place))

    def open_text(self, areas: Areas, length: int, device: torch.device) -> Tensor:
        """At which text each cell may look, if phrases act in their areas only: see `open_text`."""
        return open_text(areas.coverage(), self.columns(length, device))

    def columns(self, length: int, device: torch.device) -> Tensor:
        """Which text tokens each phrase's map is the mean of: see `phrase_columns`."""
        text = self.applied.text
        return self.once(
            ("columns", length, device),
            lambda: phrase_columns(text.positions, text.length, length).to(device),
        )

    def gate(self, sigmas: Tensor | None) -> Gate | None:
        """Which subjects act at a noise level; None where all do always.

        Raises:
            RuntimeError: a time was set, and a caller of the bare UNet says no noise level.
        """
        if not self._ranges:
            return None
        if sigmas is None:
            raise RuntimeError("start and end percent need `sigmas` in the transformer options")
        always = torch.ones_like(sigmas[:1])
        gates = [each.gate(sigmas, always.dtype) if each else always for each in self._ranges]
        subjects = torch.cat(gates)
        return Gate(subjects, subjects[self._owners(sigmas.device)])

    @property
    def asks_noise(self) -> bool:
        """Whether `words_act` or `follows` needs the noise level as a number."""
        return self._word_range is not None or self._falling is not None

    def follows(self, sigma: float | None) -> float:
        """How far the text follows the layout at a noise level, 0 to 1.

        Raises:
            RuntimeError: it does, and a caller of the bare UNet says no noise level.
        """
        return 0.0 if self._falling is None else self._falling.text(sigma)

    def self_follows(self, sigma: float | None) -> float:
        """How far the self-attention does, the same."""
        return 0.0 if self._falling is None else self._falling.cells(sigma)

    def text_targets(self, place: Place, areas: Areas, length: int) -> tuple:
        """Where each cell of a place is to look in the text: see `modulation.text_targets`."""
        rule, coverage = self.applied.following.rule, areas.coverage()

        def make() -> tuple[Tensor, Tensor]:
            tokens = phrase_columns(rule.positions, rule.length, length).T > 0
            return text_targets(coverage, tokens.to(coverage))

        if isinstance(areas, FoundAreas):
            return make()
        key = ("targets", place.layout, place.window, place.grid, length, coverage.device)
        return self.once(key, make)

    def cell_targets(self, place: Place, device: torch.device) -> tuple:
        """At which cells each cell of a place is to look: see `modulation.cell_targets`."""
        if place.rows in self._latest:  # of the last evaluation: a block's text comes after this
            return cell_targets(self._latest[place.rows])
        return self.once(
            ("cells", place.layout, place.window, place.grid, device),
            lambda: cell_targets(self._known(place, device).coverage()),
        )

    def words_act(self, sigma: float | None) -> bool:
        """Whether the words of boxes act at a noise level.

        Raises:
            RuntimeError: a time was set, and a caller of the bare UNet says no noise level.
        """
        if self.applied.words is None or self._word_range is None:
            return self.applied.words is not None
        if sigma is None:
            raise RuntimeError("start and end percent need `sigmas` in the transformer options")
        return self._word_range.holds(sigma)

    def _averages(self, place: Place, maps: Tensor) -> list[MapAverage]:
        """The maps so far, these among them.

        Where some pictures come at a time, in windows that overlap, each has an average of its own.
        """
        sigma = None if place.sigmas is None else place.sigmas[0]
        pictures = (None,) if place.pictures is None else place.pictures
        averages = []
        for picture, some in zip(pictures, maps.chunk(len(pictures)), strict=True):
            key = (place.site, place.condition, place.window, place.layout, picture, some.shape)
            average = self._maps.setdefault(key, MapAverage(some))
            average.update(some, sigma)
            averages.append(average)
        return averages

    def _waits(self, averages: Sequence[MapAverage]) -> bool:
        """Whether it is certain that the layout's own areas still act: they cost less."""
        applied = self.applied
        if self._begin is not None or applied.keeps_text_in_box and applied.overlap is not JOINT:
            return False
        return all(average.updates < applied.text.start_step for average in averages)

    def _tell(self, place: Place, coverage: Tensor) -> None:
        if self._show is not None and place.site == self.applied.shown_site:
            shown = rearrange(coverage > 0, "b s (h w) -> b s h w", h=place.grid[0])
            self._show(place.condition, shown)

    def _known(self, place: Place, device: torch.device) -> KnownAreas:
        applied = self.applied
        return self.once(
            ("known", place.layout, place.window, place.grid, device),
            lambda: KnownAreas(
                self._seen(place).coverage(*place.grid),
                applied.token_counts,
                applied.overlap,
                device,
                applied.scenes,
            ),
        )

    def _apart(self, place: Place) -> bool:
        regions = self.applied.layouts[place.layout].regions
        soft = any(region.mask is not None for region in regions)
        return soft and self.applied.overlap is Overlap.TOPMOST

    def _seen(self, place: Place) -> Layout:
        layout = self.applied.layouts[place.layout]
        return layout if place.window is None else layout.crop(place.window)

    def _owners(self, device: torch.device) -> Tensor:
        """The subject of each token: int64 (tokens,)."""
        counts = torch.tensor(self.applied.token_counts, dtype=torch.int64)
        return self.once(
            ("owners", device),
            lambda: torch.arange(len(counts)).repeat_interleave(counts).to(device),
        )

    def once(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """What was made under this key in this run; several threads may make it at once."""
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]
