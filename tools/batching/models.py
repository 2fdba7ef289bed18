"""What paints: the files of SDXL, CLIP vision and the adapter, or the toy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from demo_models import WORLD_ADAPTER

Json = dict[str, Any]


@dataclass(frozen=True)
class Models:
    """The nodes that load models, and how these like to paint.

    Attributes:
        loaders: prompt nodes `checkpoint`, `vision` and `adapter`.
        defaults: what a row has that says nothing else.
    """

    loaders: dict[str, Json]
    defaults: Json


# the authors' settings
DEFAULTS = {
    "negative": "monochrome, lowres, bad anatomy, worst quality, low quality",
    "weight": 0.6,
    "width": 1024,
    "height": 1024,
    "steps": 30,
    "cfg": 7.5,
    "sampler": "euler",
    "scheduler": "normal",
}
CHECKPOINT, CLIP_VISION, ADAPTER = (
    "sd_xl_base_1.0.safetensors",
    "clip_vision_g.safetensors",
    "ms_adapter.bin",
)
TOY = Models(
    {
        "checkpoint": {"class_type": "TinyWorldCheckpoint", "inputs": {}},
        "vision": {"class_type": "TinyWorldCLIPVision", "inputs": {}},
        "adapter": {"class_type": "LoadMSDModel", "inputs": {"model_name": WORLD_ADAPTER}},
    },
    # it was trained on pictures of some 384², without a negative prompt
    {**DEFAULTS, "negative": "", "width": 384, "height": 384, "steps": 20, "cfg": 3.0},
)


def sdxl(checkpoint: str = "", clip_vision: str = "", adapter: str = "") -> Models:
    """SDXL; a file that is not named is the one of the templates."""
    files = {
        "checkpoint": ("CheckpointLoaderSimple", "ckpt_name", checkpoint or CHECKPOINT),
        "vision": ("CLIPVisionLoader", "clip_name", clip_vision or CLIP_VISION),
        "adapter": ("LoadMSDModel", "model_name", adapter or ADAPTER),
    }
    loaders = {
        node: {"class_type": kind, "inputs": {name: file}}
        for node, (kind, name, file) in files.items()
    }
    return Models(loaders, DEFAULTS)
