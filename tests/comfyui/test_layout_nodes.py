"""Layouts over batches, tiles and areas, and a look at them, on the real sampler."""

import pytest
import torch
from sampling import empty_latent, ksampler, text

SETTINGS = {"steps": 2, "latent_image": empty_latent(128, 128)}
HALVES = "[[0, 0, 0.5, 1], [0.5, 0, 1, 1]]"


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
