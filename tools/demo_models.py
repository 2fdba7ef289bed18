"""Which models a workflow runs with: SDXL where the user has it, tiny random ones in tests."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PureWindowsPath
from typing import Any

from comfy_server import ComfyServer
from model_files import ModelFiles

TINY_ADAPTER = "tiny_ms_adapter.bin"
WORLD_ADAPTER = "tiny_world_ms_adapter.safetensors"
TOYS = (TINY_ADAPTER, WORLD_ADAPTER)  # never taken for the real one
TINY_NODES = {
    "CheckpointLoaderSimple": "TinySDXL",
    "CLIPVisionLoader": "TinyCLIPVision",
    "ControlNetLoader": "TinyControlNet",
    "LoadBackgroundRemovalModel": "TinyBackgroundRemoval",
}
WEIGHTS = (".safetensors", ".sft", ".bin", ".ckpt", ".pt", ".pth")
FOLDERS = {
    "CheckpointLoaderSimple": "checkpoints",
    "CLIPVisionLoader": "clip_vision",
    "LoadMSDModel": "msdiffusion",
}


@dataclass(frozen=True)
class Choice:
    """A model file that a loader of the workflow needs, and the one found for it."""

    loader: str
    folder: str
    wanted: str
    found: str | None


def search(server: ComfyServer, workflow: dict[str, Any]) -> list[Choice]:
    """Looks for SDXL, CLIP-ViT-bigG and the adapter in the files that the server offers."""
    files = ModelFiles(server)
    adapters = [name for name in _offered_adapters(server) if _basename(name) not in TOYS]
    wanted = {loader: _named(workflow, loader) for loader in FOLDERS}
    others = ("ms_adapter.bin", "ms_adapter.safetensors")
    looks = {
        "CheckpointLoaderSimple": (server.get("/models/checkpoints"), (), files.is_sdxl),
        "CLIPVisionLoader": (server.get("/models/clip_vision"), (), files.is_big_g),
        "LoadMSDModel": (adapters, others, files.is_adapter),
    }
    return [
        Choice(loader, FOLDERS[loader], name, pick(offered, (name, *more), fits))
        for (loader, name), (offered, more, fits) in zip(
            wanted.items(), looks.values(), strict=True
        )
    ]


def pick(offered: Sequence[str], names: Sequence[str], fits: Callable[[str], bool]) -> str | None:
    """The offered file that fits with one of these names, else the first that fits."""
    weights = [name for name in offered if name.lower().endswith(WEIGHTS)]
    named = [one for name in names for one in weights if _basename(one) == _basename(name)]
    return next((one for one in (*named, *weights) if fits(one)), None)


def memory_needed(server: ComfyServer, choices: Sequence[Choice]) -> list[tuple[str, int]]:
    """The found files, and how many bytes each takes on a CPU."""
    files = ModelFiles(server)
    return [(one.found, files.memory(one.folder, one.found)) for one in choices if one.found]


def use_models(workflow: dict[str, Any], choices: Sequence[Choice]) -> dict[str, Any]:
    """The workflow with the found files in its loaders."""
    found = {choice.loader: choice.found for choice in choices}
    workflow = copy.deepcopy(workflow)
    for node in workflow["nodes"]:
        if node["type"] in found:
            node["widgets_values"] = [found[node["type"]]]
    return workflow


def use_tiny_models(workflow: dict[str, Any]) -> dict[str, Any]:
    """The workflow with the loaders of tests/tiny_models."""
    return use_loaders(workflow, TINY_NODES, TINY_ADAPTER, " (random weights)")


def use_loaders(
    workflow: dict[str, Any], loaders: dict[str, str], adapter: str, note: str = ""
) -> dict[str, Any]:
    """The workflow with other loaders, which take no inputs.

    Args:
        loaders: the new node by the old one.
        note: stands behind their titles.
    """
    workflow = copy.deepcopy(workflow)
    for node in workflow["nodes"]:
        if node["type"] in loaders:
            node["type"] = loaders[node["type"]]
            node["title"] = node["type"] + note
            node["properties"] = {"Node name for S&R": node["type"]}
            node["inputs"] = node["widgets_values"] = []
        elif node["type"] == "LoadMSDModel":
            node["widgets_values"] = [adapter]
    return workflow


def table(choices: Sequence[Choice]) -> list[str]:
    """Lines that show what was looked for and what was found."""
    rows = [("folder", "looked for", "found")]
    rows += [(f"models/{one.folder}", one.wanted, one.found or "not found") for one in choices]
    return [f"{folder:20}{wanted:32}{found}" for folder, wanted, found in rows]


def _named(workflow: dict[str, Any], loader: str) -> str:
    values = [node["widgets_values"] for node in workflow["nodes"] if node["type"] == loader]
    return values[0][0]


def _offered_adapters(server: ComfyServer) -> list[str]:
    info = server.get("/object_info/LoadMSDModel")
    if not info:
        return []
    kind, *options = info["LoadMSDModel"]["input"]["required"]["model_name"]
    return kind if isinstance(kind, list) else options[0]["options"]


def _basename(name: str) -> str:
    return PureWindowsPath(name).name.lower()  # takes both kinds of slash
