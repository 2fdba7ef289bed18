"""Subjects of a finished picture sampled again, each enlarged and with its part of the layout."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import comfy.model_management
import comfy.sample
import comfy.utils
import latent_preview
import torch
from comfy.model_patcher import ModelPatcher
from torch import Tensor

from ..errors import InputError, naming
from ..layout import Extent
from ..pictures.crops import paste, resized
from ..pictures.detail_tasks import Task
from .cropped_conditions import cropped_conditions
from .relaying import with_layout

SEEDS = 2**64
PREVIEW = "JPEG"  # as ComfyUI's samplers send it

Conditioning = Sequence[Sequence[Any]]


@dataclass(frozen=True)
class Sampling:
    """What ComfyUI's KSampler takes besides the model and the latent."""

    positive: Conditioning
    negative: Conditioning
    seed: int
    steps: int
    cfg: float
    sampler_name: str
    scheduler: str
    denoise: float


@dataclass(frozen=True)
class Detailer:
    """Paints crops of pictures anew.

    Args:
        model: with or without subjects.
        vae: of the model.
    """

    model: ModelPatcher
    vae: Any
    sampling: Sampling

    def paint(self, pictures: Tensor, tasks: Sequence[Task]) -> tuple[Tensor, Tensor]:
        """The pictures (batch, h, w, 3) with every task done, one after the other.

        Returns:
            The pictures, and how much of each pixel is new: (batch, h, w).

        Raises:
            InputError: the VAE or a prompt does not fit.
        """
        pictures = pictures.clone()
        changed = torch.zeros(pictures.shape[:3])
        progress = Progress(self.model, self.sampling.steps, len(tasks))
        for task in tasks if self.sampling.denoise > 0 else ():
            picture, crop = pictures[task.picture], task.crop
            paste(picture, crop, self._painted(picture, task, progress.of_task()))
            there = changed[task.picture][crop.window.slices]
            there.copy_(torch.maximum(there, crop.area))
        return pictures, changed

    def _painted(self, picture: Tensor, task: Task, callback: Callable[..., None]) -> Tensor:
        """The enlarged crop, sampled: (h, w, 3)."""
        crop, whole, given = task.crop, Extent(*picture.shape[:2]), self.sampling
        window, copies = crop.window.box(whole), {}
        prompts = []
        for name in ("positive", "negative"):
            with naming(name):
                came = getattr(given, name)
                prompts.append(cropped_conditions(came, window, whole, copies))
        height, width = crop.size
        # in the crop's own size: rounding to whole cells moves no box
        own = replace(task.layout.crop(window), width=width, height=height)
        model = with_layout(self.model, own, window, task.picture)
        enlarged = resized(picture[crop.window.slices], crop.size)
        latent = self._encoded(enlarged)
        seed = (given.seed + task.subject) % SEEDS
        samples = comfy.sample.sample(
            model,
            comfy.sample.prepare_noise(latent, seed, [task.picture]),
            given.steps,
            given.cfg,
            given.sampler_name,
            given.scheduler,
            *prompts,
            latent,
            denoise=given.denoise,
            noise_mask=resized(crop.area[..., None], crop.size)[None, ..., 0],
            callback=callback,
            disable_pbar=not comfy.utils.PROGRESS_BAR_ENABLED,
            seed=seed,
        )
        return self.vae.decode(samples).reshape(-1, height, width, 3)[0]

    def _encoded(self, picture: Tensor) -> Tensor:
        latent = self.vae.encode(picture[None])
        channels = self.model.get_model_object("latent_format").latent_channels
        if latent.shape[1] != channels:
            raise InputError(
                f"vae: it makes latents of {latent.shape[1]} channels, and the model's have"
                f" {channels}; connect the VAE of the model's checkpoint"
            )
        return comfy.sample.fix_empty_latent_channels(self.model, latent)


def check_paints(model: ModelPatcher) -> None:
    """A model must be one that samplers take.

    Raises:
        InputError: it makes no latents.
    """
    if not hasattr(model.model, "latent_format"):
        raise InputError(
            f"{type(model.model).__name__:.60} came, which makes no pictures; connect the model of"
            " Apply MS-Diffusion, or of a checkpoint"
        )


class Progress:
    """One progress bar over the steps of all tasks.

    Args:
        steps: of a task.
        tasks: how many there are.
    """

    def __init__(self, model: ModelPatcher, steps: int, tasks: int) -> None:
        self._bar = comfy.utils.ProgressBar(max(steps * tasks, 1))
        self._steps, self._begun = steps, 0
        self._previewer = latent_preview.get_previewer(model.load_device, model.model.latent_format)

    def of_task(self) -> Callable[..., None]:
        """The sampler's callback for the next task; ComfyUI may interrupt here, too."""
        comfy.model_management.throw_exception_if_processing_interrupted()
        before = self._begun * self._steps
        self._begun += 1

        def after_step(step: int, x0: Tensor, x: Tensor, steps: int) -> None:
            preview = None
            if self._previewer:
                preview = self._previewer.decode_latent_to_preview_image(PREVIEW, x0)
            self._bar.update_absolute(before + min(step + 1, self._steps), None, preview)

        return after_step
