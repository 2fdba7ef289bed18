"""What the model files of a ComfyUI are, by the names of their tensors; torch is not needed."""

from __future__ import annotations

import importlib.util
import sys
from functools import cache
from importlib import import_module
from math import prod
from pathlib import Path
from types import ModuleType
from typing import Any

from comfy_server import ComfyServer
from packages import ROOT

LIBRARY = ROOT / "msdiffusion_nodes"
ADAPTER_FOLDERS = ("msdiffusion", "ipadapter", "photomaker")  # as the loader's
FLOAT, HALF = 4, 2  # bytes of a number
UNET = "diffusion_model."


def _library(name: str) -> ModuleType:
    """A module of the pack that needs only Python; the checkout stays off `sys.path`."""
    if LIBRARY.name not in sys.modules:
        spec = importlib.util.spec_from_file_location(
            LIBRARY.name, LIBRARY / "__init__.py", submodule_search_locations=[str(LIBRARY)]
        )
        module = importlib.util.module_from_spec(spec)
        sys.modules[LIBRARY.name] = module
        spec.loader.exec_module(module)
    return import_module(f"{LIBRARY.name}.files.{name}")


class ModelFiles:
    """The model files that a server offers, and what is in them."""

    def __init__(self, server: ComfyServer) -> None:
        folders: list[dict[str, Any]] = server.get("/experiment/models")
        self.folders = {one["name"]: [Path(path) for path in one["folders"]] for one in folders}
        for own in self.folders.get("msdiffusion", []):
            for name in ADAPTER_FOLDERS[1:]:  # which the server may not know
                self.folders.setdefault(name, []).append(own.with_name(name))

    def path(self, folder: str, name: str) -> Path | None:
        """Where a file is that the server offers; None if it is elsewhere."""
        folders = ADAPTER_FOLDERS if folder == "msdiffusion" else (folder,)
        paths = [one / name for each in folders for one in self.folders.get(each, [])]
        return next((path for path in paths if path.is_file()), None)

    def is_sdxl(self, name: str) -> bool:
        """Whether a checkpoint is SDXL's, base or fine-tune; no refiner, none for inpainting."""
        return _kind(self.path("checkpoints", name)) == _library("kinds").SDXL

    def is_big_g(self, name: str) -> bool:
        """Whether a CLIP vision model is ViT-bigG."""
        return _kind(self.path("clip_vision", name)) == _library("kinds").BIG_G

    def is_adapter(self, name: str) -> bool:
        """Whether a file is MS-Diffusion's adapter."""
        path = self.path("msdiffusion", name)
        return path is not None and _library("listing").looks_like_adapter(path)

    def memory(self, folder: str, name: str) -> int:
        """Bytes that a model takes on a CPU: there ComfyUI has its UNet in float32, else float16.

        An adapter stays as it is in its file.
        """
        path = self.path(folder, name)
        if path is None:
            return 0
        shapes = _shapes(path)
        if folder == "msdiffusion" or not any(shapes.values()):
            return path.stat().st_size * (FLOAT // HALF if folder == "checkpoints" else 1)
        sizes = {name: prod(shape) for name, shape in shapes.items()}
        unet = sum(size for name, size in sizes.items() if UNET in name)
        return unet * FLOAT + (sum(sizes.values()) - unet) * HALF


@cache
def _shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """Shapes of tensors by name, none for a file that cannot be read."""
    try:
        return _library("listing").shapes_of(path)
    except Exception:  # it is no model to choose, whatever is wrong with it
        return {}


def _kind(path: Path | None) -> Any:
    shapes = _shapes(path) if path else {}
    return _library("kinds").kind_of(shapes, shapes)
