"""The patch among others: earlier and later patches, clones, LoRA, ControlNet, memory."""

import comfy.cldm.cldm
import comfy.controlnet
import comfy.model_management
import nodes
import pytest
import torch
from other_packs import attn2_patches
from sampling import empty_latent, ksampler, text
from straightforward import SDXL_KEYS, SITE_KEYS

SETTINGS = {"steps": 2, "latent_image": empty_latent(128, 128)}
LEFT = "[[0.0, 0.0, 0.5, 1.0], [0.0, 0.0, 0.0, 0.0]]"
RIGHT = "[[0.0, 0.0, 0.0, 0.0], [0.5, 0.0, 1.0, 1.0]]"


def halved_text(q, k, v, extra_options):
    """Another pack's patch: half of the text attention."""
    from comfy.ldm.modules.attention import optimized_attention

    return optimized_attention(q, k, v, extra_options["n_heads"]) / 2


def test_all_sites_are_patched_under_comfyuis_own_keys(tiny, patch, sdxl_adapter):
    assert set(attn2_patches(patch())) == set(SITE_KEYS)
    sdxl = tiny.models.unet_model(**tiny.models.SDXL_DEPTHS)
    patched = patch(model=sdxl, msd_model=sdxl_adapter)
    assert set(attn2_patches(patched)) == set(SDXL_KEYS) and len(SDXL_KEYS) == 70


def test_input_model_is_not_touched(tiny, patch):
    before = repr(tiny.model.model_options)
    patch()
    assert repr(tiny.model.model_options) == before == repr({"transformer_options": {}})
    assert not tiny.model.callbacks and not tiny.model.wrappers and not tiny.model.object_patches


@pytest.mark.parametrize("index", [0, None], ids=["one site", "whole block"])
def test_an_earlier_patch_stays_in_force(index, tiny, patch):
    # in the middle block, whose first site ours would otherwise hide
    model = tiny.model.clone()
    model.set_model_attn2_replace(halved_text, "middle", 0, index)
    theirs = ksampler(tiny, model, **SETTINGS)
    both = ksampler(tiny, patch(model=model), **SETTINGS)
    assert not torch.equal(both, theirs)
    assert not torch.equal(both, ksampler(tiny, patch(), **SETTINGS))
    assert torch.equal(ksampler(tiny, patch(model=model, weight=0.0), **SETTINGS), theirs)
    nowhere = patch(model=model, boxes="[[0, 0, 0, 0], [0, 0, 0, 0]]")
    assert torch.equal(ksampler(tiny, nowhere, **SETTINGS), theirs)


def test_an_earlier_patch_may_keep_the_tensor_it_returns(tiny, patch):
    kept = []

    def keeps(q, k, v, extra_options):
        out = halved_text(q, k, v, extra_options)
        kept.append((out, out.clone()))
        return out

    model = tiny.model.clone()
    model.set_model_attn2_replace(keeps, "middle", 0, 0)
    ksampler(tiny, patch(model=model), **SETTINGS)
    assert kept and all(torch.equal(out, copy) for out, copy in kept)


def test_two_layouts_stack_and_order_does_not_matter(tiny, patch):
    left, right = patch(boxes=LEFT), patch(boxes=RIGHT)
    settings = {**SETTINGS, "steps": 1}
    left_then_right = ksampler(tiny, patch(model=left, boxes=RIGHT), **settings)
    right_then_left = ksampler(tiny, patch(model=right, boxes=LEFT), **settings)
    together = ksampler(tiny, patch(boxes="[[0, 0, 0.5, 1], [0.5, 0, 1, 1]]"), **settings)
    scale = together.abs().max()
    assert (left_then_right - right_then_left).abs().max() <= 1e-4 * scale
    assert (left_then_right - ksampler(tiny, left, **settings)).abs().max() > 1e-2 * scale


