"""The toy's training computes what the nodes compute, and its files hold what was trained."""

import comfy.clip_model
import comfy.sample
import numpy as np
import pytest
import torch
from emoji_jobs import pair
from tiny_world.painting import Job, sample, subject_model
from tiny_world.pixels import SCALE

BOXES = (
    ((0.1, 0.2, 0.5, 0.9), (0.55, 0.1, 1.0, 0.6)),
    ((0.0, 0.0, 0.7, 0.7), (0.3, 0.3, 1.0, 1.0)),  # overlapping
)


@pytest.fixture
def learner(monkeypatch):
    """An untrained one whose branches all do something, its numbers exact in float16."""
    # the learner changes ComfyUI's layer: undone after the test
    monkeypatch.setattr(comfy.clip_model.CLIPLayer, "forward", comfy.clip_model.CLIPLayer.forward)
    from tiny_world.training.learner import Learner

    made = Learner(["", *(prompt(seed) for seed in range(2))], seed=0)
    with torch.no_grad():
        for parameter in made.modules.parameters():
            if not parameter.any() and parameter.ndim > 1:
                parameter.normal_(std=0.1)
            parameter.copy_(parameter.half())
    return made


def prompt(seed):
    first, second = pair(seed)
    return f"a {first.name} and a {second.name} on a gray background"


def scene(seed, boxes, side):
    from tiny_world.training.scenes import Scene

    emoji = pair(seed)
    references = torch.stack([one.on_black().permute(2, 0, 1) for one in emoji])
    names = tuple(one.name for one in emoji)
    return Scene(torch.zeros(3, side, side), prompt(seed), names, boxes, references)


def test_the_nodes_paint_what_the_training_saw(run, learner, tmp_path):
    from tiny_world.training.export import save

    side, seed = 32, 5
    save(learner.modules, learner.vocabulary, tmp_path)
    scenes = [scene(number, boxes, side) for number, boxes in enumerate(BOXES)]
    noise = comfy.sample.prepare_noise(torch.zeros(1, 4, side, side), seed)
    sigma = learner.world.model.model.model_sampling.sigmas[-1]
    noisy = (noise * (1 + sigma**2) ** 0.5).repeat(2, 1, 1, 1)
    with torch.no_grad():
        trained = learner.denoise(
            noisy, sigma.repeat(2), scenes, text=[True, True], image=[True, True], grounding=True
        )
    for number, boxes in enumerate(BOXES):
        emoji = pair(number)
        job = Job(
            pictures=tuple(one.on_black() for one in emoji),
            phrases=tuple(one.name for one in emoji),
            boxes=boxes,
            prompt=prompt(number),
            width=8 * side,
            height=8 * side,
            seed=seed,
            steps=1,  # one step of Euler gives the model's own prediction
            cfg=1.0,
        )
        latent = sample(run, job, subject_model(run, job, tmp_path), tmp_path)["samples"]
        difference = (latent[0] * SCALE - trained[number]).abs().max()
        assert difference <= 2e-3 * trained[number].abs().max()
        assert difference < 0.01 * (trained[0] - trained[1]).abs().max()


def test_scenes_hold_what_their_captions_say():
    from tiny_world.training.glyphs import Emoji
    from tiny_world.training.scenes import MOST_OVERLAP, OVERLAPPING, make_scene, overlap

    half = torch.cat([torch.ones(64, 32), torch.full((64, 32), 0.5)], dim=1)
    red, blue, nothing = (torch.zeros(4, 64, 64) for _ in range(3))
    red[0], blue[2], red[3], blue[3] = half, half, 1.0, 1.0
    emoji = [Emoji("red thing", red), Emoji("blue thing", blue)]
    emoji += [Emoji(f"no {number}", nothing) for number in range(4)]
    complete, crowded, colours, mirrored = 0, 0, [], []
    for seed in range(200):
        wanted = 1 + seed % 4
        made = make_scene(emoji, 48, 64, np.random.default_rng(seed), wanted)
        again = make_scene(emoji, 48, 64, np.random.default_rng(seed), wanted)
        assert torch.equal(made.picture, again.picture) and made.boxes == again.boxes
        assert 1 <= len(made.boxes) == len(made.phrases) == len(made.references) <= wanted
        complete += len(made.boxes) == wanted
        pairs = [(a, b) for i, a in enumerate(made.boxes) for b in made.boxes[:i]]
        crowded += any(overlap(a, b) > MOST_OVERLAP + 1e-9 for a, b in pairs)
        for phrase, reference, (x0, y0, x1, y1) in zip(
            made.phrases, made.references, made.boxes, strict=True
        ):
            assert f"a {phrase}" in made.caption
            if phrase.startswith("no ") or any(overlap(a, b) for a, b in pairs):
                continue
            part = made.picture[:, round(y0 * 48) : round(y1 * 48), round(x0 * 64) : round(x1 * 64)]
            # the reference shows what the picture shows: same colour, same side
            assert torch.allclose(part[:, :, 0], reference[:, :1, 0], atol=1e-3)
            assert torch.allclose(part[:, :, -1], reference[:, :1, -1], atol=1e-3)
            colours.append(int(reference.amax((1, 2)).argmax()) == {"r": 0, "b": 2}[phrase[0]])
            mirrored.append(bool(reference[:, 0, 0].sum() < reference[:, 0, -1].sum()))
    assert 0.3 < np.mean(mirrored) < 0.7
    assert 0.6 < np.mean(colours) < 1.0  # most keep their colours
    assert complete > 200 * 0.9  # room for all was not found in the others
    assert crowded <= 200 * OVERLAPPING * 2


def test_a_stopped_training_goes_on_where_it_was(learner, tmp_path):
    """`learner` undoes what a training changes in ComfyUI."""
    from tiny_world.training.glyphs import Emoji
    from tiny_world.training.loop import Phase, begin, keep, one_step, resume

    held_out = (one for seed in range(3) for one in pair(seed))
    emoji = [Emoji(one.name, one.picture.permute(2, 0, 1)) for one in held_out]
    phases = [Phase(2, 2, ((32, 32),), 0.0, (1.0, 0.5)), Phase(2, 2, ((32, 40),), 1.0, (0.5, 0.0))]

    def weights(state):
        return [each.detach().clone() for each in state.average.parameters()]

    whole = begin(emoji, phases, seed=1)
    first = weights(whole)
    for step in range(4):
        if step == 3:
            keep(whole, tmp_path / "state.pt")
        one_step(whole, emoji, seed=1)
    later = begin(emoji, phases, seed=1)
    resume(later, tmp_path / "state.pt")
    one_step(later, emoji, seed=1)
    assert later.step == whole.step == later.total
    pairs = zip(weights(later), weights(whole), strict=True)
    assert all(torch.equal(one, other) for one, other in pairs)
    pairs = zip(first, weights(whole), strict=True)
    assert sum(not torch.equal(one, other) for one, other in pairs) > len(first) / 2
