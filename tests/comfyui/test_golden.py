"""What the nodes compute is what the official implementation computes."""

import pytest
import torch
from golden_cases import apply_nodes, call_unet, load

CASES = [
    "one_subject",
    "two_subjects",
    "three_subjects",
    "partial_overlap",
    "same_box",
    "empty_box",
    "fractional_edges",
    "no_grounding",
    "subject_and_scene",
    "subject_scales",
    "batch_of_two",
]


@pytest.fixture(scope="module")
def golden_model(tiny):
    return tiny.models.unet_model(**tiny.models.SDXL_DEPTHS, adm_in_channels=64)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("chunks", [(1, 0), (0, 1)], ids=["negative first", "positive first"])
def test_unet_agrees_with_official(name, chunks, pack, run, sdxl_adapter, golden_model):
    settings, tensors = load(name)
    patched = apply_nodes(pack, run, sdxl_adapter, golden_model, settings, tensors)
    for step, timestep in enumerate(settings["timesteps"]):
        ours = call_unet(patched, tensors, step, timestep, chunks)
        plain = call_unet(golden_model, tensors, step, timestep, chunks)
        negative, positive = tensors["expected"][step].chunk(2)
        assert (ours[0] - positive).abs().max() <= 1e-4
        assert (ours[1] - negative).abs().max() <= 1e-4
        assert torch.equal(ours[1], plain[1]), "the negative half must be untouched"
        assert not torch.equal(ours[0], plain[0]), "the positive half must be changed"


@pytest.mark.parametrize("name", ["two_subjects", "batch_of_two", "subject_and_scene"])
def test_halves_apart_give_the_same(name, pack, run, sdxl_adapter, golden_model):
    # low VRAM: ComfyUI calls the UNet for each half by itself
    settings, tensors = load(name)
    patched = apply_nodes(pack, run, sdxl_adapter, golden_model, settings, tensors)
    for step, timestep in enumerate(settings["timesteps"]):
        negative, positive = tensors["expected"][step].chunk(2)
        alone = call_unet(patched, tensors, step, timestep, (0,))[0]
        assert (alone - positive).abs().max() <= 1e-4
        alone = call_unet(patched, tensors, step, timestep, (1,))[1]
        assert torch.equal(alone, call_unet(golden_model, tensors, step, timestep, (1,))[1])


@pytest.mark.parametrize("name", [case for case in CASES if case != "batch_of_two"])
def test_resampler_tokens_agree_with_official(name, pack, msd_model):
    settings, tensors = load(name)
    tokens = msd_model.adapter.resampler(
        tensors["image_features"],
        tensors["phrase_embeds"],
        torch.tensor(settings["boxes"]),
        grounding=not settings["drop_grounding_tokens"],
    )
    assert (tokens - tensors["tokens"]).abs().max() <= 1e-5


def test_safetensors_file_gives_the_same_adapter(run, adapter_folder, msd_model):
    from safetensors.torch import save_file
    from tiny_models.adapter import tiny_adapter

    flat = {}
    for group, entry in tiny_adapter().items():
        if isinstance(entry, dict):
            flat |= {f"{group}.{name}": tensor for name, tensor in entry.items()}
        else:
            flat[group] = entry
    save_file(flat, adapter_folder / "tiny.safetensors")
    loaded = run("LoadMSDModel", model_name="tiny.safetensors")[0]
    state = msd_model.adapter.state_dict()
    assert state.keys() == loaded.adapter.state_dict().keys()
    assert all(torch.equal(state[key], loaded.adapter.state_dict()[key]) for key in state)
