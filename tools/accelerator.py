"""Whether ComfyUI computes on a GPU or on the CPU, and how it is started for the latter."""

from __future__ import annotations

from pathlib import Path

from console import run

CPU_ARGUMENTS = ("--use-pytorch-cross-attention",)  # ComfyUI's default for a CPU is much slower
FIND = """
import torch
mps, xpu = getattr(torch.backends, "mps", None), getattr(torch, "xpu", None)
print(any(one and one.is_available() for one in (torch.cuda, mps, xpu)))
"""


def has_accelerator(python: Path) -> bool:
    """Whether this Python's PyTorch finds a GPU."""
    return run([python, "-c", FIND], "PyTorch does not work.") == "True"
