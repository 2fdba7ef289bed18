"""Layouts over batches, tiles and areas, and a look at them, on the real sampler."""

import nodes
import pytest
import torch
from other_packs import attn2_patches
from sampling import PROMPT, empty_latent, ksampler, text

SETTINGS = {"steps": 2, "latent_image": empty_latent(128, 128)}
HALVES = "[[0, 0, 0.5, 1], [0.5, 0, 1, 1]]"
TURNED = "[[0, 0, 1, 0.5], [0, 0.5, 1, 1]]"


def noise_of(latent, index):
    return {"samples": latent["samples"][index : index + 1], "batch_index": [index]}


def test_each_picture_of_a_batch_has_its_layout_and_equals_the_one_made_alone(tiny, run, patch):
    texts = ["[[0, 0, 0.5, 1], [0.5, 0, 1, 1]]", "[[0.5, 0, 1, 1], [0, 0, 0.5, 1]]"]
    layouts = [run("LayoutBoxes", boxes=each, width=512, height=512)[0] for each in texts]
    batch = run("BatchLayouts", layout_1=layouts[0], layout_2=layouts[1])[0]
    latent = empty_latent(128, 128, 2)
    settings = {**SETTINGS, "steps": 1}
    together = ksampler(tiny, patch(layout=batch), **{**settings, "latent_image": latent})
    for index, layout in enumerate(layouts):
        alone = {**settings, "latent_image": noise_of(latent, index)}
        expected = ksampler(tiny, patch(layout=layout), **alone)
        assert (together[index] - expected[0]).abs().max() <= 1e-4 * expected.abs().max()
    with pytest.raises(ValueError, match="2 layouts for 3 pictures"):
        three = {**settings, "latent_image": empty_latent(128, 128, 3)}
        ksampler(tiny, patch(layout=batch), **three)


def test_a_sweep_moves_the_boxes_evenly(run):
    ends = ["[[0, 0, 0.5, 1]]", "[[0.5, 0, 1, 1]]"]
    first, last = (run("LayoutBoxes", boxes=each, width=64, height=64)[0] for each in ends)
    batch = run("SweepLayout", first=first, last=last, pictures=5)[0]
    lefts = [layout.regions[0].box.x0 for layout in batch.layouts]
    assert lefts == [0, 0.125, 0.25, 0.375, 0.5]


def test_a_tile_sees_its_part_of_the_layout(run):
    boxes = "[[0, 0, 0.5, 0.5], [0.25, 0.25, 0.75, 0.75]]"
    layout = run("LayoutBoxes", boxes=boxes, width=512, height=512)[0]
    tile = run("CropLayout", layout=layout, x=256, y=0, width=256, height=256)[0]
    assert [region.box.as_tuple() for region in tile.regions] == [(0, 0, 0, 0), (0, 0.5, 0.5, 1)]
    with pytest.raises(ValueError, match="width: the tile reaches"):
        run("CropLayout", layout=layout, x=512, y=0, width=256, height=256)


def test_the_areas_can_be_seen(tiny, run, patch, auto):
    model = patch(boxes=HALVES, auto_layout=auto(prompt="a dog and a cat"))
    positive = text(tiny.clip, "a dog and a cat")
    samples = ksampler(tiny, model, **{**SETTINGS, "steps": 3, "positive": positive})
    pictures, masks = run("ShowAreas", model=model, samples={"samples": samples})
    assert pictures.shape == (3, 512, 512, 3)
    assert masks.shape[0] == 2 and set(masks.unique().tolist()) <= {0.0, 1.0}
    assert not torch.equal(pictures[0], pictures[2])
    with pytest.raises(ValueError, match="model: it has no subjects"):
        run("ShowAreas", model=tiny.model, samples={"samples": samples})


@pytest.mark.parametrize("sampler, cfg", [("euler", 7.0), ("heun", 7.0), ("heun", 1.0)])
def test_the_areas_are_one_set_a_step(sampler, cfg, tiny, run, patch, auto):
    # heun evaluates twice a step, and two conditions of one prompt are evaluated each time
    whole = text(tiny.clip, PROMPT)
    positive = whole + nodes.ConditioningSetArea().append(whole, 64, 128, 0, 0, 1.0)[0]
    model = patch(boxes=HALVES, auto_layout=auto(start_step=1))
    settings = {"steps": 2, "latent_image": empty_latent(128, 128), "sampler_name": sampler}
    samples = ksampler(tiny, model, **settings, cfg=cfg, positive=positive)
    assert len(run("ShowAreas", model=model, samples={"samples": samples})[0]) == 2


def test_the_areas_are_those_of_the_run_that_made_the_latent(tiny, run, patch, auto):
    settings = {"steps": 2, "latent_image": empty_latent(128, 128)}
    model = patch(boxes=HALVES, auto_layout=auto(start_step=1))

    def shown(samples):
        return run("ShowAreas", model=model, samples={"samples": samples})[1]

    first = ksampler(tiny, model, **settings, seed=1)
    before = shown(first)
    second = ksampler(tiny, model.clone(), **settings, seed=2)
    assert torch.equal(shown(first), before) and not torch.equal(shown(second), before)
    # of a latent from elsewhere only the layout is known
    assert torch.equal(shown(first + 1), model_layout(model).coverage(16, 16))


def model_layout(model):
    return model.model_options["transformer_options"]["msdiffusion_applied"][0].layouts[0]


def test_all_layouts_of_a_batch_are_made_in_one_call(run, msd_model, patch):
    calls = []
    hook = msd_model.adapter.resampler.register_forward_hook(lambda *_: calls.append(1))
    try:
        ends = [run("LayoutBoxes", boxes=each, width=64, height=64)[0] for each in (HALVES, TURNED)]
        batch = run("SweepLayout", first=ends[0], last=ends[1], pictures=5)[0]
        together = patch(layout=batch)
        assert len(calls) == 1
        for number, layout in enumerate(batch.layouts):
            alone = patch(layout=layout)
            for key, site in attn2_patches(together).items():
                own, other = site.tokens[number].home, attn2_patches(alone)[key].tokens[0].home
                assert torch.allclose(own.key, other.key, atol=1e-5)
                assert torch.allclose(own.value, other.value, atol=1e-5)
    finally:
        hook.remove()
