"""First weights: of layers that ComfyUI leaves uninitialised, and of the adapter."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence

import torch
from fill import resampler_shapes
from torch import Tensor, nn

from msdiffusion_nodes.files.checkpoint import Checkpoint

from .. import models

VISION = json.loads((models.HERE / "clip_vision.json").read_text())
WIDTH = VISION["hidden_size"]  # of CLIP vision's features, and so of the resampler and the tokens
GRID = VISION["image_size"] // VISION["patch_size"]  # patches a side; as many tokens as patches
ZEROS = ("proj_out.weight", "proj_out.bias", "out_layers.3.weight", "out.2.weight")


@torch.no_grad()
def initialise(module: nn.Module) -> None:
    """PyTorch's usual start for each layer; zero at the end of each of the UNet's branches."""
    for layer in module.modules():
        if isinstance(layer, (nn.Linear, nn.Conv2d)):
            nn.init.kaiming_uniform_(layer.weight, a=math.sqrt(5))
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
        elif isinstance(layer, (nn.GroupNorm, nn.LayerNorm)):
            nn.init.ones_(layer.weight)
            nn.init.zeros_(layer.bias)
        elif isinstance(layer, nn.Embedding):
            nn.init.normal_(layer.weight, std=0.5)
    for name, parameter in module.named_parameters():
        if name.endswith(ZEROS):
            nn.init.zeros_(parameter)


@torch.no_grad()
def initialise_vision(vision: nn.Module) -> None:
    """Patches that know their place from the start."""
    initialise(vision)
    embeddings = vision.vision_model.embeddings
    nn.init.zeros_(embeddings.class_embedding)
    nn.init.orthogonal_(embeddings.patch_embedding.weight.view(WIDTH, -1))
    embeddings.position_embedding.weight.zero_()
    embeddings.position_embedding.weight[1:] = 2 * place_codes()


def place_codes() -> Tensor:
    """A code for each patch, sines and cosines of row and column: (GRID², WIDTH), variance 1."""
    position = torch.arange(GRID) / GRID * math.pi
    waves = torch.arange(1, WIDTH // 8 + 1) * 0.5
    angles = position[:, None] * waves
    line = torch.cat([angles.sin(), angles.cos()], dim=1)  # (GRID, WIDTH / 4)
    rows = line[:, None].expand(-1, GRID, -1)
    columns = line[None].expand(GRID, -1, -1)
    codes = torch.cat([rows, columns, rows, columns], dim=-1).flatten(0, 1)
    codes = codes - codes.mean(0)
    return codes / codes.std()


def first_adapter(phrase_width: int, site_widths: Sequence[int]) -> Checkpoint:
    """A new adapter, its latents laid out like the patches."""
    shapes = resampler_shapes(
        dim=WIDTH,
        depth=2,
        heads=2,
        latents=GRID**2,
        width=WIDTH,
        phrase=phrase_width,
        out=WIDTH,
        latent_hidden=20,
        ff_mult=2,
    )
    image_proj = {name: _start(name, shape) for name, shape in shapes.items()}
    codes = place_codes()
    image_proj["grounding_latents"] = codes[None].clone()
    image_proj["latent_proj.2.bias"] = codes.flatten().clone()
    image_proj["proj_in.weight"] = torch.eye(WIDTH)
    for layer in ("layers.0.0", "layers.1.0"):  # latents begin by looking at their own patch
        image_proj[f"{layer}.to_q.weight"] = torch.eye(WIDTH)
        image_proj[f"{layer}.to_kv.weight"][:WIDTH] = torch.eye(WIDTH)
    sites = [
        tuple(_start(f"{kind}.weight", (width, WIDTH)) for kind in ("to_k_ip", "to_v_ip"))
        for width in site_widths
    ]
    return Checkpoint(image_proj, tuple(sites))


def _start(name: str, shape: tuple[int, ...]) -> Tensor:
    if name.endswith("bias"):
        return torch.zeros(shape)
    if len(shape) == 1:
        return torch.ones(shape)
    return torch.randn(shape) / math.sqrt(shape[-1])
