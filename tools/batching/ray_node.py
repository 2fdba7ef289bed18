"""What runs on a node of a Ray cluster: a ComfyUI, for as long as its actor lives."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from threading import Event
from typing import Any

import ray

from .ends import RowFault, ServerFault
from .own import make_server
from .tasks import Prompt


class Node:
    """A ComfyUI process of its own.

    Args:
        python: what runs it, where the node's environment has no COMFYUI_PYTHON.
        comfyui: its folder, where the node's environment has no COMFYUI_PATH.
        gpu: whether Ray has given a GPU to the actor.
    """

    def __init__(self, python: str, comfyui: str, gpu: bool) -> None:
        folder = Path(os.environ.get("COMFYUI_PATH") or comfyui)
        self.address = ray.util.get_node_ip_address()
        if not (folder / "main.py").is_file():
            raise RuntimeError(
                f"{self.address} has no ComfyUI in {folder}: set COMFYUI_PATH where Ray is started."
            )
        runs = Path(os.environ.get("COMFYUI_PYTHON") or python)
        runs = runs if runs.is_file() else Path(sys.executable)
        self.painter = make_server(runs, folder, not gpu, "node")
        self.painter.open()

    def facts(self) -> dict[str, str]:
        facts = self.painter.facts()
        return {**facts, "device": f"{facts['device']} of {self.address}"}

    def object_info(self) -> dict[str, Any]:
        return self.painter.object_info()

    def processes(self) -> dict[str, int]:
        """The numbers of this process and of ComfyUI's."""
        return {"actor": os.getpid(), "comfyui": self.painter.process.process.pid}

    def paint(
        self, prompt: Prompt, output: str, files: Mapping[str, list[ray.ObjectRef]], timeout: float
    ) -> tuple[str, Any]:
        """The kind of end (`picture`, `row`, `server`), and the picture or the reason."""
        readers = {name: lambda held=held: ray.get(held[0]) for name, held in files.items()}
        try:
            return "picture", self.painter.paint_prompt(prompt, output, readers, timeout, Event())
        except RowFault as error:
            return "row", str(error)
        except ServerFault as error:
            return "server", str(error)

    def close(self) -> None:
        self.painter.close()
