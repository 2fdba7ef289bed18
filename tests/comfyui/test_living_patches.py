"""Other packs' text-attention patches, before ours and after, and gone again."""

import pytest
import torch
from alive import bytes_alive
from other_packs import Halved, add_itself, attn2_patches, halve
from sampling import empty_latent, ksampler
from straightforward import straightforward
from tiny_models.adapter import SITE_WIDTHS, tiny_adapter

SETTINGS = {"steps": 1, "latent_image": empty_latent(128, 128)}
LEFT, RIGHT = "[[0, 0, 0.5, 1], [0, 0, 0, 0]]", "[[0, 0, 0, 0], [0.5, 0, 1, 1]]"


def as_function(patch):
    return lambda q, k, v, extra_options: patch(q, k, v, extra_options)


@pytest.fixture(scope="module")
def sample(tiny):
    return lambda model: ksampler(tiny, model, **SETTINGS)


@pytest.mark.parametrize("wrap", [as_function, lambda patch: patch], ids=["function", "object"])
def test_one_patch_before_ours_and_one_after(wrap, tiny, patch, sample):
    plain, theirs, ours = sample(tiny.model), halve(tiny.model, wrap), patch()
    alone = sample(theirs)
    before, after = patch(model=theirs), halve(ours, wrap)
    # halved text and whole subjects, or both halved: neither is lost
    nothing = patch(model=theirs, weight=0.0)
    both, halved = sample(before), sample(after)
    assert torch.equal(sample(nothing), alone)
    assert torch.equal(sample(halve(patch(weight=0.0), wrap)), alone)
    for made in (both, halved):
        assert not torch.equal(made, alone) and not torch.equal(made, sample(ours))
    assert not torch.equal(both, halved)
    # a node that is bypassed hands on the model that came to it
    assert torch.equal(sample(theirs), alone) and torch.equal(sample(tiny.model), plain)
    assert torch.equal(sample(patch()), sample(ours))


def test_what_comfyui_asks_of_an_object_reaches_the_one_before_ours(tiny, patch):
    model = tiny.model.clone()
    theirs = Halved(needed=[tiny.clip.patcher])
    model.set_model_attn2_replace(theirs, "middle", 0, 0)
    both = patch(model=model)
    ours = attn2_patches(both)["middle", 0, 0]
    assert both.model_patches_models() == [tiny.clip.patcher]
    for target in (torch.device("cpu"), torch.bfloat16):
        both.model_patches_to(target)
    assert theirs.targets == [torch.device("cpu"), torch.bfloat16]
    ours.cleanup()
    assert theirs.cleaned == 1
    ksampler(tiny, both, **SETTINGS)
    assert theirs.calls == 1, "one call for both halves of the batch"


@pytest.mark.parametrize("first", ["theirs", "ours"])
def test_a_pack_that_adds_itself(first, tiny, patch, sample):
    always = {"strength": 0.5, "sigma_start": 1e9, "sigma_end": 0.0}
    never = {**always, "sigma_start": 0.0}
    alone = sample(add_itself(tiny.model, **always))

    def both(arguments, **changes):
        if first == "theirs":
            return sample(patch(model=add_itself(tiny.model, **arguments), **changes))
        return sample(add_itself(patch(**changes), **arguments))

    made, scale = both(always), alone.abs().max()
    assert (made - alone).abs().max() > 1e-2 * scale
    assert (made - sample(patch())).abs().max() > 1e-2 * scale
    assert (both(always, weight=0.0) - alone).abs().max() <= 1e-4 * scale
    if first == "ours":
        assert torch.equal(both(never), sample(patch()))


def test_the_order_of_adding_does_not_matter(tiny, patch, sample):
    arguments = {"strength": 0.5, "sigma_start": 1e9, "sigma_end": 0.0}
    before = sample(patch(model=add_itself(tiny.model, **arguments)))
    after = sample(add_itself(patch(), **arguments))
    between = sample(patch(model=add_itself(patch(boxes=LEFT), **arguments), boxes=RIGHT))
    together = sample(add_itself(patch(boxes=str([[0, 0, 0.5, 1], [0.5, 0, 1, 1]])), **arguments))
    scale = after.abs().max()
    assert (before - after).abs().max() <= 1e-4 * scale
    assert (between - together).abs().max() <= 1e-4 * scale


def test_what_is_added_may_come_in_another_dtype(tiny, patch):
    # IPAdapter's object turns the sum into the model's dtype, so its callbacks need not
    model = patch(model=tiny.models.unet_model(dtype=torch.bfloat16))
    arguments = {"strength": 0.5, "sigma_start": 1e9, "sigma_end": 0.0}
    same = ksampler(tiny, add_itself(model, **arguments, dtype=torch.bfloat16), **SETTINGS)
    made = ksampler(tiny, add_itself(model, **arguments, dtype=torch.float32), **SETTINGS)
    assert made.isfinite().all() and torch.allclose(made, same, atol=0.05 * same.abs().max())


def test_two_of_ours_in_both_orders_and_one_bypassed(tiny, patch, sample, subjects):
    state, near = tiny_adapter(), 1e-4
    boxes = [[0, 0, 0.5, 1], [0.5, 0, 1, 1]]
    expected = sample(straightforward(tiny.model, state, subjects, boxes, 0.6))
    scale = expected.abs().max()
    left, right = patch(boxes=LEFT), patch(boxes=RIGHT)
    for stacked in (patch(model=left, boxes=RIGHT), patch(model=right, boxes=LEFT)):
        assert (sample(stacked) - expected).abs().max() <= near * scale
    alone = sample(left)
    again = sample(patch(model=patch(model=left, boxes=RIGHT, weight=0.0), boxes=RIGHT, weight=0.0))
    assert torch.equal(again, alone)
    assert torch.equal(sample(left), alone), "the one under the other is as it was"


def test_clones_of_clones_and_what_is_done_to_them(tiny, patch, sample):
    ours = patch()
    expected = sample(ours)
    third = ours.clone().clone().clone()
    assert torch.equal(sample(third), expected)
    arguments = {"strength": 0.5, "sigma_start": 1e9, "sigma_end": 0.0}
    changed = sample(add_itself(third, **arguments))
    assert torch.equal(sample(add_itself(ours.clone(), **arguments)), changed)
    assert not torch.equal(changed, expected)
    assert torch.equal(sample(third), expected) and torch.equal(sample(ours), expected)
    other = halve(third)
    assert torch.equal(sample(other.clone()), sample(other))


def test_clones_share_the_tensors(patch):
    ours, keys_and_values = patch(), 2 * 8 * sum(SITE_WIDTHS) * 4  # bytes in float32
    before = bytes_alive()
    clones = [ours]
    for _ in range(5):
        clones.append(clones[-1].clone())
    assert bytes_alive() == before
    clones.append(patch(model=clones[-1], boxes=LEFT).clone())
    assert bytes_alive() - before < 1.5 * keys_and_values, "those of the second alone"
