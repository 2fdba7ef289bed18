"""What the example workflows ask of the tiny models, on a server."""

import numpy as np
import pytest
from conftest import node
from test_http import painted


def with_control(prompt, strength):
    """The prompt with a ControlNet that follows a photograph's edges."""
    prompt["photo"] = {"class_type": "LoadImage", "inputs": {"image": "astronaut.png"}}
    thresholds = {"low_threshold": 0.2, "high_threshold": 0.6}
    prompt["edges"] = {"class_type": "Canny", "inputs": {"image": ["photo", 0], **thresholds}}
    prompt["net"] = {"class_type": "TinyControlNet", "inputs": {}}
    sampler = node(prompt, "KSampler")["inputs"]
    prompt["control"] = {
        "class_type": "ControlNetApplyAdvanced",
        "inputs": {
            "positive": sampler["positive"],
            "negative": sampler["negative"],
            "control_net": ["net", 0],
            "image": ["edges", 0],
            "strength": strength,
            "start_percent": 0.0,
            "end_percent": 1.0,
        },
    }
    sampler |= {"positive": ["control", 0], "negative": ["control", 1]}
    return prompt


def run(server, prompt):
    return painted(server, prompt, server.wait(server.queue(prompt)))


@pytest.mark.parametrize("strength", [0.0, 0.5])
def test_the_control_net_changes_the_picture(strength, server, prompt):
    plain = run(server, prompt)
    controlled = run(server, with_control(prompt, strength))
    assert controlled.std() > 0
    assert np.array_equal(plain, controlled) == (strength == 0)


@pytest.mark.parametrize("way", ["noise mask", "differential diffusion", "inpaint conditioning"])
def test_one_half_of_a_photograph_is_painted_anew(way, server, prompt):
    sampler = node(prompt, "KSampler")["inputs"]
    vae = node(prompt, "VAEDecode")["inputs"]["vae"]
    size = {"width": ["size", 0], "height": ["size", 1]}
    scale = {"width": 256, "height": 192, "upscale_method": "area", "crop": "center"}
    place = {"x": 0, "y": 0, "operation": "add"}
    inpaint = {"pixels": ["scaled", 0], "vae": vae, "mask": ["mask", 0], "noise_mask": True}
    conditioning = {"positive": sampler["positive"], "negative": sampler["negative"]}
    prompt |= {
        "photo": {"class_type": "LoadImage", "inputs": {"image": "rocket.png"}},
        "scaled": {"class_type": "ImageScale", "inputs": {"image": ["photo", 0], **scale}},
        "size": {"class_type": "GetImageSize", "inputs": {"image": ["scaled", 0]}},
        "none": {"class_type": "SolidMask", "inputs": {"value": 0.0, **size}},
        "half": {"class_type": "SolidMask", "inputs": {"value": 1.0, "width": 128, "height": 192}},
        "mask": {
            "class_type": "MaskComposite",
            "inputs": {"destination": ["none", 0], "source": ["half", 0], **place},
        },
        "seen": {"class_type": "VAEEncode", "inputs": {"pixels": ["scaled", 0], "vae": vae}},
        "noise": {
            "class_type": "SetLatentNoiseMask",
            "inputs": {"samples": ["seen", 0], "mask": ["mask", 0]},
        },
        "soft": {"class_type": "DifferentialDiffusion", "inputs": {"model": sampler["model"]}},
        "inpaint": {"class_type": "InpaintModelConditioning", "inputs": inpaint | conditioning},
        "crop": {"class_type": "LatentCrop", "inputs": {"width": 128, "height": 192, "y": 0}},
    }
    if way == "inpaint conditioning":
        sampler |= {"positive": ["inpaint", 0], "negative": ["inpaint", 1]}
        sampler["latent_image"] = ["inpaint", 2]
    else:
        sampler["latent_image"] = ["noise", 0]
    if way == "differential diffusion":
        sampler["model"] = ["soft", 0]
    sampler["scheduler"] = "simple"  # others end at the noise level where this paints everything
    decode, crop = node(prompt, "VAEDecode")["inputs"], prompt["crop"]["inputs"]
    painted_latent, decode["samples"] = decode["samples"], ["crop", 0]
    for x, kept in ((0, False), (128, True)):
        crop["x"] = x  # of the latent: one part of a picture changes how all of it is decoded
        crop["samples"] = ["seen", 0]
        before = run(server, prompt).astype(int)
        crop["samples"] = painted_latent
        assert (np.abs(run(server, prompt) - before).max() <= 1) == kept
