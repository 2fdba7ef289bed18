"""What is wrong with a table: every fault with its row and column, in one message."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from console import SetupError

SHOWN = 60  # lines; who has more mends these first


@dataclass(frozen=True, order=True)
class Fault:
    """A fault of a table. Row 0 is the table as a whole; rows count from 1, without the header."""

    row: int
    column: str
    text: str

    def __str__(self) -> str:
        place = [f"row {self.row}"] if self.row else []
        place += [f"column {self.column}"] if self.column else []
        return ": ".join(filter(None, (", ".join(place), self.text)))


def refuse(table: Path, faults: Sequence[Fault]) -> None:
    """Raises what is wrong with the table, if anything is.

    Raises:
        SetupError: lists the faults, by rows.
    """
    if not faults:
        return
    lines = [f"    {fault}" for fault in sorted(set(faults))]
    more = [f"    … and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else []
    count = f"{len(lines)} faults" if len(lines) > 1 else "a fault"
    raise SetupError(
        "\n".join([f"{table} has {count}; nothing was painted.", *lines[:SHOWN], *more])
    )


def shortened(value: object, limit: int = 80) -> str:
    """A value as it is shown in an error."""
    text = repr(value)
    return text if len(text) <= limit else text[:limit] + "…"
