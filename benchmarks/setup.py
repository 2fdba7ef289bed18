"""ComfyUI in this process, the pack loaded by ComfyUI's own loader, and what the machine is."""

from __future__ import annotations

import argparse
import os
import platform
import sys
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import torch

from .timing import Clock

ROOT = Path(__file__).resolve().parent.parent
TESTS = ROOT / "tests"


IDLE = 0.7  # the load of a quiet machine on which this program has just begun


class NotReady(Exception):
    """Something that the benchmarks need is missing."""


@dataclass(frozen=True, eq=False)
class Bench:
    """What every part of the benchmarks is given.

    Attributes:
        pack: `nodes` (classes by id) and the library's modules by name.
        comfyui: the folder of its main.py.
        dtype: float32 on the CPU, float16 on a GPU.
        pairs: pairs of timings for each ratio.
        quick: tiny shapes, whose numbers mean nothing.
    """

    pack: SimpleNamespace
    comfyui: Path
    device: torch.device
    dtype: torch.dtype
    pairs: int
    quick: bool
    profile: bool

    @property
    def clock(self) -> Clock:
        return Clock(self.device)


def prepare(arguments: argparse.Namespace, base: str) -> Bench:
    """Start ComfyUI with `base` as its base directory, and load the pack.

    Raises:
        NotReady: there is no ComfyUI, or not the device.
    """
    comfyui = _find_comfyui()
    device = arguments.device or ("cuda" if torch.cuda.is_available() else "cpu")
    if device == "cuda" and not torch.cuda.is_available():
        raise NotReady("--device cuda: torch finds no such GPU here")
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    # `python -m` puts the checkout here, where our nodes.py would hide ComfyUI's
    sys.path[:] = [path for path in sys.path if path and Path(path).resolve() != ROOT]
    sys.path.insert(0, str(comfyui))
    sys.path += [str(TESTS), str(ROOT / "tools")]
    from comfy.cli_args import args

    args.cpu = device == "cpu"
    args.use_pytorch_cross_attention = True  # as on a GPU; the default for a CPU is slow
    args.base_directory = base
    import comfy.utils
    from comfy.model_management import get_torch_device

    comfy.utils.PROGRESS_BAR_ENABLED = False  # bars would tear the tables
    return Bench(
        pack=_load_pack(),
        comfyui=comfyui,
        device=get_torch_device(),
        dtype=torch.float32 if device == "cpu" else torch.float16,
        pairs=arguments.pairs,
        quick=arguments.quick,
        profile=arguments.profile,
    )


def headline(bench: Bench) -> list[str]:
    """The machine, the versions and the command, for whoever reads the numbers."""
    from comfyui_version import __version__ as comfyui

    versions = f"Python {platform.python_version()}, torch {torch.__version__}, ComfyUI {comfyui}"
    lines = [
        f"CPU: {_cpu_name()}, {_threads()}, {free_memory() / 1e9:.1f} GB of memory free",
        f"{versions}; {str(bench.dtype).removeprefix('torch.')}",
        f"python -m benchmarks {' '.join(sys.argv[1:])}".rstrip(),
    ]
    if bench.device.type == "cuda":
        lines.insert(0, f"GPU: {torch.cuda.get_device_name(bench.device)}")
    if bench.quick:
        lines.append("QUICK: tiny shapes show that the benchmarks run; the numbers say nothing")
    if (load := _load()) > IDLE:
        lines.append(f"BUSY: the load is {load:.1f}, and other programs distort the times")
    return lines


def free_memory() -> int:
    """Bytes of main memory that can be had."""
    import psutil

    return psutil.virtual_memory().available


def _find_comfyui() -> Path:
    named = os.environ.get("COMFYUI_PATH")
    if not named:
        raise NotReady("set COMFYUI_PATH to ComfyUI's folder (the one with its main.py)")
    comfyui = Path(named).expanduser().resolve()
    if not (comfyui / "comfy").is_dir():
        raise NotReady(f"COMFYUI_PATH is {comfyui}, which is no ComfyUI: it has no folder comfy")
    return comfyui


def _load_pack() -> SimpleNamespace:
    from pack_modules import load_pack

    try:
        return load_pack()
    except ImportError as error:
        raise NotReady(str(error)) from error


def _threads() -> str:
    count = torch.get_num_threads()
    return f"{count} thread{'s' if count > 1 else ''}"


def _load() -> float:
    """Programs that computed during the last minute, this one not long among them."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0


def _cpu_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line for line in lines if line.startswith("model name")).split(":")[1].strip()
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
