"""A whole batch, from a table to pictures and results.

    from batching.options import Options
    from batching.run import run

    outcome = run(Path("jobs.parquet"), Path("out"), Options(servers=("http://127.0.0.1:8188",)))

In the folder `out` are then `pictures/`, `results.parquet` and `results.csv` (a row for each of the
table, see `columns.RESULTS`), `contact_sheet.html` with `thumbnails/`, `records.jsonl` (what is
done, a line when it is) and `servers.jsonl` (which servers were left out, when and why).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .options import Options


@dataclass(frozen=True)
class Outcome:
    """How many rows ended how; `left` are those that no server could take."""

    done: int
    failed: int
    left: int


def run(table: Path, out: Path, options: Options) -> Outcome:
    """Paints what is not painted yet; may be interrupted and called again at any time.

    Args:
        table: .csv, .jsonl or .parquet; its columns are described in `columns`.
        out: the folder of the results. Rows that are done there are not painted again, those that
            failed are tried again.

    Raises:
        SetupError: when the table is faulty, with every fault's row and column; when the folder
            is in use by another batch; when no server is left. Nothing is lost by either.
    """
    raise NotImplementedError
