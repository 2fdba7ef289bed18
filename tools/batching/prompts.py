"""A job becomes a prompt: the graph of the templates, with as many subjects as the row has."""

from __future__ import annotations

import json
from typing import Any

from .models import Models
from .rows import Job, Subject
from .tasks import Prompt

AT_ONCE = 4  # subjects of one Encode Subjects
AUTHORS = "authors"  # the scheduler that is a node of ours
OUTPUT = "picture"  # the node whose picture is the result


def make_prompt(job: Job, models: Models) -> tuple[Prompt, dict[tuple[str, str], str]]:
    """The prompt, and the column that each of its inputs comes from."""
    made = _Graph()
    for name, loader in models.loaders.items():
        made.prompt[name] = {"class_type": loader["class_type"], "inputs": {**loader["inputs"]}}
    subjects = _subjects(made, job.subjects)
    made.add(
        "layout",
        "LayoutBoxes",
        subjects=subjects,
        boxes=("layout", json.dumps([subject.box for subject in job.subjects])),
        width=("width", job.settings["width"]),
        height=("height", job.settings["height"]),
    )
    made.add(
        "apply",
        "ApplyMSDiffusion",
        model=["checkpoint", 0],
        msd_model=["adapter", 0],
        subjects=subjects,
        layout=["layout", 0],
        weight=("weight", job.settings["weight"]),
        start_percent=0.0,
        end_percent=1.0,
        subject_weights=_weights(job),
    )
    for name, column, text in (
        ("positive", "prompt", job.prompt),
        ("negative", "negative", job.settings["negative"]),
    ):
        made.add(name, "CLIPTextEncode", clip=["checkpoint", 1], text=(column, text))
    size = {"width": ["layout", 3], "height": ["layout", 4]}
    made.add("latent", "EmptyLatentImage", **size, batch_size=1)
    _sample(made, job)
    made.add("decode", "VAEDecode", samples=["sampled", 0], vae=["checkpoint", 2])
    # the server keeps no copy: its folder of temporary files is emptied when it starts
    made.add(OUTPUT, "PreviewImage", images=["decode", 0])
    return made.prompt, made.origins


class _Graph:
    """A prompt in the making. A value that stands in a pair comes from that column."""

    def __init__(self) -> None:
        self.prompt: Prompt = {}
        self.origins: dict[tuple[str, str], str] = {}

    def add(self, node: str, kind: str, **inputs: Any) -> None:
        for name, value in inputs.items():
            if isinstance(value, tuple):
                self.origins[node, name], inputs[name] = value
        self.prompt[node] = {"class_type": kind, "inputs": inputs}


def _subjects(made: _Graph, subjects: tuple[Subject, ...]) -> list[Any]:
    """The link to all subjects; a node takes four, so more come in a chain."""
    link: list[Any] | None = None
    for first in range(0, len(subjects), AT_ONCE):
        group = subjects[first : first + AT_ONCE]
        inputs: dict[str, Any] = {"subjects": link} if link else {}
        for place, subject in enumerate(group, start=1):
            number = first + place
            inputs[f"image_{place}"] = _picture(made, number, subject)
            if subject.mask:
                mask = (f"mask_{number}", subject.mask.name)
                made.add(f"mask_{number}", "LoadImageMask", image=mask, channel="red")
                inputs[f"mask_{place}"] = [f"mask_{number}", 0]
        node = f"subjects_{first + 1}"
        made.add(
            node,
            "EncodeSubjects",
            clip=["checkpoint", 1],
            clip_vision=["vision", 0],
            phrases=(f"phrase_{first + 1}", "\n".join(subject.phrase for subject in group)),
            **inputs,
        )
        link = [node, 0]
    return link or []


def _picture(made: _Graph, number: int, subject: Subject) -> list[Any]:
    """The link to a subject's picture, with its alpha where it has any."""
    node = f"picture_{number}"
    made.add(node, "LoadImage", image=(node, subject.picture.name))
    if not subject.picture.alpha:
        return [node, 0]
    made.add(f"alpha_{number}", "JoinImageWithAlpha", image=[node, 0], alpha=[node, 1])
    return [f"alpha_{number}", 0]


def _weights(job: Job) -> str:
    """The text of `subject_weights`; empty where no subject has its own."""
    own = [subject.weight for subject in job.subjects]
    if all(weight is None for weight in own):
        return ""
    common = job.settings["weight"]
    return ", ".join(f"{common if weight is None else weight:g}" for weight in own)


def _sample(made: _Graph, job: Job) -> None:
    """The node `sampled`, whose first output is the latent."""
    settings = job.settings
    shared = {
        "model": ["apply", 0],
        "positive": ["positive", 0],
        "negative": ["negative", 0],
        "latent_image": ["latent", 0],
        "cfg": ("cfg", settings["cfg"]),
    }
    steps, sampler = ("steps", settings["steps"]), ("sampler", settings["sampler"])
    if settings["scheduler"] != AUTHORS:
        made.add(
            "sampled",
            "KSampler",
            **shared,
            seed=("seed", job.seed),
            steps=steps,
            sampler_name=sampler,
            scheduler=("scheduler", settings["scheduler"]),
            denoise=1.0,
        )
        return
    made.add("levels", "AuthorsSchedule", model=["apply", 0], steps=steps, denoise=1.0)
    made.add("sampler", "KSamplerSelect", sampler_name=sampler)
    made.add(
        "sampled",
        "SamplerCustom",
        **shared,
        add_noise=True,
        noise_seed=("seed", job.seed),
        sampler=["sampler", 0],
        sigmas=["levels", 0],
    )
