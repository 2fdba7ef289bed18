"""What a call of the UNet is about: which rows are the positive prompt's, and of which part.

ComfyUI says it in three places: the guider names its prompts, `calc_cond_batch` gets the conditions
with the latent, and each site gets what came of them. Nothing here is guessed: what cannot be known
is refused, with the kind of node that does such a thing.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from ..errors import InputError
from ..layout import Box

POSITIVE, NEGATIVE = 0, 1  # entries of cond_or_uncond where nothing else is known
TILES = (
    "that is how tiled samplers work (Tiled Diffusion, MultiDiffusion, Mixture of Diffusers). Give"
    " them the model without subjects, or sample the tiles one by one in the graph, each with its"
    " own Crop Layout"
)
NAG = (
    "that is how NAG works (KSamplerWithNAG, NAGGuider, NAGCFGGuider). Take a sampler or guider"
    " without NAG for a model with subjects"
)
COUPLE = (
    "that is how attention couple and regional prompts work. Beside them use a plain guider (no"
    " DualCFG, PerpNeg or Self-Attention Guidance)"
)


@dataclass(frozen=True)
class Condition:
    """A condition as ComfyUI evaluates it.

    Attributes:
        name: ComfyUI's uuid of it.
        positive: whether it is one of the positive prompt's.
        size: height and width of the latent that it gets, in cells.
        window: the part of the picture that this is; None for all of it.
    """

    name: Hashable
    positive: bool
    size: tuple[int, int]
    window: Box | None = None


@dataclass(frozen=True)
class Chunk:
    """Rows of one positive condition.

    Attributes:
        condition: which.
        rows: where they are in the batch.
        pictures: how many pictures these are of; attention couple and regions repeat all of them.
    """

    condition: Condition
    rows: range
    pictures: int

    @property
    def copies(self) -> int:
        return len(self.rows) // self.pictures


@dataclass(frozen=True)
class Call:
    """One call of the UNet.

    Attributes:
        conditions: in the order of the batch, each for all pictures.
        kinds: their entries of cond_or_uncond, before any other pack has touched these.
        pictures: how many rows each condition has.
        which: which of the run's pictures these are; None where these are all.
        replaced: patches for attn2 as they stand now, by ComfyUI's key.
        model: ComfyUI's, whose UNet is called; None where only the UNet is known.
        keeps: whether its weights stay as they are till the run's end.
        sigma: the noise level, where it had to be asked for.
    """

    conditions: Sequence[Condition]
    kinds: Sequence[int]
    pictures: int
    which: tuple[int, ...] | None = None
    replaced: Mapping[tuple, Any] = field(default_factory=dict)
    model: Any = field(default=None, repr=False)
    keeps: bool = False
    sigma: float | None = None
    _chunks: dict = field(default_factory=dict, repr=False)

    @property
    def size(self) -> tuple[int, int]:
        return self.conditions[0].size

    @property
    def batch(self) -> int:
        return len(self.conditions) * self.pictures

    def check_input(self, batch: int, height: int, width: int) -> None:
        """The UNet must get what ComfyUI announced.

        Raises:
            InputError: another node put tiles into the batch, or made a part of the picture of it.
        """
        if batch != self.batch:
            raise InputError(
                f"model: another node changed the batch: {batch} rows came for"
                f" {len(self.conditions)} conditions of {self.pictures} pictures. Several tiles in"
                f" one batch look so: {TILES}"
            )
        if (height, width) != tuple(self.size):
            rows, columns = self.size
            raise InputError(
                f"model: another node gives the model {height}×{width} cells (height × width) of a"
                f" latent of {rows}×{columns} and does not say which; subjects would land in the"
                f" wrong place: {TILES}"
            )

    def chunks(self, queries: int, texts: int, kinds: Sequence[int]) -> list[Chunk]:
        """The rows of the positive conditions at a site.

        Args:
            queries: rows of queries as they came.
            texts: rows of text as they came.
            kinds: cond_or_uncond as it is now: regional prompts may have put entries in between.

        Raises:
            InputError: the rows do not tell which of them are the positive prompt's.
        """
        key = (queries, texts, *kinds)
        if key not in self._chunks:
            self._chunks[key] = self._sort_out(queries, texts, kinds)
        return self._chunks[key]

    def _sort_out(self, queries: int, texts: int, kinds: Sequence[int]) -> list[Chunk]:
        if not any(condition.positive for condition in self.conditions):
            return []
        if queries != texts:
            raise InputError(
                f"model: another node gives the text {texts} rows for {queries} rows of the"
                f" picture: {NAG}"
            )
        conditions = self._with_regions(kinds)
        plain = len(conditions) * self.pictures
        repeated = self.pictures * sum(condition.positive for condition in conditions)
        copies, rest = divmod(queries - plain, repeated)
        copies += 1
        # packs tell by the number, so both must agree wherever rows are repeated
        by_number = all(
            condition.positive == (kind == POSITIVE) and kind in (POSITIVE, NEGATIVE)
            for condition, kind in zip(self.conditions, self.kinds, strict=True)
        )
        if rest or copies < 1 or copies > 1 and not by_number:
            raise InputError(
                f"model: another node changed the batch: {queries} rows came for"
                f" {len(conditions)} conditions of {self.pictures} pictures; MS-Diffusion cannot"
                f" tell which are the positive prompt's, {COUPLE}"
            )
        chunks, start = [], 0
        for condition in conditions:
            stop = start + self.pictures * (copies if condition.positive else 1)
            if condition.positive:
                regions = len(conditions) > len(self.conditions)
                if regions and chunks and chunks[-1].condition is condition:
                    start = chunks.pop().rows.start  # its copies, each with a text of its own
                chunks.append(Chunk(condition, range(start, stop), self.pictures))
            start = stop
        return chunks

    def _with_regions(self, kinds: Sequence[int]) -> list[Condition]:
        """The conditions with those repeated for which regional prompts have put in entries."""
        if list(kinds) == list(self.kinds):
            return list(self.conditions)
        runs = [list(run) for _, run in groupby(range(len(self.kinds)), key=self.kinds.__getitem__)]
        came = [(kind, len(list(run))) for kind, run in groupby(kinds)]
        conditions: list[Condition] = []
        for run, (kind, count) in zip(runs, came, strict=False):
            own = [self.conditions[number] for number in run]
            times = count // len(own)  # where this does not divide, some are missing below
            alike = len({(one.positive, one.window) for one in own}) == 1
            if kind != self.kinds[run[0]] or times > 1 and not alike:
                break
            conditions += [one for one in own for _ in range(times)]
        if len(conditions) != len(kinds) or len(came) != len(runs):
            raise InputError(
                f"model: another node changed the list of conditions from {list(self.kinds)} to"
                f" {list(kinds)}; MS-Diffusion cannot tell whose the rows are, {COUPLE}"
            )
        return conditions


def bare_call(options: Mapping[str, Any]) -> Call:
    """A call of the bare UNet, where nothing else is known than `cond_or_uncond`.

    Raises:
        InputError: the rows do not divide evenly.
    """
    kinds, (batch, _, *size) = options["cond_or_uncond"], options["activations_shape"]
    names = options.get("uuids") or range(len(kinds))
    pictures, rest = divmod(batch, len(kinds))
    if rest or not pictures:
        raise InputError(
            f"model: {batch} rows came for {len(kinds)} conditions; expected as many for each"
        )
    conditions = [
        Condition(name, kind == POSITIVE, tuple(size))
        for name, kind in zip(names, kinds, strict=False)
    ]
    return Call(conditions, tuple(kinds), pictures)
