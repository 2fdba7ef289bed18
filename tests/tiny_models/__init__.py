"""Test-only nodes: a tiny random SDXL, ControlNet and CLIP vision model, of ComfyUI's own classes.

A folder to be linked into a ComfyUI's `custom_nodes`. Weights are a function of their names, so
every process builds the same models.
"""

import torch

from .models import clip_vision, control_net, sdxl

SALT = ("INT", {"default": 0, "tooltip": "Changes nothing; a new value has the models built anew."})
WIDE = ("BOOLEAN", {"default": False, "tooltip": "Another encoder than the adapter's."})


class TinySDXL:
    CATEGORY = "MS-Diffusion/test"
    RETURN_TYPES = ("MODEL", "CLIP", "VAE")
    FUNCTION = "build"

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {}, "optional": {"salt": SALT}}

    def build(self, salt=0):
        return sdxl()


class TinyCLIPVision:
    CATEGORY = "MS-Diffusion/test"
    RETURN_TYPES = ("CLIP_VISION",)
    FUNCTION = "build"

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {}, "optional": {"salt": SALT, "wide": WIDE}}

    def build(self, salt=0, wide=False):
        return (clip_vision("clip_vision_wide.json" if wide else "clip_vision.json"),)


class TinyControlNet:
    CATEGORY = "MS-Diffusion/test"
    RETURN_TYPES = ("CONTROL_NET",)
    FUNCTION = "build"

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {}, "optional": {"salt": SALT}}

    def build(self, salt=0):
        return (control_net(),)


class MiddleIsSubject:
    """Stands in for a background remover's weights, which are too many: the middle is kept."""

    def encode_image(self, image):
        mask = torch.zeros(image.shape[:3])
        height, width = mask.shape[1:]
        mask[:, height // 4 : -(height // 4), width // 4 : -(width // 4)] = 1.0
        return mask


class TinyBackgroundRemoval:
    CATEGORY = "MS-Diffusion/test"
    RETURN_TYPES = ("BACKGROUND_REMOVAL",)
    FUNCTION = "build"

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {}, "optional": {"salt": SALT}}

    def build(self, salt=0):
        return (MiddleIsSubject(),)


WEB_DIRECTORY = "./web"  # lets the demo's address name a workflow to open
NODE_CLASS_MAPPINGS = {
    "TinySDXL": TinySDXL,
    "TinyControlNet": TinyControlNet,
    "TinyCLIPVision": TinyCLIPVision,
    "TinyBackgroundRemoval": TinyBackgroundRemoval,
}
