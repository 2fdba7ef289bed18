"""torchaudio for ComfyUIs that import it at their start: one that fits PyTorch, or an empty one."""

from __future__ import annotations

import os
import re
from pathlib import Path

from console import SetupError, note, run
from packages import ROOT, pip_install, read_requirements

STAND_IN = ROOT / "tests" / "torchaudio_stand_in"
PYTORCH = "from importlib.metadata import version; print(version('torch'))"
TORCHAUDIO = "import torchaudio; print(torchaudio.__version__)"


def provide_torchaudio(python: Path, comfyui: Path) -> None:
    """Makes torchaudio importable to `python`, where ComfyUI's requirements name it.

    PyPI has none for some PyTorchs, and one that was built for another may not load. Then an empty
    one stands in, for the programs that this process starts: ComfyUI starts, without sound.
    """
    if not any(re.match(r"torchaudio(?![\w.-])", line) for line in _requirements(comfyui)):
        return
    pytorch = _minor(python, PYTORCH)
    if _minor(python, TORCHAUDIO) != pytorch:
        try:
            wanted = ("--no-deps", f"torchaudio=={pytorch}.*")
            pip_install(python, "torchaudio", wanted, "torchaudio")
        except SetupError:
            note(f"pip gets no torchaudio {pytorch}, as PyTorch is")
    if _minor(python, TORCHAUDIO) == pytorch:
        note(f"torchaudio {pytorch}, as PyTorch is")
        return
    note("an empty torchaudio stands in: nodes for sound do not work here, all else does")
    others = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join([str(STAND_IN), *([others] if others else [])])


def _requirements(comfyui: Path) -> list[str]:
    return read_requirements(comfyui / "requirements.txt")


def _minor(python: Path, print_version: str) -> str | None:
    """`2.14` of the version that a line of Python prints; None when it fails."""
    try:
        said = run([python, "-c", print_version], "there is none")
    except SetupError:
        return None
    return ".".join(said.splitlines()[-1].split(".")[:2])
