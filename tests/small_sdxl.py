"""Small models of the SDXL family, in ComfyUI's own classes; their weights are for others to fill.

The tiny models of the tests and the toy of the demo are built here.
"""

import comfy.cldm.cldm
import comfy.controlnet
import comfy.model_base
import comfy.model_management
import comfy.model_patcher
import comfy.sd
import comfy.sdxl_clip
import comfy.supported_models
import comfy.supported_models_base
import torch

PLAN = {  # three levels with text cross-attention at the lower two, as SDXL has it
    "image_size": 32,
    "in_channels": 4,
    "out_channels": 4,
    "model_channels": 32,
    "num_res_blocks": [2, 2, 2],
    "context_dim": 64,
    "num_head_channels": 32,
    "num_classes": "sequential",
    "use_linear_in_transformer": True,
    "use_spatial_transformer": True,
    "legacy": False,
}


def adm_channels(pooled_width):
    """What a UNet takes beside the text: pooled CLIP-G and six sizes, as in SDXL."""
    return pooled_width + 6 * 256


def unet_model(
    unet,
    kind=comfy.model_base.SDXL,
    config=comfy.supported_models.SDXL,
    model_type=comfy.model_base.ModelType.EPS,
):
    """A MODEL with this UNet config."""
    model_config = config({})
    # only now: the config class would overwrite the width of a head with SDXL's own
    model_config.unet_config = unet
    model = kind(model_config, model_type=model_type)
    return comfy.model_patcher.ModelPatcher(
        model.train(False).requires_grad_(False),
        load_device=comfy.model_management.get_torch_device(),
        offload_device=comfy.model_management.unet_offload_device(),
    )


def clip(clip_l, clip_g):
    """A CLIP as SDXL has it, with these text configs."""
    target = comfy.supported_models_base.ClipTarget(
        comfy.sdxl_clip.SDXLTokenizer, comfy.sdxl_clip.SDXLClipModel
    )
    options = {
        "clip_l_model_config": clip_l,
        "clip_g_model_config": clip_g,
        "dtype": torch.float32,
    }
    return comfy.sd.CLIP(target, model_options=options)


def control_net(unet):
    """A CONTROL_NET for a MODEL with this UNet config: a copy of its encoder, led by a picture."""
    model = comfy.cldm.cldm.ControlNet(hint_channels=3, dtype=torch.float32, **unet)
    return comfy.controlnet.ControlNet(
        model.train(False).requires_grad_(False),
        load_device=comfy.model_management.get_torch_device(),
    )
