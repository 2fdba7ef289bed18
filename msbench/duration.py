"""How long the benchmark takes, by the seconds of one picture on the user's own machine."""

from __future__ import annotations

from math import ceil

GPUS = (1, 8, 64)  # one, a machine full of them, a cluster


def hours(pictures: int, seconds: float, gpus: int) -> float:
    """Until the last picture is there, where each GPU paints one after the other."""
    return ceil(pictures / gpus) * seconds / 3600


def duration_table(pictures: int, seconds: float) -> list[str]:
    """A line for each number of GPUs."""
    lines = [f"{'GPUs':>8}{'pictures each':>16}{'time':>16}"]
    for gpus in GPUS:
        minutes = round(hours(pictures, seconds, gpus) * 60)
        time = f"{minutes // 60:,} h {minutes % 60:02} min"
        lines.append(f"{gpus:8}{ceil(pictures / gpus):16,}{time:>16}")
    return lines
