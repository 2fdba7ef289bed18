"""Adapter files in ComfyUI's model folders, and the adapter under ComfyUI's memory management."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import comfy.model_management
import comfy.model_patcher
import comfy.ops
import folder_paths
import torch

from ..files.checkpoint import SUFFIXES, read_checkpoint
from ..files.listing import looks_like_adapter
from ..layout import Layout
from ..method.adapter import Adapter, SiteTokens
from ..subjects import Subject

FOLDER = "msdiffusion"
OTHER_FOLDERS = ("ipadapter", "photomaker")  # where people keep adapters for other packs


def register_folder() -> None:
    """Tell ComfyUI about `models/msdiffusion`."""
    folder_paths.add_model_folder_path(FOLDER, os.path.join(folder_paths.models_dir, FOLDER))


def adapter_files() -> dict[str, str]:
    """Path of every adapter file by the name that the user sees.

    All model files in `msdiffusion`, and those in other packs' folders that hold such an adapter.
    """
    files = {name: path for name, path in _model_files(FOLDER)}
    for folder in OTHER_FOLDERS:
        for name, path in _model_files(folder):
            if name not in files and _is_adapter(path, file_stamp(path)):
                files[name] = path
    return files


@dataclass(frozen=True)
class ManagedAdapter:
    """What travels as MSD_MODEL: the adapter, moved and cast by ComfyUI."""

    patcher: comfy.model_patcher.ModelPatcher

    @property
    def adapter(self) -> Adapter:
        return self.patcher.model

    def site_tokens(
        self,
        subjects: Sequence[Subject],
        layouts: Sequence[Layout],
        view_weights: Sequence[float],
        grounding: bool,
        heads: Sequence[int],
    ) -> list[list[SiteTokens]]:
        """For each layout the keys and values of every site, in float32 on the CPU.

        The adapter is loaded for this moment only: sampling does not need its weights.

        Args:
            view_weights: one a view, of all subjects in a row.
            heads: number of attention heads at each site.
        """
        comfy.model_management.load_models_gpu([self.patcher])
        try:
            weights = torch.tensor(view_weights).repeat_interleave(self.adapter.num_latents)
            boxes = torch.stack([layout.boxes() for layout in layouts])
            tokens = self.adapter.tokens(subjects, boxes.to(self.patcher.load_device), grounding)
            sites = self.adapter.project(tokens, weights.to(tokens), heads)
            cpu = torch.device("cpu")
            by_site = [[each.to(cpu) for each in site.apart()] for site in sites]
            return [list(of_layout) for of_layout in zip(*by_site, strict=True)]
        finally:
            self.patcher.detach()


def load_adapter(path: str) -> ManagedAdapter:
    """Read an adapter file and hand it to ComfyUI.

    Raises:
        InputError: see `read_checkpoint` and `Adapter`.
    """
    adapter = Adapter(read_checkpoint(path), operations=comfy.ops.manual_cast)
    return ManagedAdapter(
        comfy.model_patcher.ModelPatcher(
            adapter,
            load_device=comfy.model_management.get_torch_device(),
            offload_device=comfy.model_management.unet_offload_device(),
        )
    )


def _model_files(folder: str) -> list[tuple[str, str]]:
    if folder in folder_paths.folder_names_and_paths:
        names = folder_paths.get_filename_list(folder)
        found = [(name, folder_paths.get_full_path(folder, name)) for name in names]
    else:  # known to no installed pack: look where it would be
        root = os.path.join(folder_paths.models_dir, folder)
        names = next(os.walk(root), (root, [], []))[2]  # none, if the folder may not be read
        found = [(name, os.path.join(root, name)) for name in sorted(names)]
    found = [(name, path) for name, path in found if path and os.path.isfile(path)]
    return [(name, path) for name, path in found if name.lower().endswith(SUFFIXES)]


def file_stamp(path: str) -> tuple[int, int] | None:
    """Nanosecond of the last change and number of bytes; None where there is no ordinary file."""
    try:
        state = os.stat(path)
    except OSError:  # a link that leads nowhere, or deleted a moment ago
        return None
    return (state.st_mtime_ns, state.st_size) if stat.S_ISREG(state.st_mode) else None


@lru_cache(maxsize=256)
def _is_adapter(path: str, stamp: tuple[int, int] | None) -> bool:
    """`looks_like_adapter`, asked once for each version of a file."""
    return looks_like_adapter(path)
