"""ComfyUI in this process, with the pack loaded by ComfyUI's own loader."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
Run = Callable[..., Any]


def start_comfyui() -> None:
    """Makes `comfy` importable, on the CPU.

    Raises:
        SystemExit: COMFYUI_PATH names no ComfyUI.
    """
    comfyui = os.environ.get("COMFYUI_PATH")
    if not comfyui or not (Path(comfyui) / "comfy").is_dir():
        sys.exit("set COMFYUI_PATH to a ComfyUI folder (tools/demo.py gets one into .comfyui)")
    sys.path.insert(0, comfyui)
    sys.path += [str(ROOT), str(ROOT / "tests")]
    from comfy.cli_args import args

    args.cpu = True
    args.use_pytorch_cross_attention = True
    args.base_directory = tempfile.mkdtemp(prefix="msd-train-")


def load_pack() -> Run:
    """Loads the pack; returns what runs a node: `run("LayoutBoxes", boxes=…)`."""
    import nodes
    import torch

    assert asyncio.run(nodes.load_custom_node(str(ROOT), module_parent="custom_nodes"))

    def run(node_id: str, **inputs: Any) -> tuple:
        node = nodes.NODE_CLASS_MAPPINGS[node_id]
        with torch.inference_mode():
            made = getattr(node(), node.FUNCTION)(**inputs)
        return made["result"] if isinstance(made, dict) else made

    return run
