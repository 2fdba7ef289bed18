"""A tiny SDXL (the golden files' sizes), its ControlNet and CLIP vision, of ComfyUI's own classes.

CLIP-L is 24 wide, CLIP-G 40, so the text context is 64; CLIP vision gives (17, 40) features.
"""

import importlib.util
from pathlib import Path

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
import torch
from comfy.ldm.models.autoencoder import AutoencoderKL

HERE = Path(__file__).resolve().parent

_spec = importlib.util.spec_from_file_location("msd_tests_fill", HERE.parent / "fill.py")
_fill_module = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_fill_module)
fill = _fill_module.fill

UNET = {
    "image_size": 32,
    "in_channels": 4,
    "out_channels": 4,
    "model_channels": 32,
    "channel_mult": [1, 2, 4],
    "num_res_blocks": [2, 2, 2],
    "transformer_depth": [0, 0, 2, 2, 10, 10],
    "transformer_depth_output": [0, 0, 0, 2, 2, 2, 10, 10, 10],
    "transformer_depth_middle": 10,
    "context_dim": 64,
    "num_head_channels": 32,
    "num_classes": "sequential",
    "adm_in_channels": 40 + 6 * 256,  # pooled CLIP-G and six sizes, as in SDXL
    "use_linear_in_transformer": True,
    "use_spatial_transformer": True,
    "legacy": False,
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


def unet_model(
    kind=comfy.model_base.SDXL,
    config=comfy.supported_models.SDXL,
    dtype=torch.float32,
    model_type=comfy.model_base.ModelType.EPS,
    **changes,
):
    """A MODEL of the SDXL family; `changes` go into the UNet's config."""
    model_config = config({})
    # only now: the config class would overwrite the width of a head with SDXL's own
    model_config.unet_config = {**UNET, "dtype": dtype, **changes}
    model = kind(model_config, model_type=model_type)
    fill_module(model.diffusion_model)
    return comfy.model_patcher.ModelPatcher(
        model.eval().requires_grad_(False),
        load_device=comfy.model_management.get_torch_device(),
        offload_device=comfy.model_management.unet_offload_device(),
    )


def clip(text_projection=True, clip_l=CLIP_L):
    """A CLIP as SDXL has it; without its projection CLIP-L gives the pooled output as it is."""
    target = comfy.supported_models_base.ClipTarget(
        comfy.sdxl_clip.SDXLTokenizer, comfy.sdxl_clip.SDXLClipModel
    )
    options = {
        "clip_l_model_config": clip_l,
        "clip_g_model_config": CLIP_G,
        "dtype": torch.float32,
    }
    made = comfy.sd.CLIP(target, model_options=options)
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
    """A CONTROL_NET for the MODEL: a copy of its UNet's encoder, led by a picture."""
    model = comfy.cldm.cldm.ControlNet(hint_channels=3, dtype=torch.float32, **UNET)
    fill_module(model, "control_net.")
    return comfy.controlnet.ControlNet(
        model.eval().requires_grad_(False),
        load_device=comfy.model_management.get_torch_device(),
    )


def clip_vision(config="clip_vision.json"):
    model = comfy.clip_vision.ClipVisionModel(str(HERE / config))
    fill_module(model.model)
    return model
