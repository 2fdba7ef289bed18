"""Test-only nodes: a tiny random SDXL, ControlNet and CLIP vision model, of ComfyUI's own classes.

A folder to be linked into a ComfyUI's `custom_nodes`. Weights are a function of their names, so
every process builds the same models.
"""

from .models import clip_vision, control_net, sdxl

SALT = ("INT", {"default": 0, "tooltip": "Changes nothing; a new value has the models built anew."})


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
        return {"required": {}, "optional": {"salt": SALT}}

    def build(self, salt=0):
        return (clip_vision(),)


class TinyControlNet:
    CATEGORY = "MS-Diffusion/test"
    RETURN_TYPES = ("CONTROL_NET",)
    FUNCTION = "build"

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {}, "optional": {"salt": SALT}}

    def build(self, salt=0):
        return (control_net(),)


WEB_DIRECTORY = "./web"  # lets the demo's address name a workflow to open
NODE_CLASS_MAPPINGS = {
    "TinySDXL": TinySDXL,
    "TinyControlNet": TinyControlNet,
    "TinyCLIPVision": TinyCLIPVision,
}
