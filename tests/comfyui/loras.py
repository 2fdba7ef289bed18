"""LoRAs for the tiny SDXL, and hooks that change one in the middle of a run."""

import comfy.hooks
import torch
from comfy_extras import nodes_hooks
from other_packs import core


def lora(*layers, rank=2):
    """A LoRA on layers of the first transformer block, such as "attn2_to_q"."""
    made = {}
    for layer in layers:
        name = f"lora_unet_input_blocks_4_1_transformer_blocks_0_{layer}"
        generator = torch.Generator().manual_seed(0)
        made[f"{name}.lora_up.weight"] = torch.randn(64, rank, generator=generator)
        made[f"{name}.lora_down.weight"] = torch.randn(rank, 64, generator=generator)
    return made


def hooked(conditioning, given, strength=0.5, early=0.2):
    """The prompt with a LoRA for it alone, whole from the middle of the run on, weaker before."""
    hooks = comfy.hooks.create_hook_lora(lora=given, strength_model=strength, strength_clip=0.0)
    frame = core(nodes_hooks.CreateHookKeyframe, strength_mult=early, start_percent=0.0)
    later = {"strength_mult": 1.0, "start_percent": 0.5, "prev_hook_kf": frame}
    frames = core(nodes_hooks.CreateHookKeyframe, **later)
    hooks = core(nodes_hooks.SetHookKeyframes, hooks=hooks, hook_kf=frames)
    properties = {"strength": 1.0, "set_cond_area": "default", "hooks": hooks}
    return core(nodes_hooks.ConditioningSetProperties, cond_NEW=conditioning, **properties)
