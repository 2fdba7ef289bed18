"""Whether models fit into the memory of a machine that computes with its CPU."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from comfy_server import ComfyServer
from console import SetupError, note

WORKING = 2 * 10**9  # bytes, besides the models: a picture of 1024 × 1024 in the UNet and the VAE
CONTAINER = Path("/sys/fs/cgroup")


def free_memory(server: ComfyServer, container: Path = CONTAINER) -> int:
    """Bytes that the server may still take: the machine's, or a container's if that has less."""
    free = server.get("/system_stats")["system"]["ram_free"]
    try:
        most, used = (
            int((container / f"memory.{name}").read_text()) for name in ("max", "current")
        )
        lines = (container / "memory.stat").read_text().splitlines()
        cached = sum(int(line.split()[1]) for line in lines if line.startswith("inactive_file "))
    except (OSError, ValueError):  # there is none, or it has no limit
        return free
    return min(free, most - used + cached)


def require_memory(models: Sequence[tuple[str, int]], free: int) -> None:
    """Says how much the models take; stops before they are loaded if that is too much.

    Raises:
        SetupError: names what does not fit, and the way out.
    """
    needed = sum(size for _, size in models) + WORKING
    note(f"On the CPU the models take {_giga(needed)} of memory; {_giga(free)} are free.")
    if needed <= free:
        return
    left, lines = free - WORKING, []
    for name, size in models:
        left -= size
        lines.append(f"    {name}: {_giga(size)}" + ("  does not fit" if left < 0 else ""))
    raise SetupError(
        "\n".join(
            [
                f"The models take {_giga(needed)} of memory on the CPU, with {_giga(WORKING)} to"
                f" work in, and {_giga(free)} are free:",
                *lines,
                "Close other programs or use a machine with a GPU. Without COMFYUI_PATH a toy"
                " paints, which needs no models.",
            ]
        )
    )


def _giga(size: int) -> str:
    return f"{size / 1e9:.1f} GB"
