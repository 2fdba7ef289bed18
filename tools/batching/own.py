"""The ComfyUI that the demo uses, started for a batch."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path

from accelerator import CPU_ARGUMENTS, has_accelerator
from comfy_server import ComfyServer
from console import Progress, SetupError, note
from demo_models import WORLD_ADAPTER, memory_needed, search, table
from memory import free_memory, require_memory
from packages import ROOT, STATE, make_state
from setup_env import prepare_base, setup
from templates import FIRST

from .models import TOY, Models, sdxl
from .painters import InOwnFolder

WORLD = ROOT / "tests" / "tiny_world"


def make_server(python: Path, comfyui: Path, cpu: bool, name: str) -> InOwnFolder:
    """A server that is not started yet, in a base directory of its own.

    Others may run at the same time: each empties its folder of temporary files.
    """
    make_state()
    base = Path(tempfile.mkdtemp(prefix="batch-", dir=STATE))
    prepare_base(comfyui, [ROOT, WORLD], base=base)
    adapters = base / "models" / "msdiffusion"
    adapters.mkdir(parents=True, exist_ok=True)
    weights = WORLD / "weights" / WORLD_ADAPTER
    (adapters / WORLD_ADAPTER).write_bytes(weights.read_bytes())
    arguments = CPU_ARGUMENTS if cpu else ()
    process = ComfyServer(python, comfyui, base, extra_args=arguments, cpu=cpu, guarded=True)
    return InOwnFolder(process, name, base)


def own_server() -> InOwnFolder:
    """The demo's ComfyUI: that of COMFYUI_PATH, else one that is downloaded."""
    python, comfyui = setup(Progress(4))
    cpu = not (os.environ.get("COMFYUI_PATH") and has_accelerator(python))
    return make_server(python, comfyui, cpu, "own")


def comfyui_here(download: bool) -> tuple[Path, Path]:
    """The Python and the ComfyUI that other nodes of a cluster may have in the same place.

    Args:
        download: whether they are to be there if they are not.
    """
    if download and not os.environ.get("COMFYUI_PATH"):
        return setup(Progress(4))
    return Path(sys.executable), Path(os.environ.get("COMFYUI_PATH") or STATE / "ComfyUI")


def found_models(server: ComfyServer) -> Models:
    """The real models of a server that runs here, else the toy; says on screen which.

    Raises:
        SetupError: there are models, but they do not fit into the memory of a CPU.
    """
    choices = search(server, json.loads(FIRST.read_text(encoding="utf-8")))
    if os.environ.get("COMFYUI_PATH"):
        for line in table(choices):
            note(line)
    if not all(choice.found for choice in choices):
        note("No real models: a TOY that knows emoji only paints. With COMFYUI_PATH set to a")
        note("ComfyUI with SDXL, CLIP-ViT-bigG and the adapter the pictures are real ones.")
        return TOY
    if server.cpu:
        require_memory(memory_needed(server, choices), free_memory(server))
    checkpoint, vision, adapter = (choice.found for choice in choices)
    return sdxl(checkpoint, vision, adapter)


def named_models(toy: bool, checkpoint: str, clip_vision: str, adapter: str) -> Models:
    """What the options name.

    Raises:
        SetupError: they name the toy and files.
    """
    if toy and (checkpoint or clip_vision or adapter):
        raise SetupError("--toy paints with its own models: leave out the files, or --toy.")
    return TOY if toy else sdxl(checkpoint, clip_vision, adapter)
