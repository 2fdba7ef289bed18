"""`run`: the benchmark's pictures, as a batch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from packages import ROOT

from .checkout import read_benchmark
from .jobs import write_jobs
from .work import tasks

BATCH = ROOT / "tools" / "batch.py"


def batch_command(
    checkout: Path, out: Path, every: int, changed: dict[str, Any], more: Sequence[str]
) -> list[str]:
    """Writes the table of jobs; returns the command that paints it, or goes on with it.

    Args:
        every: paint the first picture of so many, all over the benchmark.
        changed: other settings than the official ones, by column.
        more: what the batch is told besides, such as its servers.
    """
    table = write_jobs(tasks(read_benchmark(checkout.resolve()))[::every], out, changed)
    return [str(BATCH), str(table), "--out", str(out), *more]
