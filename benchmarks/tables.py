"""Tables that read well on the screen and as Markdown; each row is shown when it is measured."""

from __future__ import annotations

from collections.abc import Sequence


class Table:
    """Prints its head when made, then row by row.

    Args:
        head: the columns' names.
        widths: the least widths of the columns, for the eye only.
    """

    def __init__(self, head: Sequence[str], widths: Sequence[int]) -> None:
        self._widths = [max(pair) for pair in zip(widths, map(len, head), strict=True)]
        print()
        self.row(*head)
        print("|" + "|".join("-" * (width + 2) for width in self._widths) + "|", flush=True)

    def row(self, *cells: object) -> None:
        texts = (f" {str(cell):{width}} " for cell, width in zip(cells, self._widths, strict=True))
        print("|" + "|".join(texts) + "|", flush=True)


def judged(value: float, goal: float | None) -> str:
    """A goal, and whether a measured value meets it; empty without a goal."""
    if goal is None:
        return ""
    return f"≤ {goal} {'met' if value <= goal else 'MISSED'}"


def percent(share: float, digits: int) -> str:
    return f"{100 * share:.{digits}f} %"


def megabytes(count: float) -> str:
    return f"{count / 1e6:.2f} MB"
