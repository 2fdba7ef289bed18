"""What `score` writes: the scores beside the paper's, and each picture's numbers."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from .fidelity import PAPER, scores
from .likeness import Likeness
from .work import PICTURES

NO_NUMBER = "–"


def fidelity_table(likenesses: Sequence[Likeness]) -> list[str]:
    """Markdown: the paper's numbers, then a row for each encoder and each way to compare."""
    ways: dict[tuple[str, str], list[Likeness]] = {}
    for one in likenesses:
        ways.setdefault((one.encoder, one.compared), []).append(one)
    rows = [(*way, *_numbers(scores(some))) for way, some in ways.items()]
    return _table(("encoder", "compared", *PAPER), [("*paper*", "", *_numbers(PAPER)), *rows])


def layout_table(found: Mapping[str, float]) -> list[str]:
    return _table(tuple(found), [tuple(f"{number:.3f}" for number in found.values())])


def remarks(painted: int, changed: Sequence[str]) -> list[str]:
    """What keeps the scores from being set beside the paper's.

    Args:
        changed: the settings that are not the official ones.
    """
    said = [] if painted == PICTURES else [f"only {painted:,} of {PICTURES:,} pictures are scored"]
    said += [f"not the official {', '.join(changed)}"] if changed else []
    return [f"**Not to be set beside the paper's: {'; '.join(said)}.**", ""] if said else []


def write_pictures(file: Path, likenesses: Sequence[Likeness]) -> None:
    """A row for each picture, encoder and way to compare."""
    with file.open("w", newline="", encoding="utf-8") as opened:
        rows = csv.writer(opened)
        rows.writerow(("picture", "kind", "encoder", "compared", "subjects", "prompt"))
        for one in likenesses:
            subjects = " ".join(f"{cosine:.6f}" for cosine in one.subjects)
            prompt = "" if one.prompt is None else f"{one.prompt:.6f}"
            names = one.task.name, one.task.kind, one.encoder, one.compared
            rows.writerow((*names, subjects, prompt))


def _numbers(found: Mapping[str, float]) -> list[str]:
    return [f"{found[name]:.3f}" if name in found else NO_NUMBER for name in PAPER]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *rows)]
