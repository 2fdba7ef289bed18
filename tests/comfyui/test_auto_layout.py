"""Areas read from the text: equal to the official code, and afresh on every run."""

import nodes
import pytest
import torch
from alive import bytes_alive
from golden_cases import NAMES, apply_nodes, auto_layout, call_unet, load
from sampling import empty_latent, ksampler, text


@pytest.fixture(scope="module")
def golden(pack, run, tiny, sdxl_adapter):
    """The recording, the plain model and a function that patches it."""
    settings, tensors = load("auto_layout")
    model = tiny.models.unet_model(**tiny.models.SDXL_DEPTHS, adm_in_channels=64)

    def patched():
        more = {"names": NAMES, "auto_layout": auto_layout(run, tiny, settings)}
        return apply_nodes(pack, run, sdxl_adapter, model, settings, tensors, **more)

    return settings, tensors, model, patched


@pytest.mark.parametrize("chunks", [(1, 0), (0, 1)], ids=["negative first", "positive first"])
def test_unet_agrees_with_official(chunks, golden):
    settings, tensors, model, patched = golden
    ours = patched()
    for step, timestep in enumerate(settings["timesteps"]):
        out = call_unet(ours, tensors, step, timestep, chunks)
        plain = call_unet(model, tensors, step, timestep, chunks)
        negative, positive = tensors["expected"][step].chunk(2)
        assert (out[0] - positive).abs().max() <= 1e-4
        assert (out[1] - negative).abs().max() <= 1e-4
        assert torch.equal(out[1], plain[1])


def test_a_bare_unet_without_sigmas_counts_its_calls(golden):
    settings, tensors, _, patched = golden
    ours = patched()
    for step, timestep in enumerate(settings["timesteps"]):
        out = call_unet(ours, tensors, step, timestep, (1, 0), sigmas=False)
        positive = tensors["expected"][step].chunk(2)[1]
        assert (out[0] - positive).abs().max() <= 1e-4


def test_a_second_call_at_the_same_sigma_does_not_count(golden):
    # heun, and low VRAM's split of positive and negative
    settings, tensors, _, patched = golden
    ours = patched()
    for step, timestep in enumerate(settings["timesteps"]):
        for chunks in [(0,), (1,), (0,)]:
            out = call_unet(ours, tensors, step, timestep, chunks)
        positive = tensors["expected"][step].chunk(2)[1]
        assert (out[0] - positive).abs().max() <= 1e-4


def test_a_text_repeated_to_a_longer_one_gives_the_same(golden):
    # ComfyUI repeats the shorter of two texts until they are equally long
    settings, tensors, _, patched = golden
    ours = patched()
    longer = {**tensors, "text_cond": tensors["text_cond"].repeat(1, 2, 1)}
    for step, timestep in enumerate(settings["timesteps"]):
        out = call_unet(ours, longer, step, timestep, (0,))
        positive = tensors["expected"][step].chunk(2)[1]
        assert (out[0] - positive).abs().max() <= 1e-4


SETTINGS = {"steps": 4, "latent_image": empty_latent(128, 128)}
NOWHERE = "[[0, 0, 0, 0], [0, 0, 0, 0]]"


def test_every_run_starts_afresh(tiny, patch, auto):
    model = patch(auto_layout=auto())
    first = ksampler(tiny, model, **SETTINGS)
    ksampler(tiny, model, **SETTINGS, last_step=2)  # as if it had been interrupted
    ksampler(tiny, model, **{**SETTINGS, "latent_image": empty_latent(192, 320, 2)})
    assert torch.equal(ksampler(tiny, model, **SETTINGS), first)
    assert not torch.equal(first, ksampler(tiny, patch(), **SETTINGS))


def test_a_run_after_an_interrupted_one_is_undisturbed(tiny, patch, auto):
    from comfy.model_management import InterruptProcessingException

    model = patch(auto_layout=auto())
    expected = ksampler(tiny, model, **SETTINGS)
    calls = []

    def interrupt(arguments):
        calls.append(1)
        if len(calls) == 3:
            raise InterruptProcessingException
        return arguments["denoised"]

    interrupted = model.clone()
    interrupted.set_model_sampler_post_cfg_function(interrupt)
    with pytest.raises(InterruptProcessingException):
        ksampler(tiny, interrupted, **SETTINGS)
    assert torch.equal(ksampler(tiny, model, **SETTINGS), expected)


@pytest.mark.parametrize("sampler", ["euler", "heun", "dpmpp_2m", "lcm"])
def test_boxes_act_until_the_start_step(sampler, tiny, patch, auto):
    settings = {**SETTINGS, "sampler_name": sampler}
    never = ksampler(tiny, patch(auto_layout=auto(start_step=100)), **settings)
    boxes = ksampler(tiny, patch(), **settings)
    assert (never - boxes).abs().max() <= 1e-3 * boxes.abs().max()
    found = ksampler(tiny, patch(auto_layout=auto(start_step=1)), **settings)
    assert (found - boxes).abs().max() > 1e-2 * boxes.abs().max()


