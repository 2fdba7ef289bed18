"""Demo and test nodes: a small trained SDXL of emoji, in ComfyUI's own classes.

A folder to be linked into a ComfyUI's `custom_nodes`. What is not nodes is in its modules, some of
which run without ComfyUI: so this one imports ComfyUI's classes only when a node runs.
"""


class TinyWorldCheckpoint:
    CATEGORY = "MS-Diffusion/demo"
    DESCRIPTION = "A toy SDXL of 5 million weights that paints emoji; pictures of 256² to 512²."
    RETURN_TYPES = ("MODEL", "CLIP", "VAE")
    FUNCTION = "load"

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {}}

    def load(self):
        from .models import load

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
        from .models import load_clip_vision

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
        from .models import control_net

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
