"""The photographs of the example workflows: scikit-image's, saved into ComfyUI's input folder."""

from __future__ import annotations

from pathlib import Path

from console import run

NAMES = ("chelsea", "coffee", "astronaut", "rocket")  # functions of skimage.data

SAVE = """
import pathlib, sys
from PIL import Image
from skimage import data
for name in sys.argv[2:]:
    path = pathlib.Path(sys.argv[1], name + ".png")
    if not path.exists():
        part = path.with_suffix(".part")
        Image.fromarray(getattr(data, name)()).save(part, "PNG")
        part.replace(path)
"""


def save_photographs(python: Path, folder: Path) -> None:
    """Saves those that the folder lacks, with a Python that has scikit-image.

    Raises:
        SetupError: when one cannot be saved.
    """
    run([python, "-c", SAVE, folder, *NAMES], "The photographs could not be saved.")
