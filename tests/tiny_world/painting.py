"""One picture through the pack's nodes and ComfyUI's own, as a workflow would make it."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from torch import Tensor

from . import models

Run = Callable[..., Any]  # run("LayoutBoxes", boxes=…) gives a node's outputs
WEIGHT = 0.6  # ApplyMSDiffusion's default, which the toy was trained with


@dataclass(frozen=True)
class Job:
    """What to paint.

    Attributes:
        pictures: of the subjects, float (h, w, 3) on black.
        phrases: their names, as in the prompt.
        boxes: x0 y0 x1 y1 in 0..1.
        width, height: of the picture in pixels.
        masks: regions of any shape for LayoutBoxes, float (subjects, h, w), in place of boxes.
        apply: more inputs of ApplyMSDiffusion.
        auto: AutoLayout's inputs besides the prompt.
    """

    pictures: tuple[Tensor, ...]
    phrases: tuple[str, ...]
    boxes: tuple[tuple[float, ...], ...]
    prompt: str
    width: int = 512
    height: int = 512
    seed: int = 0
    masks: Tensor | None = None
    apply: dict[str, Any] = field(default_factory=dict)
    auto: dict[str, Any] | None = None
    steps: int = 20
    cfg: float = 3.0


def paint(run: Run, job: Job, weights: Path = models.WEIGHTS) -> Tensor:
    """The picture, float (height, width, 3)."""
    world, _ = _models(run, weights)
    samples = sample(run, job, subject_model(run, job, weights), weights)
    return run("VAEDecode", samples=samples, vae=world.vae)[0][0]


def subject_model(run: Run, job: Job, weights: Path = models.WEIGHTS) -> Any:
    """The MODEL with the job's subjects."""
    world, adapter = _models(run, weights)
    pictures = {f"image_{i + 1}": picture[None] for i, picture in enumerate(job.pictures)}
    subjects = run(
        "EncodeSubjects",
        clip=world.clip,
        clip_vision=world.clip_vision,
        phrases="\n".join(job.phrases),
        **pictures,
    )[0]
    boxes = str([list(box) for box in job.boxes])
    regions = {} if job.masks is None else {"masks": job.masks}
    size = {"width": job.width, "height": job.height}
    more = dict(job.apply)
    if job.auto is not None:
        more["auto_layout"] = run("AutoLayout", clip=world.clip, prompt=job.prompt, **job.auto)[0]
    settings = {"weight": WEIGHT, "start_percent": 0.0, "end_percent": 1.0, **more}
    return run(
        "ApplyMSDiffusion",
        model=world.model,
        msd_model=adapter,
        subjects=subjects,
        layout=run("LayoutBoxes", boxes=boxes, **size, **regions)[0],
        **settings,
    )[0]


def sample(run: Run, job: Job, model: Any, weights: Path = models.WEIGHTS) -> Any:
    """The latent that KSampler makes."""
    world, _ = _models(run, weights)
    size = {"width": job.width, "height": job.height}
    return sampled(run, world, model, job.prompt, size, job.seed, job.steps, job.cfg)


def sampled(
    run: Run,
    world: models.World,
    model: Any,
    prompt: str,
    size: dict[str, int],
    seed: int,
    steps: int,
    cfg: float,
) -> Any:
    """The latent that KSampler makes of a prompt.

    Args:
        size: `width` and `height` in pixels, and `batch_size` if it is not 1.
    """
    return run(
        "KSampler",
        model=model,
        seed=seed,
        steps=steps,
        cfg=cfg,
        sampler_name="euler",
        scheduler="normal",
        positive=run("CLIPTextEncode", clip=world.clip, text=prompt)[0],
        negative=run("CLIPTextEncode", clip=world.clip, text="")[0],
        latent_image=run("EmptyLatentImage", **{"batch_size": 1, **size})[0],
        denoise=1.0,
    )[0]


def world(run: Run) -> models.World:
    """The toy's models."""
    return _models(run, models.WEIGHTS)[0]


def _models(run: Run, weights: Path) -> tuple[models.World, Any]:
    """The world's models and the adapter."""
    return _loaded(run, weights, (weights / models.ADAPTER).stat().st_mtime)


@lru_cache(maxsize=1)
def _loaded(run: Run, weights: Path, modified: float) -> tuple[models.World, Any]:
    """As `_models`; `modified` makes new files be read."""
    return models.load(weights), load_adapter(run, weights)


def load_adapter(run: Run, weights: Path) -> Any:
    """The adapter, which is copied to where the node looks for it."""
    import folder_paths

    folder = Path(folder_paths.get_folder_paths("msdiffusion")[0])
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(weights / models.ADAPTER, folder / models.ADAPTER)
    return run("LoadMSDModel", model_name=models.ADAPTER)[0]
