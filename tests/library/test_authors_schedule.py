"""The noise levels at which the authors sample are those of their pipeline."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from msdiffusion_nodes.errors import InputError
from msdiffusion_nodes.method.authors_schedule import authors_sigmas

RUNS = sorted((Path(__file__).parents[1] / "golden" / "runs").glob("*.safetensors"))


@pytest.fixture(scope="module")
def levels():
    """SDXL's: betas whose square roots rise evenly from √0.00085 to √0.012."""
    betas = torch.linspace(0.00085**0.5, 0.012**0.5, 1000, dtype=torch.float64) ** 2
    kept = (1 - betas).cumprod(0)
    return ((1 - kept) / kept).sqrt().float()


@pytest.mark.parametrize("path", RUNS, ids=lambda path: path.stem)
def test_the_levels_are_those_that_the_official_pipeline_recorded(path, levels):
    recorded = load_file(path)["sigmas"]
    ours = authors_sigmas(levels, len(recorded) - 1)
    assert ours.shape == recorded.shape
    assert (ours - recorded).abs().max() <= 1e-5


def test_there_are_recordings():
    assert {len(load_file(path)["sigmas"]) - 1 for path in RUNS} == {10, 12, 30}


@pytest.mark.parametrize("steps", [1, 7, 30, 500, 501, 999])
def test_every_count_of_steps_gives_as_many_falling_levels_and_zero(steps, levels):
    sigmas = authors_sigmas(levels, steps)
    assert len(sigmas) == steps + 1 and sigmas[-1] == 0
    assert (sigmas.diff() < 0).all()


def test_less_denoise_is_the_end_of_a_longer_schedule(levels):
    assert torch.equal(authors_sigmas(levels, 15, 0.5), authors_sigmas(levels, 30)[-16:])
    assert torch.equal(authors_sigmas(levels, 30, 0.3), authors_sigmas(levels, 100)[-31:])
    assert len(authors_sigmas(levels, 30, 0.0)) == 0


@pytest.mark.parametrize("denoise", [0.03, 1e-9, 5e-324])
def test_a_schedule_that_is_longer_than_the_models_is_refused(denoise, levels):
    with pytest.raises(InputError, match="30 steps with .* 999 at most; take fewer steps"):
        authors_sigmas(levels, 30, denoise)
