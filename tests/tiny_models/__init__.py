"""Test-only nodes: a tiny random SDXL and CLIP vision model, made of ComfyUI's own classes.

A folder to be linked into a ComfyUI's `custom_nodes`. Weights are a function of their names, so
every process builds the same models.
"""

from .models import clip_vision, sdxl


class TinySDXL:
    CATEGORY = "MS-Diffusion/test"
    RETURN_TYPES = ("MODEL", "CLIP", "VAE")
    FUNCTION = "build"

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {}}

    def build(self):
        return sdxl()


class TinyCLIPVision:
    CATEGORY = "MS-Diffusion/test"
    RETURN_TYPES = ("CLIP_VISION",)
    FUNCTION = "build"

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {}}

    def build(self):
        return (clip_vision(),)


NODE_CLASS_MAPPINGS = {"TinySDXL": TinySDXL, "TinyCLIPVision": TinyCLIPVision}
