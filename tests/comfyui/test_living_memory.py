"""Weights left in main memory, in other dtypes, on other devices.

There is no GPU here. "meta" stands for one: a device on which nothing can meet a tensor of the
CPU unnoticed, though no numbers come out. The numbers come from ComfyUI's low-VRAM loading with the
CPU as both devices: the same modules stay unloaded and are cast in each call.
"""

import json

import comfy.model_management as management
import comfy.sd
import comfy.supported_models
import pytest
import torch
from alive import bytes_alive
from sampling import BOXES, PROMPT, empty_latent, ksampler, text
from straightforward import straightforward
from tiny_models.adapter import SITE_WIDTHS, tiny_adapter

SETTINGS = {"steps": 1, "latent_image": empty_latent(128, 128)}
META = torch.device("meta")
KEYS_AND_VALUES = 2 * 8 * sum(SITE_WIDTHS) * 4  # bytes of two subjects' tokens in float32


def on_meta(model, tiny):
    """One UNet call with everything but the weights on the "GPU"; returns the result."""
    model.model_patches_to(META)
    model.patch_model(META, lowvram_model_memory=0.1)
    context = text(tiny.clip, PROMPT)[0][0].to(META)
    options = {**model.model_options["transformer_options"], "cond_or_uncond": [1, 0]}
    options["sigmas"] = torch.ones(1, device=META)
    with torch.inference_mode():
        return model.model.diffusion_model(
            torch.zeros(2, 4, 16, 16, device=META),
            torch.ones(2, device=META),
            context=context.expand(2, -1, -1),
            y=torch.zeros(2, model.model.adm_channels, device=META),
            transformer_options=options,
        )


@pytest.mark.parametrize("kind", ["boxes", "soft masks", "times", "auto layout", "text in box"])
def test_nothing_stays_behind_when_the_model_computes_elsewhere(kind, run, tiny, patch, auto):
    masks = torch.stack([torch.linspace(0, 1, 64).expand(64, 64)] * 2)
    changes = {
        "boxes": {},
        "soft masks": {
            "layout": run("LayoutBoxes", boxes="", width=128, height=128, masks=masks)[0]
        },
        "times": {"start_percent": 0.1, "end_percent": 0.9},
        "auto layout": {"auto_layout": auto(start_step=1)},
        "text in box": {"auto_layout": auto(areas=False, text_in_box=True)},
    }[kind]
    model = patch(model=tiny.models.unet_model(), **changes)
    before = bytes_alive("meta")
    made = on_meta(model, tiny)
    assert made.device == META and made.shape == (2, 4, 16, 16)
    del made
    there = bytes_alive("meta") - before
    assert there >= KEYS_AND_VALUES
    model.model_patches_to(torch.device("cpu"))
    assert there - (bytes_alive("meta") - before) >= KEYS_AND_VALUES, "back home they are given up"


