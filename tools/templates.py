"""The example workflows, and the pictures that they load."""

from __future__ import annotations

import shutil
from pathlib import Path

from packages import ROOT

TEMPLATES = ROOT / "example_workflows"
FIRST = TEMPLATES / "MS-Diffusion - your subjects in their places.json"
PICTURES = ROOT / "web" / "example_pictures"


def save_pictures(folder: Path) -> None:
    """Copies the templates' pictures into ComfyUI's input folder, where Load Image finds them."""
    for picture in PICTURES.glob("*.jpg"):
        shutil.copyfile(picture, folder / picture.name)
