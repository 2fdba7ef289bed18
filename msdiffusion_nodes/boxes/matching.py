"""Whose is whose: of the things that a detector found, and of masks."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from ..errors import InputError, listed
from ..layout import NO_AREA, Region
from ..subjects import Subject
from .detections import Detection

ARTICLES = ("a", "an", "the")

Words = tuple[str, ...]


@dataclass(frozen=True)
class Match:
    """One detection a subject, in the order of the subjects, and those that are left over.

    Attributes:
        note: what was decided without names or against them, "" where nothing was.
    """

    taken: tuple[Detection, ...]
    unused: tuple[Detection, ...]
    note: str = ""


def left_to_right(found: Iterable[Detection]) -> tuple[Detection, ...]:
    """Detections by the centre of their boxes: x first, then y."""
    return tuple(sorted(found, key=_centre))


def match_detections(found: Sequence[Detection], phrases: Sequence[str]) -> Match:
    """Give each subject a detection: by its label where that fits, the rest left to right.

    A label fits a phrase when their words are the same or, after those, when the one has all
    words of the other in their order. Case, an article in front and a plural s do not count.
    Where there is a choice, the best scores count, else the leftmost. Subjects with the same
    phrase take theirs left to right.

    Raises:
        InputError: there are fewer detections than subjects.
    """
    free = set(range(len(found)))
    taken: dict[int, int] = {}  # subject: detection

    def take(subjects: Sequence[int], fitting: Iterable[int]) -> None:
        by_score = sorted(free.intersection(fitting), key=lambda n: (_rank(found[n]), n))
        best = sorted(by_score[: len(subjects)], key=lambda n: (_centre(found[n]), n))
        taken.update(zip(subjects, best, strict=False))
        free.difference_update(best)

    words = [_words(phrase) for phrase in phrases]
    labels = [_words(detection.label) for detection in found]
    for fits in (_same, _within):
        groups: dict[Words, list[int]] = {}
        for number, phrase in enumerate(words):
            if number not in taken:
                groups.setdefault(phrase, []).append(number)
        fitting = {phrase: [n for n in free if fits(labels[n], phrase)] for phrase in groups}
        # those with the least choice first, so that no other takes the only one that fits
        for phrase in sorted(groups, key=lambda phrase: len(fitting[phrase])):
            take(groups[phrase], fitting[phrase])
    by_place = [number for number in range(len(phrases)) if number not in taken]
    take(by_place, free)
    without = [phrase for number, phrase in enumerate(phrases) if number not in taken]
    if without:
        boxes = "1 box" if len(found) == 1 else f"{len(found)} boxes"
        raise InputError(
            f"{boxes} came for {len(phrases)} subjects, none for {listed(without)};"
            " lower the detector's threshold, ask it for each phrase, or use fewer subjects"
        )
    rest = left_to_right(found[n] for n in sorted(free))
    chosen = tuple(found[taken[number]] for number in range(len(phrases)))
    notes = [
        _on_places([phrases[number] for number in by_place], found),
        _on_swaps(phrases, chosen),
    ]
    return Match(chosen, rest, "; ".join(filter(None, notes)))


def _on_places(phrases: Sequence[str], found: Sequence[Detection]) -> str:
    """A note on subjects whose box was chosen by its place, although there are names."""
    labels = (" ".join(detection.label.split()) for detection in found)
    names = list(dict.fromkeys(filter(None, labels)))
    if not phrases or not names:
        return ""
    return f"by place, for no name fits: {listed(phrases)} (names: {listed(names)})"


def _on_swaps(phrases: Sequence[str], chosen: Sequence[Detection]) -> str:
    """A note on subjects whose boxes would fit each other as well."""
    words = [_words(phrase) for phrase in phrases]
    labels = [_words(detection.label) for detection in chosen]
    for a, b in combinations(range(len(phrases)), 2):
        crossed = _within(labels[a], words[b]) and _within(labels[b], words[a])
        exact = labels[a] == words[a] or labels[b] == words[b]
        if words[a] != words[b] and crossed and not exact:
            return f"which is which is a guess: {listed([phrases[a], phrases[b]])}"
    return ""


def match_masks(
    regions: Sequence[Region], subjects: Sequence[Subject] | None
) -> tuple[list[Region], str]:
    """Give each subject the region of its mask; a background subject needs none.

    Returns:
        A region a subject, or all of them where there are no subjects, and a note on black masks.

    Raises:
        InputError: there are more or fewer masks than subjects.
    """
    if subjects is None:
        return list(regions), _on_black([f"mask {n}" for n in _without_area(regions)])
    in_areas = [subject for subject in subjects if not subject.everywhere]
    if len(regions) == len(in_areas):
        rest = iter(regions)
        regions = [Region(NO_AREA) if each.everywhere else next(rest) for each in subjects]
    elif len(regions) != len(subjects):
        raise InputError(_wrong_number(len(regions), subjects, len(in_areas)))
    black = [subjects[n - 1] for n in _without_area(regions)]
    return list(regions), _on_black([each.phrase for each in black if not each.everywhere])


def _without_area(regions: Sequence[Region]) -> list[int]:
    return [n for n, region in enumerate(regions, start=1) if region.box == NO_AREA]


def _on_black(names: Sequence[str]) -> str:
    return f"no area, for the mask is black: {listed(names)}" if names else ""


def _wrong_number(count: int, subjects: Sequence[Subject], needed: int) -> str:
    came = "1 mask came" if count == 1 else f"{count} masks came"
    names = listed([subject.phrase for subject in subjects])
    aside = "" if needed == len(subjects) else "; a background subject needs none"
    one_by_one = " If they come one by one, as a list, make a batch of them." if count == 1 else ""
    return (
        f"{came} for {len(subjects)} subjects ({names}); give one mask a subject, in their order"
        f" (a black one for a subject without an area{aside}).{one_by_one}"
    )


def _rank(detection: Detection) -> tuple[float, float, float]:
    """Lower is better: first the score, then how far to the left."""
    score = -math.inf if detection.score is None else detection.score
    return (-score, *_centre(detection))


def _centre(detection: Detection) -> tuple[float, float]:
    x0, y0, x1, y1 = detection.box.as_tuple()
    return (x0 + x1) / 2, (y0 + y1) / 2


def _words(text: str) -> Words:
    words = re.findall(r"[^\W_]+", text.casefold())
    while len(words) > 1 and words[0] in ARTICLES:
        words = words[1:]
    return tuple(word[:-1] if len(word) > 2 and word.endswith("s") else word for word in words)


def _same(label: Words, phrase: Words) -> bool:
    return label == phrase and bool(label)


def _within(label: Words, phrase: Words) -> bool:
    """Whether the one has all words of the other in their order, perhaps with others between."""
    short, long = sorted((label, phrase), key=len)
    rest = iter(long)
    return bool(short) and all(word in rest for word in short)
