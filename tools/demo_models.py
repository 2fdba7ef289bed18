"""Which models a workflow runs with: SDXL where the user has it, tiny random ones in tests."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PureWindowsPath
from typing import Any

from comfy_server import ComfyServer

TINY_ADAPTER = "tiny_ms_adapter.bin"
WORLD_ADAPTER = "tiny_world_ms_adapter.safetensors"
TOYS = (TINY_ADAPTER, WORLD_ADAPTER)  # never taken for the real one
TINY_NODES = {
    "CheckpointLoaderSimple": "TinySDXL",
    "CLIPVisionLoader": "TinyCLIPVision",
    "ControlNetLoader": "TinyControlNet",
}
WEIGHTS = (".safetensors", ".bin", ".ckpt", ".pt", ".pth")


@dataclass(frozen=True)
class Choice:
    """A model file that a loader of the workflow needs, and the one found for it."""

    loader: str
    folder: str
    wanted: str
    found: str | None


def search(server: ComfyServer, workflow: dict[str, Any]) -> list[Choice]:
    """Looks for SDXL, CLIP-ViT-bigG and the adapter among the files that the server offers."""
    checkpoint = _named(workflow, "CheckpointLoaderSimple")
    vision = _named(workflow, "CLIPVisionLoader")
    adapter = _named(workflow, "LoadMSDModel")
    checkpoints = server.get("/models/checkpoints")
    visions = server.get("/models/clip_vision")
    adapters = [name for name in _offered_adapters(server) if _basename(name) not in TOYS]
    adapter_names = (adapter, "ms_adapter.bin", "ms_adapter.safetensors")
    return [
        Choice(
            "CheckpointLoaderSimple",
            "checkpoints",
            checkpoint,
            pick(checkpoints, (checkpoint,), _looks_like_sdxl),
        ),
        Choice(
            "CLIPVisionLoader",
            "clip_vision",
            vision,
            pick(visions, (vision,), _looks_like_big_g),
        ),
        Choice(
            "LoadMSDModel",
            "msdiffusion",
            adapter,
            pick(adapters, adapter_names, lambda name: True),
        ),
    ]


def pick(offered: Sequence[str], names: Sequence[str], fits: Callable[[str], bool]) -> str | None:
    """The offered file with one of these names, else the first whose lower-case name fits."""
    weights = [name for name in offered if name.lower().endswith(WEIGHTS)]
    for name in names:
        for one in weights:
            if _basename(one) == _basename(name):
                return one
    return next((one for one in weights if fits(_basename(one))), None)


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


def _looks_like_sdxl(name: str) -> bool:
    refused = ("refiner", "inpaint")
    return ("sdxl" in name or "sd_xl" in name) and not any(word in name for word in refused)


def _looks_like_big_g(name: str) -> bool:
    return any(word in name for word in ("bigg", "big_g", "clip_vision_g"))


def _basename(name: str) -> str:
    return PureWindowsPath(name).name.lower()  # takes both kinds of slash
