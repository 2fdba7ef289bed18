"""`plan`: what the benchmark asks for, counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from . import settings
from .checkout import Benchmark, read_benchmark
from .duration import duration_table
from .work import COMBINATIONS, PICTURES, groups, tasks


def plan(checkout: Path, seconds: float | None) -> list[str]:
    """The lines that `plan` prints.

    Args:
        seconds: what a picture takes on one GPU; None leaves the hours out.
    """
    benchmark = read_benchmark(checkout)
    lines = counts(benchmark)
    lines += [
        "",
        f"{settings.SIDE} x {settings.SIDE}, {settings.STEPS} steps, guidance {settings.GUIDANCE}, "
        f"weight {settings.WEIGHT}, {settings.WEIGHT_WITH_SCENE} with a scene.",
        "",
    ]
    if seconds is None:
        return [*lines, "With --seconds, what one picture takes, the hours are worked out as well."]
    painted = len(tasks(benchmark))
    return [*lines, f"At {seconds:g} seconds a picture:", *duration_table(painted, seconds)]


def counts(benchmark: Benchmark) -> list[str]:
    """A table of the kinds, and whether the sums are those of the authors."""
    painted = Counter(task.kind for task in tasks(benchmark))
    sets = {kind.name: sum(1 for _ in groups(benchmark, kind)) for kind in benchmark.kinds}
    rows = [
        (kind.name, sets[kind.name], len(kind.prompts), painted[kind.name])
        for kind in benchmark.kinds
    ]
    found = sum(sets.values()), sum(painted.values())
    authors = COMBINATIONS, PICTURES
    verdict = "as the authors count" if found == authors else _differs(authors)
    return [
        _line("", "combinations", "prompts", "pictures"),
        *(_line(name, *map(str, numbers)) for name, *numbers in rows),
        _line(f"all {len(rows)}", f"{found[0]:,}", "", f"{found[1]:,}") + f"   {verdict}",
    ]


def _differs(authors: Sequence[int]) -> str:
    return f"NOT as the authors count: {authors[0]:,} and {authors[1]:,}"


def _line(name: str, *cells: str) -> str:
    return f"{name:34}" + "".join(f"{cell:>14}" for cell in cells)
