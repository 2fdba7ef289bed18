"""The Python that has the packages of `score`."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec

from console import become
from packages import TORCH, ensure_venv, group_for_scoring

NEEDED = ("PIL", "numpy", "pycocotools", "scipy", "torch", "tqdm", "transformers")


def entered(arguments: Sequence[str]) -> bool:
    """Whether this Python has the packages; if not, the command runs once more in `.venv`.

    The first time they are installed there.
    """
    if all(find_spec(name) for name in NEEDED):
        return True
    python = ensure_venv(TORCH, group_for_scoring())
    become([str(python), "-m", "msbench", *arguments])
    return False
