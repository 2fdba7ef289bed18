"""The tiny world's models, in ComfyUI's own classes: an SDXL with pixels for latents.

The UNet has SDXL's plan, small: text cross-attention at the two lower of its three levels.
`clip` holds a CLIP-L and a CLIP-G, both 32 wide, so the text context is 64; CLIP vision makes 144
patches (and a class token) of a 48×48 picture.
"""

import sys
from pathlib import Path
from typing import NamedTuple

import comfy.clip_vision
import comfy.controlnet
import comfy.model_patcher
import comfy.sd
import comfy.utils
import torch
from torch import Tensor, nn

from .pixels import pixel_vae

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent))  # a server has only this folder

import small_sdxl  # noqa: E402

WEIGHTS = HERE / "weights"
FILE = "tiny_world.safetensors"
BY_NAME = "tiny_world_by_name.safetensors"
ADAPTER = "tiny_world_ms_adapter.safetensors"
VOCABULARY = 49408  # CLIP's

TEXT_WIDTH = 32
UNET = {
    **small_sdxl.PLAN,
    "channel_mult": [1, 2, 3],
    "transformer_depth": [0, 0, 1, 1, 1, 1],
    "transformer_depth_output": [0, 0, 0, 1, 1, 1, 1, 1, 1],
    "transformer_depth_middle": 1,
    "context_dim": 2 * TEXT_WIDTH,
    "adm_in_channels": small_sdxl.adm_channels(TEXT_WIDTH),
}
CLIP_L = {
    "hidden_size": TEXT_WIDTH,
    "intermediate_size": 2 * TEXT_WIDTH,
    "num_hidden_layers": 3,
    "num_attention_heads": 2,
    "hidden_act": "gelu",
}


class World(NamedTuple):
    """What the loader nodes give."""

    model: comfy.model_patcher.ModelPatcher
    clip: comfy.sd.CLIP
    vae: comfy.sd.VAE
    clip_vision: comfy.clip_vision.ClipVisionModel


def build() -> World:
    """The models without their weights: as ComfyUI makes them, uninitialised."""
    return World(
        small_sdxl.unet_model({**UNET, "dtype": torch.float32}),
        small_sdxl.clip(CLIP_L, CLIP_L),
        pixel_vae(),
        _build_clip_vision(),
    )


def _build_clip_vision() -> comfy.clip_vision.ClipVisionModel:
    return comfy.clip_vision.ClipVisionModel(str(HERE / "clip_vision.json"))


def modules(world: World) -> dict[str, nn.Module]:
    """The modules with weights, by the name that starts their tensors' names in the file."""
    text = world.clip.cond_stage_model
    return {
        "unet": world.model.model.diffusion_model,
        "clip_l": text.clip_l.transformer,
        "clip_g": text.clip_g.transformer,
        "clip_vision": world.clip_vision.model,
    }


def load(folder: Path = WEIGHTS) -> World:
    """The trained models from the file in `folder`, computing in float32."""
    world = build()
    _fill(modules(world), folder)
    return world


def load_by_name() -> World:
    """The models that also paint some emoji by name: the UNet's transformers are others."""
    world = load()
    state = comfy.utils.load_torch_file(str(WEIGHTS / BY_NAME))
    unet = modules(world)["unet"]
    unet.load_state_dict({key: tensor.float() for key, tensor in state.items()}, strict=False)
    return world


def load_clip_vision() -> comfy.clip_vision.ClipVisionModel:
    """The trained CLIP vision model alone."""
    vision = _build_clip_vision()
    _fill({"clip_vision": vision.model}, WEIGHTS)
    return vision


def _fill(parts: dict[str, nn.Module], folder: Path) -> None:
    """Gives modules their trained weights; `parts` as `modules` names them."""
    state = comfy.utils.load_torch_file(str(folder / FILE))
    known = state.pop("vocabulary").long()
    for name, module in parts.items():
        own = {
            key.removeprefix(f"{name}."): tensor.float()
            for key, tensor in state.items()
            if key.startswith(f"{name}.")
        }
        key = "text_model.embeddings.token_embedding.weight"
        if key in own:
            own[key] = all_words(own[key], known)
        module.load_state_dict(own)


def all_words(embeddings: Tensor, known: Tensor) -> Tensor:
    """Embeddings of every token: those of the words in training, the last one for all others.

    Args:
        embeddings: (words + 1, width).
        known: the words' token numbers (words,).
    """
    table = embeddings[-1].repeat(VOCABULARY, 1)
    table[known] = embeddings[:-1]
    return table


def control_net() -> comfy.controlnet.ControlNet:
    """A CONTROL_NET for the MODEL that adds nothing, as before any training."""
    made = small_sdxl.control_net(UNET)
    for parameter in made.control_model.parameters():
        nn.init.zeros_(parameter)
    return made
