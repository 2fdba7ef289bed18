"""Whole pictures are the official pipeline's, step by step, and a small mistake would be seen."""

import pytest
import torch
from golden_cases import load
from golden_runs import farthest, recorded_model, sample, with_subjects

RUNS = ["two_subjects", "subject_and_scene", "three_subjects_batch", "auto_layout"]
QUICK = ["three_subjects_batch", "auto_layout"]  # of fewer steps
BOUND = 1e-4  # of the largest latent
STEPS = ("first", "middle", "last")


@pytest.fixture(scope="module")
def plain(tiny):
    return recorded_model(tiny)


@pytest.fixture(scope="module")
def distances(pack, run, tiny, sdxl_adapter, plain):
    """`distances(name, …)`: of a run's latents from the recorded ones, by step.

    `settings` are changed settings of the recording, `sampled` those of `sample`, all else goes to
    Apply MS-Diffusion.
    """

    def measure(name, settings=None, sampled=None, **changes):
        recorded, tensors = load(f"runs/{name}")
        given = recorded | (settings or {})
        model = with_subjects(pack, run, tiny, sdxl_adapter, plain, given, tensors, **changes)
        ours = sample(model, recorded, tensors, **(sampled or {}))
        return dict(zip(STEPS, farthest(ours, tensors, recorded), strict=True))

    return measure


@pytest.mark.parametrize("name", RUNS)
def test_a_picture_is_the_official_codes(name, distances):
    far = distances(name)
    assert max(far.values()) <= BOUND, far


@pytest.mark.parametrize("name", QUICK)
def test_the_recorded_subjects_change_the_picture(name, plain):
    recorded, tensors = load(f"runs/{name}")
    last = sample(plain, recorded, tensors)[-1]
    largest = recorded["largest_latent"]
    assert (last - tensors["plain"]).abs().max() <= BOUND * largest, "the plain model is the same"
    assert (last - tensors["expected"]).abs().max() > 100 * BOUND * largest


@pytest.mark.parametrize(
    ("name", "mistake"),
    [
        # between the last two noise levels
        ("two_subjects", {"end_percent": 0.98}),
        ("auto_layout", {"weight": 0.6 * 1.005}),
        ("auto_layout", {"settings": {"mask_threshold": 0.566705 + 0.001}}),
        ("auto_layout", {"settings": {"start_step": 4}}),
        ("auto_layout", {"settings": {"start_step": 6}}),
    ],
    ids=["off in the last step", "weight", "threshold", "a step early", "a step late"],
)
def test_a_mistake_is_seen_in_the_last_step(name, mistake, distances):
    assert distances(name, **mistake)["last"] > 2 * BOUND


def test_a_start_without_the_pictures_own_share_is_seen(distances):
    tensors = load("runs/auto_layout")[1]
    start = tensors["noise"] * tensors["sigmas"][0]  # official: times sqrt(sigma² + 1)
    far = distances("auto_layout", sampled={"start": start})
    assert min(far.values()) > 2 * BOUND, far


def test_the_sampler_starts_where_the_recording_does(plain):
    """Or the others would measure something else: the start survives its way into the sampler."""
    recorded, tensors = load("runs/two_subjects")
    sigma = tensors["sigmas"][0]
    start = tensors["noise"] * (sigma**2 + 1).sqrt()
    assert torch.allclose(start, tensors["start"], rtol=1e-6, atol=0)
    assert sigma < plain.get_model_object("model_sampling").sigma_max
