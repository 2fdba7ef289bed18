"""Demo and test nodes: a small trained SDXL of emoji, in ComfyUI's own classes.

A folder to be linked into a ComfyUI's `custom_nodes`. `tools/train_tiny` trains it.
"""

from .models import control_net, load, load_clip_vision


class TinyWorldCheckpoint:
    CATEGORY = "MS-Diffusion/demo"
    DESCRIPTION = "A toy SDXL of 5 million weights that paints emoji; pictures of 256² to 512²."
    RETURN_TYPES = ("MODEL", "CLIP", "VAE")
    FUNCTION = "load"

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {}}

    def load(self):
        return load()[:3]


class TinyWorldCLIPVision:
    CATEGORY = "MS-Diffusion/demo"
    DESCRIPTION = "The CLIP vision model of the toy SDXL."
    RETURN_TYPES = ("CLIP_VISION",)
    FUNCTION = "load"

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {}}

    def load(self):
        return (load_clip_vision(),)


class TinyWorldControlNet:
    CATEGORY = "MS-Diffusion/demo"
    DESCRIPTION = "A ControlNet for the toy SDXL that was never trained: it changes nothing."
    RETURN_TYPES = ("CONTROL_NET",)
    FUNCTION = "load"

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {}}

    def load(self):
        return (control_net(),)


NODE_CLASS_MAPPINGS = {
    "TinyWorldCheckpoint": TinyWorldCheckpoint,
    "TinyWorldCLIPVision": TinyWorldCLIPVision,
    "TinyWorldControlNet": TinyWorldControlNet,
}
NODE_DISPLAY_NAME_MAPPINGS = {
    "TinyWorldCheckpoint": "Tiny World (toy SDXL)",
    "TinyWorldCLIPVision": "Tiny World CLIP Vision",
    "TinyWorldControlNet": "Tiny World ControlNet (does nothing)",
}
