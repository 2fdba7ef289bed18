"""Authors' Schedule, on ComfyUI's own models and beside its own schedulers."""

import comfy.model_base
import comfy.samplers
import comfy.supported_models
import pytest
import torch
from comfy_extras.nodes_custom_sampler import BasicScheduler, SamplerCustom
from comfy_extras.nodes_model_advanced import ModelSamplingDiscrete, ModelSamplingSD3
from golden_cases import load
from sampling import PROMPT, empty_latent, text

RUNS = ["two_subjects", "subject_and_scene", "three_subjects_batch", "auto_layout"]


@pytest.fixture(scope="module")
def schedule(run, tiny):
    def node(model=None, steps=30, denoise=1.0):
        return run("AuthorsSchedule", model=model or tiny.model, steps=steps, denoise=denoise)[0]

    return node


def built_in(model, scheduler, steps, denoise=1.0):
    return BasicScheduler.execute(model, scheduler, steps, denoise).result[0]


@pytest.mark.parametrize("name", RUNS)
def test_the_levels_are_the_recorded_ones(name, schedule):
    settings, tensors = load(f"runs/{name}")
    assert (schedule(steps=settings["steps"]) - tensors["sigmas"]).abs().max() <= 1e-5


def test_the_help_pages_words_about_the_nearest_scheduler(schedule, tiny):
    ours = schedule()
    whole = comfy.samplers.calculate_sigmas(
        tiny.model.get_model_object("model_sampling"), "ddim_uniform", 30
    )
    assert torch.allclose(whole[1:], ours, atol=1e-6) and len(whole) == 32
    assert torch.allclose(built_in(tiny.model, "ddim_uniform", 20), schedule(steps=20), atol=1e-6)
    for scheduler, distance in {"normal": 0.10, "simple": 0.21, "karras": 0.57}.items():
        ratios = built_in(tiny.model, scheduler, 30)[:-1] / ours[:-1]
        assert ratios.log().abs().mean() == pytest.approx(distance, abs=0.005)
    assert ours[0] == pytest.approx(11.48, abs=0.005)
    for steps, more in {30: 0.0038, 10: 0.0071}.items():
        sigma = schedule(steps=steps)[0]
        assert (sigma**2 + 1).sqrt() / sigma - 1 == pytest.approx(more, abs=5e-5)


def test_less_denoise_is_the_end_as_in_the_basic_scheduler(schedule, tiny):
    part = schedule(steps=10, denoise=0.5)
    assert torch.allclose(part, built_in(tiny.model, "ddim_uniform", 10, 0.5), atol=1e-6)
    assert len(schedule(denoise=0.0)) == 0


def test_a_picture_is_sampled_with_it_and_subjects_act(schedule, tiny, patch):
    def picture(model):
        sampler = comfy.samplers.sampler_object("euler")
        prompts = (text(tiny.clip, PROMPT), text(tiny.clip, "blurry"))
        sigmas = schedule(model, steps=3)
        with torch.inference_mode():
            made = SamplerCustom.execute(
                model, True, 3, 7.5, *prompts, sampler, sigmas, empty_latent()
            )
        return made.result[0]["samples"]

    ours, plain = picture(patch()), picture(tiny.model)
    assert ours.isfinite().all()
    assert (ours - plain).abs().max() > 1e-3 * plain.abs().max()


def with_sampling(node, model, *settings):
    return node().patch(model, *settings)[0]


def test_another_table_of_the_model_is_the_one_that_counts(schedule, tiny):
    # v-prediction with zero terminal SNR, as NoobAI's models have it
    model = with_sampling(ModelSamplingDiscrete, tiny.model, "v_prediction", True)
    own = model.get_model_object("model_sampling").sigmas
    assert torch.equal(schedule(model)[:-1], own[torch.arange(29, -1, -1) * 33 + 1])
    assert not torch.equal(schedule(model), schedule())


def test_models_without_such_a_table_are_refused(schedule, tiny):
    flow = with_sampling(ModelSamplingSD3, tiny.model, 3.0)
    lcm = with_sampling(ModelSamplingDiscrete, tiny.model, "lcm", False)
    for model in (flow, lcm):
        with pytest.raises(ValueError, match="^model: SDXL came with noise levels of another kind"):
            schedule(model)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"steps": 0}, "^steps: 0 came; expected a number from 1 to 999"),
        ({"steps": 1000}, "^steps: 1000 came; expected a number from 1 to 999"),
        ({"denoise": 1.5}, "^denoise: 1.5 came; expected a number from 0.0 to 1.0"),
        ({"denoise": float("nan")}, "^denoise: nan came; expected a finite number"),
        ({"denoise": 0.02}, "^denoise: 30 steps with 0.02 are the end of a schedule of 1500"),
    ],
)
def test_what_cannot_be_is_refused(changes, said, schedule):
    with pytest.raises(ValueError, match=said):
        schedule(**changes)
