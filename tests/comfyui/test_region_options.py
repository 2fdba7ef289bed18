"""What the rows of the editor say equals Subject Options and Background Subject, to the bit."""

import json

import pytest
import torch
from sampling import BOXES, empty_latent, ksampler

SMALL = {"steps": 3, "cfg": 2.0, "latent_image": empty_latent(128, 128)}
CROSSED = "[[0, 0, 0.4, 1], [0.3, 0.2, 0.9, 0.9]]"
MIDDLE = {"weight": 0.9, "start_percent": 0.2, "end_percent": 0.7, "enabled": True}
ROWS = {
    "weight": {"weight": 1.4},
    "weight 0": {"weight": 0.0},
    "off": {"enabled": False},
    "from and to": {"start_percent": 0.3, "end_percent": 0.8},
    "all": MIDDLE,
}


@pytest.fixture(scope="module")
def laid(run):
    """The layout of rows with these options: Layout Boxes' first output."""

    def lay(*rows, boxes=BOXES, **inputs):
        text = json.dumps(rows) if rows else ""
        made = run("LayoutBoxes", boxes=boxes, width=512, height=512, options=text, **inputs)
        return made[0]

    return lay


@pytest.fixture(scope="module")
def sampled(tiny, patch):
    def sample(**changes):
        return ksampler(tiny, patch(**changes), **SMALL)

    return sample


def scene(run, subjects, number, weight):
    return run("BackgroundSubject", subjects=subjects, number=number, weight=weight)[0]


@pytest.mark.parametrize("what", ROWS)
def test_a_row_acts_as_subject_options_does(what, laid, sampled, options):
    row = ROWS[what]
    by_node = sampled(layout=laid(), subjects=options(2, **row))
    assert torch.equal(sampled(layout=laid({}, row)), by_node)
    assert not torch.equal(sampled(layout=laid()), by_node)


@pytest.mark.parametrize("overlap", ["joint", "topmost"])
def test_a_scenes_row_acts_as_background_subject_does(overlap, run, laid, sampled, subjects):
    layout = {"layout": laid(boxes=CROSSED), "overlap": overlap}
    by_node = sampled(**layout, subjects=scene(run, subjects, 2, 0.4))
    row = laid({}, {"everywhere": True, "weight": 0.4}, boxes=CROSSED)
    assert torch.equal(sampled(layout=row, overlap=overlap), by_node)
    assert not torch.equal(sampled(**layout), by_node)


def test_rows_that_say_nothing_leave_what_subject_options_says(laid, sampled, options):
    changed = options(2, **MIDDLE)
    plain = sampled(layout=laid(), subjects=changed)
    for rows in ([{}, {}], [{}]):
        assert torch.equal(sampled(layout=laid(*rows), subjects=changed), plain)


def test_a_row_counts_before_subject_options_and_subject_weights_before_both(
    laid, sampled, options
):
    off = options(2, weight=0.2, enabled=False)
    row = laid({}, {"weight": 0.9, "enabled": True})
    assert torch.equal(sampled(layout=row, subjects=off), sampled(subject_weights="0.6, 0.9"))
    over = {"subject_weights": "0.3, 0.5"}
    assert torch.equal(sampled(layout=row, subjects=off, **over), sampled(**over))


def test_all_rows_off_is_the_plain_model(tiny, laid, sampled):
    off = laid({"enabled": False}, {"weight": 0})
    assert torch.equal(sampled(layout=off), ksampler(tiny, tiny.model, **SMALL))


def test_a_scene_by_its_row_needs_no_box_of_a_detector_and_no_mask(run, laid, subjects):
    box = [{"x": 0, "y": 0, "width": 256, "height": 512, "label": "cat"}]
    row = {"everywhere": True, "weight": 0.4}
    for source in ({"bboxes": box}, {"masks": torch.ones(1, 8, 8)}):
        made = laid(row, boxes="", subjects=subjects, **source)
        by_node = laid(boxes="", subjects=scene(run, subjects, 1, 0.4), **source)
        assert [each.box for each in made.regions] == [each.box for each in by_node.regions]
        with pytest.raises(ValueError, match="1 .* came for 2 subjects"):
            laid(boxes="", subjects=subjects, **source)


def test_batches_tiles_and_ways_keep_what_the_rows_say(run, laid, sampled, options):
    rows = ({}, MIDDLE)
    batch = run("BatchLayouts", layout_1=laid(*rows))[0]
    swept = run("SweepLayout", first=laid(*rows), last=laid(*rows), pictures=2)[0]
    first = run("BatchLayouts", layout_1=swept)[0].layouts[0]
    tile = {"x": 0, "y": 0, "width": 512, "height": 512}
    whole = run("CropLayout", layout=laid(*rows), **tile)[0]
    by_node = sampled(subjects=options(2, **MIDDLE))
    for layout in (batch, first, whole):
        assert torch.equal(sampled(layout=layout), by_node)


def test_layouts_of_a_batch_that_say_different_things_are_refused(run, laid, refused):
    batch = run("BatchLayouts", layout_1=laid({}, MIDDLE), layout_2=laid())[0]
    refused("ApplyMSDiffusion", "layout", "box 2", "picture 2", "weight nothing", layout=batch)


def test_what_cannot_be_is_refused_where_it_stands(refused, laid, options):
    refused("LayoutBoxes", "options", "box 1: weight is 9", "0 to 3", options='[{"weight": 9}]')
    refused("LayoutBoxes", "options", "box 3 has weight", options='[{}, {}, {"weight": 1}]')
    late, row = options(2, start_percent=0.6), laid({}, {"end_percent": 0.5})
    refused("ApplyMSDiffusion", "layout", "box 2", "swap them", subjects=late, layout=row)