def test_a_subject_without_a_box_is_found(tiny, patch, auto):
    plain = ksampler(tiny, tiny.model, **SETTINGS)
    assert torch.equal(ksampler(tiny, patch(boxes=NOWHERE), **SETTINGS), plain)
    found = ksampler(tiny, patch(boxes=NOWHERE, auto_layout=auto()), **SETTINGS)
    assert (found - plain).abs().max() > 1e-3 * plain.abs().max()


def test_several_prompts_keep_their_maps_apart(tiny, patch, auto):
    # one step to the end: where both prompts are, the picture is the mean of each one's alone
    found = auto(start_step=1)
    model = patch(boxes=NOWHERE, weight=3.0, auto_layout=found)
    whole = text(tiny.clip, "a dog and a cat on the beach")
    left = nodes.ConditioningSetArea().append(whole, 64, 128, 0, 0, 1.0)[0]

    def picture(positive):
        return ksampler(tiny, model, **{**SETTINGS, "steps": 1, "cfg": 1.0, "positive": positive})

    everywhere, part = picture(whole), picture(left)
    near = 1e-4 * everywhere.abs().max()
    # ComfyUI lets an area of eight columns fade in the last of them
    fading = torch.tensor([1.0] * 7 + [0.5] + [0.0] * 8)
    expected = everywhere + (part - everywhere) * fading / (1 + fading)
    for positive in (whole + left, left + whole):
        assert (picture(positive) - expected).abs().max() <= near
    assert (everywhere - part)[..., :8].abs().max() > 100 * near, "or it could not fail"


def test_memory_does_not_grow_with_the_steps(tiny, patch, auto):
    sizes, areas = [], 2 * 8 * 8  # bytes: each subject's cells at the finest grid, to be shown

    def measured(arguments):
        sizes.append(bytes_alive())
        return arguments["denoised"]

    model = patch(auto_layout=auto())
    model.set_model_sampler_post_cfg_function(measured)
    ksampler(tiny, model, **SETTINGS)  # what is made once for each size is there now
    sizes.clear()
    ksampler(tiny, model, **{**SETTINGS, "steps": 6})
    assert abs(sizes[-1] - sizes[1] - 4 * areas) <= areas, "areas, and no maps, of four steps"


def test_maps_are_free_after_the_run(tiny, patch, auto):
    settings = {**SETTINGS, "steps": 2, "latent_image": empty_latent(256, 256)}
    maps = 2 * 4 * (2 * 16**2 + 4 * 8**2)  # bytes: two subjects in float32, at two and four sites
    ksampler(tiny, patch(auto_layout=auto()), **settings)  # what ComfyUI keeps is there now
    model = patch(auto_layout=auto())
    before = bytes_alive()
    ksampler(tiny, model, **settings)
    assert bytes_alive() - before < 0.9 * maps, "the boxes on each grid, and what is to be shown"


def test_a_subject_that_is_off_is_not_found_either(tiny, patch, options, auto):
    left = options(2, enabled=False)
    none = options(1, subjects=left, enabled=False)
    plain = ksampler(tiny, tiny.model, **SETTINGS)
    nothing = patch(subjects=none, auto_layout=auto())
    assert torch.equal(ksampler(tiny, nothing, **SETTINGS), plain)
    # the other one's phrase need not even be in the prompt
    one = patch(subjects=left, auto_layout=auto(prompt="a dog on the beach"))
    settings = {**SETTINGS, "positive": text(tiny.clip, "a dog on the beach")}
    assert not torch.equal(ksampler(tiny, one, **settings), ksampler(tiny, tiny.model, **settings))


def test_switched_off_altogether_is_an_error(auto):
    with pytest.raises(ValueError, match="areas: it is off"):
        auto(areas=False)


@pytest.mark.parametrize(
    "phrases, prompt, parts",
    [
        (("dog", "cat"), "a dog on the beach", ["auto_layout", "cat", "a dog on the beach"]),
        (("dog", "dog"), "a dog and a cat", ["auto_layout", "dog", "2"]),
    ],
)
def test_a_phrase_that_is_not_in_the_prompt_is_an_error(
    phrases, prompt, parts, pack, subjects, patch, auto
):
    from dataclasses import replace

    named = [replace(one, phrase=name) for one, name in zip(subjects, phrases, strict=True)]
    with pytest.raises(ValueError) as error:
        patch(subjects=named, auto_layout=auto(prompt=prompt))
    assert [part for part in parts if part not in str(error.value)] == []