def test_a_pack_that_adds_itself_acts_in_its_clone_only(tiny, patch):
    ours = patch()
    alone = ksampler(tiny, ours, **SETTINGS)
    clone = ours.clone()
    calls = []

    def callback(out, q, k, v, extra_options, strength, **kwargs):
        calls.append(extra_options["block"])
        return strength * q

    for key in SITE_KEYS:
        attn2_patches(clone)[key].add(callback, strength=0.5, sigma_start=1e9, sigma_end=0.0)
    assert not torch.equal(ksampler(tiny, clone, **SETTINGS), alone)
    assert calls
    assert torch.equal(ksampler(tiny, ours, **SETTINGS), alone)
    never = ours.clone()
    attn2_patches(never)["middle", 0, 0].add(callback, strength=0.5, sigma_start=0, sigma_end=0)
    assert torch.equal(ksampler(tiny, never, **SETTINGS), alone)


def test_keys_and_values_are_projected_once(tiny, msd_model, patch):
    projected = []
    layers = [*msd_model.adapter.to_k_ip, *msd_model.adapter.to_v_ip]
    hooks = [layer.register_forward_hook(lambda *_: projected.append(1)) for layer in layers]
    try:
        model = patch()
        assert len(projected) == len(layers)
        ksampler(tiny, model, **SETTINGS)
        assert len(projected) == len(layers)
    finally:
        for hook in hooks:
            hook.remove()


def test_adapter_is_unloaded_when_the_node_is_done(msd_model, patch):
    patch()
    assert msd_model.patcher.loaded_size() == 0
    device = msd_model.patcher.offload_device
    assert {weight.device for weight in msd_model.adapter.parameters()} == {device}


def test_lora_before_or_after(tiny, patch, tmp_path):
    rank = 2
    lora = {}
    for layer, width in (("attn2_to_q", 64), ("attn1_to_v", 64)):
        name = f"lora_unet_input_blocks_4_1_transformer_blocks_0_{layer}"
        generator = torch.Generator().manual_seed(0)
        lora[f"{name}.lora_up.weight"] = torch.randn(width, rank, generator=generator)
        lora[f"{name}.lora_down.weight"] = torch.randn(rank, width, generator=generator)

    def with_lora(model):
        return comfy.sd.load_lora_for_models(model, None, lora, 1.0, 0.0)[0]

    before = ksampler(tiny, patch(model=with_lora(tiny.model)), **SETTINGS)
    after = ksampler(tiny, with_lora(patch()), **SETTINGS)
    assert torch.equal(before, after)
    assert not torch.equal(before, ksampler(tiny, patch(), **SETTINGS))
    assert not torch.equal(before, ksampler(tiny, with_lora(tiny.model), **SETTINGS))


def test_controlnet_alongside(tiny, patch):
    config = {
        key: value
        for key, value in tiny.models.UNET.items()
        if key not in ("out_channels", "transformer_depth_output")
    }
    network = comfy.cldm.cldm.ControlNet(**config, hint_channels=3, dtype=torch.float32)
    tiny.models.fill_module(network, "controlnet.")
    control = comfy.controlnet.ControlNet(network.eval().requires_grad_(False))
    picture = torch.rand(1, 256, 256, 3, generator=torch.Generator().manual_seed(0))
    positive, negative = nodes.ControlNetApplyAdvanced().apply_controlnet(
        text(tiny.clip, "a dog and a cat"), text(tiny.clip, ""), control, picture, 1.0, 0.0, 1.0
    )
    settings = {**SETTINGS, "positive": positive, "negative": negative}
    both = ksampler(tiny, patch(), **settings)
    assert both.isfinite().all()
    assert not torch.equal(both, ksampler(tiny, tiny.model, **settings))
    without = {**settings, "positive": text(tiny.clip, "a dog and a cat")}
    assert not torch.equal(both, ksampler(tiny, patch(), **without))
    assert torch.equal(both, ksampler(tiny, patch(), **settings))
