"""The pictures that the benchmark asks for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, groupby, product

from .checkout import SCENE, Benchmark, Box, Kind, Subject, place
from .settings import WEIGHT, WEIGHT_WITH_SCENE

COMBINATIONS, PICTURES = 1148, 4488  # what the authors count (in their README, at "Benchmark")


@dataclass(frozen=True)
class Task:
    """A picture to paint.

    Attributes:
        name: the kind, the subjects and the prompt's number: no two are the same.
    """

    name: str
    kind: str
    subjects: tuple[Subject, ...]
    boxes: tuple[Box, ...]
    prompt: str
    weight: float


def groups(benchmark: Benchmark, kind: Kind) -> Iterator[tuple[Subject, ...]]:
    """The subjects that come together: of one category each set once, of several all pairings."""
    runs = [(category, len(list(same))) for category, same in groupby(kind.categories)]
    chosen = (combinations(benchmark.subjects[category], count) for category, count in runs)
    for parts in product(*chosen):
        yield tuple(subject for part in parts for subject in part)


def tasks(benchmark: Benchmark) -> list[Task]:
    """All of them, each combination with each of its kind's prompts."""
    return [
        _task(kind, subjects, number, prompt)
        for kind in benchmark.kinds
        for subjects in groups(benchmark, kind)
        for number, prompt in enumerate(kind.prompts)
    ]


def _task(kind: Kind, subjects: tuple[Subject, ...], number: int, prompt: str) -> Task:
    for order, subject in enumerate(subjects):
        prompt = prompt.replace(place(order), subject.phrase)
    names = (subject.picture.stem for subject in subjects)
    weight = WEIGHT_WITH_SCENE if SCENE in kind.categories else WEIGHT
    name = "-".join((kind.name, *names, str(number)))
    return Task(name, kind.name, subjects, kind.boxes, prompt, weight)
