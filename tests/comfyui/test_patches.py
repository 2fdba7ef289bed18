"""The patch among others: where it sits, earlier and later patches, clones, the adapter."""

import pytest
import torch
from other_packs import attn2_patches
from sampling import empty_latent, ksampler
from straightforward import SDXL_KEYS, SITE_KEYS

SETTINGS = {"steps": 2, "latent_image": empty_latent(128, 128)}


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
