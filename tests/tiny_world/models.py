"""The tiny world's models, in ComfyUI's own classes: an SDXL with pixels for latents.

The UNet has SDXL's plan, small: text cross-attention at the two lower of its three levels.
`clip` holds a CLIP-L and a CLIP-G, both 32 wide, so the text context is 64; CLIP vision makes 64
patches (and a class token) of a 64×64 picture.
"""

from pathlib import Path
from typing import NamedTuple

import comfy.cldm.cldm
import comfy.clip_vision
import comfy.controlnet
import comfy.model_base
import comfy.model_management
import comfy.model_patcher
import comfy.sd
import comfy.sdxl_clip
import comfy.supported_models
import comfy.supported_models_base
import comfy.utils
import torch
from torch import Tensor, nn

from .pixels import pixel_vae

HERE = Path(__file__).resolve().parent
WEIGHTS = HERE / "weights"
VOCABULARY = 49408  # CLIP's

TEXT_WIDTH = 32
UNET = {
    "image_size": 32,
    "in_channels": 4,
    "out_channels": 4,
    "model_channels": 32,
    "channel_mult": [1, 2, 3],
    "num_res_blocks": [2, 2, 2],
    "transformer_depth": [0, 0, 1, 1, 1, 1],
    "transformer_depth_output": [0, 0, 0, 1, 1, 1, 1, 1, 1],
    "transformer_depth_middle": 1,
    "context_dim": 2 * TEXT_WIDTH,
    "num_head_channels": 32,
    "num_classes": "sequential",
    "adm_in_channels": TEXT_WIDTH + 6 * 256,  # pooled CLIP-G and six sizes, as in SDXL
    "use_linear_in_transformer": True,
    "use_spatial_transformer": True,
    "legacy": False,
}
CLIP_L = {
    "hidden_size": TEXT_WIDTH,
    "intermediate_size": 2 * TEXT_WIDTH,
    "num_hidden_layers": 3,
    "num_attention_heads": 2,
    "hidden_act": "gelu",
}


class World(NamedTuple):
    """What the loader node gives."""

    model: comfy.model_patcher.ModelPatcher
    clip: comfy.sd.CLIP
    vae: comfy.sd.VAE
    clip_vision: comfy.clip_vision.ClipVisionModel


def build() -> World:
    """The models without their weights: as ComfyUI makes them, uninitialised."""
    config = comfy.supported_models.SDXL({})
    # only now: the config class would overwrite the width of a head with SDXL's own
    config.unet_config = {**UNET, "dtype": torch.float32}
    model = comfy.model_base.SDXL(config)
    target = comfy.supported_models_base.ClipTarget(
        comfy.sdxl_clip.SDXLTokenizer, comfy.sdxl_clip.SDXLClipModel
    )
    options = {
        "clip_l_model_config": CLIP_L,
        "clip_g_model_config": CLIP_L,
        "dtype": torch.float32,
    }
    return World(
        comfy.model_patcher.ModelPatcher(
            model.train(False).requires_grad_(False),
            load_device=comfy.model_management.get_torch_device(),
            offload_device=comfy.model_management.unet_offload_device(),
        ),
        comfy.sd.CLIP(target, model_options=options),
        pixel_vae(),
        comfy.clip_vision.ClipVisionModel(str(HERE / "clip_vision.json")),
    )


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
    """The trained models from `tiny_world.safetensors`, kept in float16, computing in float32."""
    world = build()
    state = comfy.utils.load_torch_file(str(folder / "tiny_world.safetensors"))
    known = state.pop("vocabulary").long()
    for name, module in modules(world).items():
        own = {
            key.removeprefix(f"{name}."): tensor.float()
            for key, tensor in state.items()
            if key.startswith(f"{name}.")
        }
        key = "text_model.embeddings.token_embedding.weight"
        if key in own:
            own[key] = all_words(own[key], known)
        module.load_state_dict(own)
    return world


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
    """A CONTROL_NET for the MODEL whose last layers are zero, as before any training."""
    model = comfy.cldm.cldm.ControlNet(hint_channels=3, dtype=torch.float32, **UNET)
    model.load_state_dict({key: torch.zeros_like(old) for key, old in model.state_dict().items()})
    return comfy.controlnet.ControlNet(
        model.train(False).requires_grad_(False),
        load_device=comfy.model_management.get_torch_device(),
    )