@pytest.mark.parametrize("grounding", [True, False])
def test_the_adapter_with_its_weights_left_on_the_cpu(grounding, run, adapter_folder, subjects):
    msd_model = run("LoadMSDModel", model_name="tiny_ms_adapter.bin")[0]
    msd_model.patcher.patch_model(META, lowvram_model_memory=0.1)
    with torch.inference_mode():
        tokens = msd_model.adapter.resampler(
            torch.cat([subject.image_features for subject in subjects]).to(META),
            torch.stack([subject.phrase_embedding for subject in subjects]).to(META),
            torch.tensor(json.loads(BOXES), device=META),
            grounding,
        ).flatten(0, 1)
        heads = [width // 32 for width in msd_model.adapter.site_widths]
        sites = msd_model.adapter.project(tokens, tokens.new_ones(len(tokens)), heads)
    assert {site.key.device for site in sites} == {META}
    assert all(weight.device.type == "cpu" for weight in msd_model.adapter.parameters())


def lora():
    generator = torch.Generator().manual_seed(0)
    name = "lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_q"
    up, down = (torch.randn(*size, generator=generator) for size in ((64, 2), (2, 64)))
    return {f"{name}.lora_up.weight": up, f"{name}.lora_down.weight": down}


@pytest.mark.parametrize("state", ["LOW_VRAM", "NO_VRAM"])
def test_low_vram(state, tiny, patch, monkeypatch, msd_model):
    def with_lora(model):
        return comfy.sd.load_lora_for_models(model, None, lora(), 0.5, 0.0)[0]

    expected = ksampler(tiny, with_lora(patch()), **SETTINGS)
    plain = ksampler(tiny, with_lora(tiny.model), **SETTINGS)
    seen, halves = [], []

    def watch(executor, *arguments, **named):
        seen.append(executor.class_obj.model_lowvram)
        halves.append(arguments[5]["cond_or_uncond"])
        return executor(*arguments, **named)

    # the CPU is taken for a GPU that is full
    monkeypatch.setattr(management, "vram_state", management.VRAMState[state])
    monkeypatch.setattr(management, "lowvram_available", True)
    monkeypatch.setattr(management, "is_device_cpu", lambda device: False)
    monkeypatch.setattr(management, "get_free_memory", lambda *_, **__: 1.0)
    model = patch(model=tiny.models.unet_model())
    assert msd_model.patcher.loaded_size() == 0
    model = with_lora(model)
    model.add_wrapper_with_key("apply_model", "watch", watch)
    made = ksampler(tiny, model, **SETTINGS)
    assert seen == [True, True] and sorted(halves) == [[0], [1]], "the weights stayed, in two calls"
    assert (made - expected).abs().max() <= 1e-4 * expected.abs().max()
    assert (plain - expected).abs().max() > 1e-2 * expected.abs().max()
    model.detach()


def stored_in(tiny, dtype, cast):
    """A model whose weights are stored in one dtype and computed with in another."""

    def config(unet_config):
        made = comfy.supported_models.SDXL(unet_config)
        made.set_inference_dtype(dtype, cast)
        return made

    return tiny.models.unet_model(config=config, dtype=dtype)


FP8 = torch.float8_e4m3fn


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, FP8], ids=str)
def test_weights_in_other_dtypes_computed_in_float32(dtype, tiny, patch, subjects):
    # as with --force-fp32, or fp8 weights on a GPU that cannot compute in them
    model = stored_in(tiny, dtype, torch.float32)
    patched = patch(model=model)
    slow = straightforward(model, tiny_adapter(), subjects, json.loads(BOXES), 0.6)
    expected, ours = ksampler(tiny, slow, **SETTINGS), ksampler(tiny, patched, **SETTINGS)
    assert (ours - expected).abs().max() <= 1e-3 * expected.abs().max()
    plain = ksampler(tiny, model, **SETTINGS)
    assert (plain - expected).abs().max() > 1e-2 * expected.abs().max()
    assert torch.equal(ksampler(tiny, patch(model=model, weight=0.0), **SETTINGS), plain)


@pytest.mark.parametrize(
    "stored, computed",
    [(torch.float16, None), (torch.bfloat16, None), (FP8, torch.float16), (FP8, torch.bfloat16)],
    ids=str,
)
def test_half_precision(stored, computed, tiny, patch):
    model, exact = stored_in(tiny, stored, computed), stored_in(tiny, stored, torch.float32)
    before = bytes_alive()
    patched = patch(model=model)
    assert KEYS_AND_VALUES / 2 <= bytes_alive() - before < 0.75 * KEYS_AND_VALUES, "in two bytes"
    plain, held = ksampler(tiny, model, **SETTINGS), bytes_alive()
    ours = ksampler(tiny, patched, **SETTINGS)
    assert ours.isfinite().all()
    assert bytes_alive() - held < 0.25 * KEYS_AND_VALUES, "no copy is made in the steps"
    assert torch.equal(ksampler(tiny, patch(model=model, weight=0.0), **SETTINGS), plain)
    # the same subjects, but for rounding
    expected = ksampler(tiny, patch(model=exact), **SETTINGS) - ksampler(tiny, exact, **SETTINGS)
    assert (ours - plain - expected).norm() < 0.15 * expected.norm()
