"""The official implementation's recordings (`tests/golden`), run through our nodes."""

import json
from pathlib import Path

import torch
from safetensors import safe_open

FOLDER = Path(__file__).resolve().parent.parent / "golden"

PROMPT = "a cute dog and a grey cat"  # the recordings' phrases stand at [3, 4) and [6, 8)
NAMES = ("dog", "grey cat")


def load(name):
    """A recording: its settings and its tensors."""
    with safe_open(FOLDER / f"{name}.safetensors", "pt") as file:
        settings = json.loads(file.metadata()["case"])
        return settings, {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118


def apply_nodes(pack, run, msd_model, model, settings, tensors, names=(), **more):
    """The patched MODEL of a recording, through LayoutBoxes and ApplyMSDiffusion.

    `names` are the subjects' phrases, `more` other inputs of ApplyMSDiffusion.
    """
    recorded = zip(tensors["image_features"], tensors["phrase_embeds"], strict=True)
    subjects = [
        pack.subjects.Subject(names[n] if names else f"subject {n}", features[None], phrase)
        for n, (features, phrase) in enumerate(recorded)
    ]
    layout = run("LayoutBoxes", boxes=json.dumps(settings["boxes"]), width=1024, height=1024)[0]
    weights = settings["subject_scales"] or []
    inputs = {
        "model": model,
        "msd_model": msd_model,
        "subjects": subjects,
        "layout": layout,
        "weight": settings["scale"],
        "start_percent": 0.0,
        "end_percent": 1.0,
        "subject_weights": ", ".join(map(str, weights)),
        "grounding": not settings["drop_grounding_tokens"],
    }
    return run("ApplyMSDiffusion", **inputs | more)[0]


def auto_layout(run, tiny, settings):
    """What Auto Layout gives for the recordings' text."""
    return run(
        "AutoLayout",
        clip=tiny.clip,
        prompt=PROMPT,
        threshold=settings["mask_threshold"],
        start_step=settings["start_step"],
    )[0]


def call_unet(model, tensors, step, timestep, chunks, sigmas=True):
    """ComfyUI's own UNet on the chunks of a batch: 0 is the positive half, 1 the negative."""
    x = tensors["x"][step]
    images = len(x)
    contexts = {0: tensors["text_cond"], 1: tensors["text_uncond"]}
    halves = {1: tensors["y"][:images], 0: tensors["y"][images:]}  # the negative half is first
    options = dict(model.model_options["transformer_options"])
    options["cond_or_uncond"] = list(chunks)
    if sigmas:
        options["sigmas"] = torch.full((1,), float(timestep))
    with torch.inference_mode():
        out = model.model.diffusion_model(
            torch.cat([x] * len(chunks)),
            torch.full((images * len(chunks),), float(timestep)),
            context=torch.cat([contexts[chunk].expand(images, -1, -1) for chunk in chunks]),
            y=torch.cat([halves[chunk] for chunk in chunks]),
            transformer_options=options,
        )
    return dict(zip(chunks, out.split(images), strict=True))
