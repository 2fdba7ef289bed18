"""A tiny SDXL (the golden files' widths), its ControlNet and CLIP vision, of ComfyUI's own classes.

It has six of SDXL's 70 text cross-attentions, in each kind of block; with `SDXL_DEPTHS` it has them
all. CLIP-L is 24 wide, CLIP-G 40, so the text context is 64; CLIP vision gives (17, 40) features.
"""

import sys
from pathlib import Path

import comfy.clip_vision
import comfy.sd
import torch
from comfy.ldm.models.autoencoder import AutoencoderKL

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent))  # a server has only this folder

import small_sdxl  # noqa: E402
from fill import fill  # noqa: E402

UNET = {
    **small_sdxl.PLAN,
    "channel_mult": [1, 2, 4],
    "transformer_depth": [0, 0, 1, 0, 1, 0],
    "transformer_depth_output": [0, 0, 0, 0, 0, 1, 0, 0, 1],  # the last one's block is the first
    "transformer_depth_middle": 2,
    "adm_in_channels": small_sdxl.adm_channels(40),
}
SDXL_DEPTHS = {
    "transformer_depth": [0, 0, 2, 2, 10, 10],
    "transformer_depth_output": [0, 0, 0, 2, 2, 2, 10, 10, 10],
    "transformer_depth_middle": 10,
}
CLIP_L = {
    "hidden_size": 24,
    "intermediate_size": 48,
    "num_hidden_layers": 3,
    "num_attention_heads": 2,
    "hidden_act": "quick_gelu",
}
CLIP_G = {**CLIP_L, "hidden_size": 40, "intermediate_size": 80, "hidden_act": "gelu"}
VAE = {
    "embed_dim": 4,
    "ddconfig": {
        "double_z": True,
        "z_channels": 4,
        "resolution": 256,
        "in_channels": 3,
        "out_ch": 3,
        "ch": 32,
        "ch_mult": [1, 1, 1, 1],
        "num_res_blocks": 1,
        "attn_resolutions": [],
        "dropout": 0.0,
    },
}


def fill_module(module, prefix="", dtype=None):
    """Give every floating tensor of a module the value that belongs to its name."""
    state = {
        key: torch.from_numpy(fill(prefix + key, tuple(tensor.shape))).to(dtype or tensor.dtype)
        for key, tensor in module.state_dict().items()
        if tensor.is_floating_point()
    }
    module.load_state_dict(state, strict=False)


def unet_model(dtype=torch.float32, **given):
    """A MODEL; `small_sdxl.unet_model` takes kinds, the rest goes into the UNet's config."""
    kinds = {name: given.pop(name) for name in ("kind", "config", "model_type") if name in given}
    model = small_sdxl.unet_model({**UNET, "dtype": dtype, **given}, **kinds)
    fill_module(model.model.diffusion_model)
    return model


def clip(text_projection=True, clip_l=CLIP_L):
    """A CLIP as SDXL has it; without its projection CLIP-L gives the pooled output as it is."""
    made = small_sdxl.clip(clip_l, CLIP_G)
    fill_module(made.cond_stage_model.clip_l.transformer)
    fill_module(made.cond_stage_model.clip_g.transformer, "clip_g.")
    if not text_projection:
        projection = made.cond_stage_model.clip_l.transformer.text_projection
        torch.nn.init.eye_(projection.weight)
    return made


def vae():
    model = AutoencoderKL(**VAE)
    fill_module(model, "vae.")
    return comfy.sd.VAE(sd=model.state_dict(), config={"params": VAE})


def sdxl():
    return unet_model(), clip(), vae()


def control_net():
    made = small_sdxl.control_net(UNET)
    fill_module(made.control_model, "control_net.")
    return made


def clip_vision(config="clip_vision.json"):
    model = comfy.clip_vision.ClipVisionModel(str(HERE / config))
    fill_module(model.model)
    return model
