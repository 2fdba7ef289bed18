"""The toy learns some emoji by their names, so that text alone can paint them.

The toy itself was taught to ask the references what an emoji looks like; its text says little more
than the background. Here the transformers of its UNet go on from the weights in the repository with
a few emoji that never vary, mostly without references.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import comfy.utils
import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from msdiffusion_nodes.files.checkpoint import read_checkpoint

from .. import models
from ..named import named
from .glyphs import Emoji, all_emoji, split
from .learner import Learner
from .loop import COLOURS, NUMBERS, caption, draw_sigmas
from .scenes import Scene, make_scene

SIZE = (32, 32)
BATCH = 16
RATE, MATRIX_RATE = 1e-3, 2e-3
WARM_UP = 50
EMA = 0.995
LOG_SIGMA = 0.9
WITH_REFERENCES = 0.2  # share of steps
NO_TEXT = 0.08  # share of scenes
TWICE = 0.15  # share of scenes in which an emoji may come twice
SAVE_EVERY = 100


def train(folder: Path, steps: int, seed: int = 0) -> None:
    """Trains to the end, from the state in `folder` if there is one."""
    folder.mkdir(parents=True, exist_ok=True)
    known, _ = split(all_emoji())
    names = {one.name for one in named()}
    chosen = [one for one in known if one.name in names]
    learner = from_weights(known, seed)
    wanted = {
        name: parameter
        for name, parameter in learner.modules["unet"].named_parameters()
        if "transformer_blocks" in name or ".proj_in." in name or ".proj_out." in name
    }
    learner.modules.requires_grad_(False)
    for parameter in wanted.values():
        parameter.requires_grad_(True)
    average = {name: parameter.detach().clone() for name, parameter in wanted.items()}
    optimizers = _optimizers(list(wanted.values()))
    step, losses, path = 0, [], folder / "state.pt"
    if path.exists():
        kept = torch.load(path, weights_only=True)
        step, losses, average = kept["step"], kept["losses"], kept["average"]
        with torch.no_grad():
            for name, parameter in wanted.items():
                parameter.copy_(kept["weights"][name])
        for optimizer, state in zip(optimizers, kept["optimizers"], strict=True):
            optimizer.load_state_dict(state)
    with tqdm(total=steps, initial=step, mininterval=20) as bar:
        while step < steps:
            random = np.random.default_rng((seed, step))
            torch.manual_seed(int(random.integers(2**31)))
            share = min(1, (step + 1) / WARM_UP) * (1 - step / steps)
            for optimizer, rate in zip(optimizers, (RATE, MATRIX_RATE), strict=True):
                optimizer.param_groups[0]["lr"] = rate * share
            loss = _loss(learner, chosen, random)
            learner.modules.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(wanted.values(), 1.0)
            for optimizer in optimizers:
                optimizer.step()
            decay = min(EMA, (1 + step) / (10 + step))
            with torch.no_grad():
                for name, parameter in wanted.items():
                    average[name].lerp_(parameter, 1 - decay)
            step += 1
            losses.append(loss.item())
            bar.update()
            bar.set_postfix(loss=f"{np.mean(losses[-200:]):.4f}")
            if step % SAVE_EVERY == 0 or step == steps:
                torch.save(
                    {
                        "weights": {name: each.detach() for name, each in wanted.items()},
                        "average": average,
                        "optimizers": [each.state_dict() for each in optimizers],
                        "step": step,
                        "losses": losses,
                    },
                    path.with_suffix(".part"),
                )
                path.with_suffix(".part").replace(path)


def from_weights(emoji: Sequence[Emoji], seed: int) -> Learner:
    """The training's models with the weights that are in the repository."""
    texts = ["", *(caption([one.name], "red") for one in emoji)]
    texts += [caption(["apple"] * 3, colour) for colour in COLOURS]
    learner = Learner(texts, seed)
    state = comfy.utils.load_torch_file(str(models.WEIGHTS / models.FILE))
    if not torch.equal(state.pop("vocabulary").long(), learner.vocabulary):
        raise RuntimeError("the font has other emoji than that of the training")
    for name in ("unet", "clip_l", "clip_g", "clip_vision"):
        own = {
            key.removeprefix(f"{name}."): tensor.float()
            for key, tensor in state.items()
            if key.startswith(f"{name}.")
        }
        learner.modules[name].load_state_dict(own)
    checkpoint = read_checkpoint(models.WEIGHTS / models.ADAPTER)
    adapter = learner.modules["adapter"]
    adapter.load_state_dict(type(adapter)(checkpoint).state_dict())
    return learner


def _loss(learner: Learner, emoji: Sequence[Emoji], random: np.random.Generator) -> Tensor:
    number = int(random.choice(NUMBERS))
    scenes = [_scene(emoji, number, random) for _ in range(BATCH)]
    pictures = torch.stack([scene.picture for scene in scenes]) * 2 - 1
    latents = torch.cat([pictures, torch.zeros_like(pictures[:, :1])], dim=1)
    sigmas = draw_sigmas(learner, latents, LOG_SIGMA, random)
    noisy = latents + sigmas[:, None, None, None] * torch.randn_like(latents)
    text = (random.random(BATCH) >= NO_TEXT).tolist()
    image = [bool(random.random() < WITH_REFERENCES)] * BATCH
    with torch.autocast("cpu", torch.bfloat16):
        found = learner.denoise(noisy, sigmas, scenes, text, image, grounding=True)
    error = (found.float() - latents).square().mean((1, 2, 3))
    return ((1 / sigmas**2 + 1) * error).mean()


def _scene(emoji: Sequence[Emoji], number: int, random: np.random.Generator) -> Scene:
    twice = random.random() < TWICE
    return make_scene(emoji, *SIZE, random, number, vary=False, repeat=twice)


def _optimizers(parameters: Sequence[Tensor]) -> tuple[torch.optim.Optimizer, ...]:
    matrices = [each for each in parameters if each.dim() == 2 and min(each.shape) > 4]
    others = [each for each in parameters if each.dim() != 2 or min(each.shape) <= 4]
    return (
        torch.optim.AdamW(others, lr=RATE, betas=(0.9, 0.99), weight_decay=0.0),
        torch.optim.Muon(
            matrices,
            lr=MATRIX_RATE,
            weight_decay=0.0,
            ns_steps=4,
            adjust_lr_fn="match_rms_adamw",
        ),
    )
