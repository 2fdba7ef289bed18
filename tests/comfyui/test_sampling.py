"""The patched model in ComfyUI's own KSampler."""

import json

import nodes
import pytest
import torch
from sampling import BOXES, empty_latent, ksampler
from straightforward import SDXL_KEYS, straightforward
from tiny_models.adapter import SDXL_SITE_WIDTHS, tiny_adapter

SIZES = [(1024, 1024), (1216, 832), (832, 1216), (1000, 744)]


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("cfg", [1.0, 7.0])
@pytest.mark.parametrize("sampler", ["euler", "dpmpp_2m", "heun", "lcm"])
def test_every_sampler_sees_the_subjects_and_repeats_itself(sampler, cfg, batch, tiny, patch):
    settings = {
        "sampler_name": sampler,
        "cfg": cfg,
        "latent_image": empty_latent(64, 96, batch),
        "steps": 2,
    }
    plain = ksampler(tiny, tiny.model, **settings)
    ours = ksampler(tiny, patch(), **settings)
    assert ours.shape == (batch, 4, 12, 8)
    assert ours.isfinite().all()
    assert all(not torch.equal(a, b) for a, b in zip(ours, plain, strict=True))
    assert torch.equal(ours, ksampler(tiny, patch(), **settings)), "same seed, same picture"
    assert torch.equal(plain, ksampler(tiny, tiny.model, **settings)), "the input is untouched"
    assert torch.equal(plain, ksampler(tiny, patch(weight=0.0), **settings))


@pytest.mark.parametrize("width, height", SIZES)
def test_any_size_equals_the_straightforward_way(width, height, tiny, patch, subjects):
    settings = {"steps": 1, "cfg": 1.0, "latent_image": empty_latent(width, height)}
    boxes = [[0.03, 0.11, 0.53, 0.87], [0.4, 0.2, 1.0, 0.71]]
    slow = straightforward(tiny.model, tiny_adapter(), subjects, boxes, 0.6)
    expected = ksampler(tiny, slow, **settings)
    ours = ksampler(tiny, patch(boxes=json.dumps(boxes)), **settings)
    assert ours.shape == (1, 4, height // 8, width // 8)
    scale = expected.abs().max()
    assert (ours - expected).abs().max() <= 1e-4 * scale
    plain = ksampler(tiny, tiny.model, **settings)
    assert (plain - expected).abs().max() > 1e-2 * scale, "the test must be able to fail"


def test_sdxls_own_plan_of_70_sites_equals_the_straightforward_way(
    tiny, patch, subjects, sdxl_adapter
):
    settings = {"steps": 2, "latent_image": empty_latent(192, 128)}
    model = tiny.models.unet_model(**tiny.models.SDXL_DEPTHS)
    state = tiny_adapter(SDXL_SITE_WIDTHS)
    slow = straightforward(model, state, subjects, json.loads(BOXES), 0.6, SDXL_KEYS)
    expected = ksampler(tiny, slow, **settings)
    ours = ksampler(tiny, patch(model=model, msd_model=sdxl_adapter), **settings)
    assert (ours - expected).abs().max() <= 1e-3 * expected.abs().max()
    plain = ksampler(tiny, model, **settings)
    assert (plain - expected).abs().max() > 1e-2 * expected.abs().max()


@pytest.mark.parametrize("cfg", [1.0, 7.0])
def test_a_batch_over_steps_equals_the_straightforward_way(cfg, tiny, patch, subjects):
    settings = {"steps": 2, "cfg": cfg, "latent_image": empty_latent(320, 192, 3)}
    slow = straightforward(tiny.model, tiny_adapter(), subjects, json.loads(BOXES), 0.6)
    expected = ksampler(tiny, slow, **settings)
    ours = ksampler(tiny, patch(), **settings)
    near = 1e-4 * expected.abs().max()
    assert (ours - expected).abs().max() <= near
    assert (ksampler(tiny, tiny.model, **settings) - expected).abs().max() > 10 * near


def test_image_to_image(tiny, patch):
    picture = torch.rand(1, 128, 128, 3, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        latent = nodes.VAEEncode().encode(tiny.vae, picture)[0]
    settings = {"latent_image": latent, "denoise": 0.5}
    plain = ksampler(tiny, tiny.model, **settings)
    ours = ksampler(tiny, patch(), **settings)
    assert ours.isfinite().all()
    assert not torch.equal(ours, plain)
    assert torch.equal(ours, ksampler(tiny, patch(), **settings))


def test_outside_its_time_a_subject_changes_nothing(tiny, patch):
    latent = {"latent_image": empty_latent(128, 128)}
    never = patch(start_percent=1.0, end_percent=1.0)
    assert torch.equal(ksampler(tiny, never, **latent), ksampler(tiny, tiny.model, **latent))

    def step(model, number):
        """The latent after one of four steps."""
        return ksampler(tiny, model, steps=4, start_step=number, last_step=number + 1, **latent)

    late, early = patch(start_percent=0.6), patch(end_percent=0.4)
    assert torch.equal(step(late, 0), step(tiny.model, 0))
    assert not torch.equal(step(early, 0), step(tiny.model, 0))
    assert torch.equal(step(early, 3), step(tiny.model, 3))
    assert not torch.equal(step(late, 3), step(tiny.model, 3))
