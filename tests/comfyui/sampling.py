"""Pictures for the tests: two subjects through the nodes, and ComfyUI's own KSampler."""

import nodes
import torch

PROMPT = "a dog and a cat on the beach"
BOXES = "[[0.0, 0.25, 0.5, 0.75], [0.5, 0.25, 1.0, 0.75]]"


def two_pictures():
    """Two pictures that have nothing in common: (1, 48, 64, 3) each."""
    x = torch.linspace(0, 1, 64).expand(1, 48, 64)
    first = torch.stack([x, 1 - x, torch.zeros_like(x)], dim=-1)
    second = (torch.rand(1, 48, 64, 3, generator=torch.Generator().manual_seed(1)) > 0.5).float()
    return first, second


def text(clip, prompt):
    return nodes.CLIPTextEncode().encode(clip, prompt)[0]


def empty_latent(width=512, height=512, batch=1):
    return nodes.EmptyLatentImage().generate(width, height, batch)[0]


def ksampler(tiny, model, **settings):
    """The latent that KSampler makes of `model`: (batch, 4, height / 8, width / 8).

    With `start_step` and `last_step`, as KSamplerAdvanced.
    """
    options = {
        "seed": 3,
        "steps": 3,
        "cfg": 7.0,
        "sampler_name": "euler",
        "scheduler": "normal",
        "positive": text(tiny.clip, PROMPT),
        "negative": text(tiny.clip, "blurry"),
        "latent_image": empty_latent(),
        "denoise": 1.0,
        **settings,
    }
    names = ("seed", "steps", "cfg", "sampler_name", "scheduler", "positive", "negative")
    first = [options.pop(name) for name in (*names, "latent_image")]
    with torch.inference_mode():
        return nodes.common_ksampler(model, *first, **options)[0]["samples"]
