"""Small subjects of the toy, painted once more: what they become, and what stays.

`pytest -rP` shows the numbers.
"""

import itertools
import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from emoji_jobs import SIDE, distances, pair
from promises import state_of
from small_subjects import FEATHER, detailed, layout_of, painted, small_job
from tiny_world.painting import paint, subject_model, world

SEEDS = range(4)
QUICK = {"steps": 1}
ALWAYS = {"start_percent": 0.0, "end_percent": 1.0}


def box_mask(boxes, added=0, size=(SIDE, SIDE)):
    """1 where a box is, or no farther from it than `added` pixels: (h, w)."""
    made = torch.zeros(size)
    for x0, y0, x1, y1 in boxes:
        left, right = int(x0 * size[1]) - added, int(np.ceil(x1 * size[1])) + added
        top, bottom = int(y0 * size[0]) - added, int(np.ceil(y1 * size[0])) + added
        made[max(top, 0) : bottom, max(left, 0) : right] = 1
    return made


def test_small_subjects_come_nearer_to_their_own_emoji(run):
    before, after, other = [], [], []
    for seed in SEEDS:
        wanted, model, picture = painted(run, seed)
        made, _ = detailed(run, wanted, model, picture)
        was, now = (distances(each[0], wanted.boxes, pair(seed)) for each in (picture, made))
        before += list(was.diagonal())
        after += list(now.diagonal())
        other += [now[0, 1], now[1, 0]]
    print(f"to their own {np.mean(before):.4f} before, {np.mean(after):.4f} after;", end=" ")
    print(f"{np.mean(other):.4f} to the other")
    assert np.mean(after) <= 0.6 * np.mean(before)
    assert all(np.array(after) < 0.5 * np.array(other)), "each crop shows its own subject"


def test_a_plain_model_does_not_know_the_subjects(run):
    own = {}
    for kind in ("subjects", "plain"):
        found = []
        for seed in SEEDS[:2]:
            wanted, model, picture = painted(run, seed)
            model = world(run).model if kind == "plain" else model
            made, _ = detailed(run, wanted, model, picture)
            found += list(distances(made[0], wanted.boxes, pair(seed)).diagonal())
        own[kind] = np.mean(found)
    print(own)
    assert own["subjects"] < 0.6 * own["plain"]


def test_outside_the_soft_areas_the_picture_is_the_same_to_the_bit(run):
    wanted, model, picture = painted(run, 0)
    made, mask = detailed(run, wanted, model, picture)
    inside, reached = box_mask(wanted.boxes), box_mask(wanted.boxes, FEATHER)
    assert made.shape == picture.shape and mask.shape == (1, SIDE, SIDE)
    assert torch.equal(made[0][mask[0] == 0], picture[0][mask[0] == 0])
    assert (mask[0][inside > 0] == 1).all() and (mask[0][reached == 0] == 0).all()
    soft = mask[0][(reached > 0) & (inside == 0)]
    assert ((soft > 0) & (soft < 1)).float().mean() > 0.8


def test_denoise_0_leaves_the_picture(run):
    wanted, model, picture = painted(run, 0)
    made, mask = detailed(run, wanted, model, picture, denoise=0.0)
    assert torch.equal(made, picture) and not mask.any()


def test_weight_0_is_the_plain_model(run):
    wanted, _, picture = painted(run, 0)
    off = subject_model(run, replace(wanted, apply={"weight": 0.0}))
    first, second = (detailed(run, wanted, each, picture) for each in (off, world(run).model))
    assert torch.equal(first[0], second[0])


def test_inputs_stay_as_they_are(run):
    wanted, model, picture = painted(run, 0)
    before, state = picture.clone(), repr(state_of(model))
    detailed(run, wanted, model, picture)
    assert torch.equal(picture, before) and repr(state_of(model)) == state


def test_some_subjects_are_painted_and_the_others_stay(run):
    wanted, model, picture = painted(run, 0)
    made, mask = detailed(run, wanted, model, picture, subjects=" 2 ")
    both, _ = detailed(run, wanted, model, picture, subjects="1,2")
    first, second = (box_mask([box], FEATHER) > 0 for box in wanted.boxes)
    assert torch.equal(made[0][first], picture[0][first]) and not mask[0][first].any()
    assert torch.equal(made[0][second], both[0][second]), "the same as with the others"
    assert torch.equal(both, detailed(run, wanted, model, picture)[0])


def test_a_detectors_boxes_say_where_the_subjects_are(run):
    """The picture was sampled with other boxes than those in which the subjects are found."""
    wanted, _, picture = painted(run, 0)
    drawn = replace(wanted, boxes=tuple(reversed(wanted.boxes)))
    made, _ = detailed(
        run, wanted, subject_model(run, drawn), picture, layout=layout_of(run, wanted.boxes)
    )
    found = distances(made[0], wanted.boxes, pair(0))
    assert found[0, 0] < 0.5 * found[0, 1] and found[1, 1] < 0.5 * found[1, 0]


@pytest.mark.parametrize("width, height", [(320, 192), (184, 296)])
def test_pictures_that_are_not_square(width, height, run):
    boxes = ((0.1, 0.15, 0.3, 0.6), (0.6, 0.3, 0.95, 0.55))
    wanted = small_job(1, boxes=boxes, width=width, height=height)
    model, picture = subject_model(run, wanted), paint(run, wanted).clamp(0, 1)[None]
    layout = layout_of(run, boxes, width, height)
    made, mask = detailed(run, wanted, model, picture, layout=layout)
    was, now = (distances(each[0], boxes, pair(1)) for each in (picture, made))
    assert made.shape == (1, height, width, 3)
    assert now.diagonal().mean() < was.diagonal().mean()
    assert torch.equal(made[mask == 0], picture[mask == 0])
    # a picture that is not of whole cells
    odd = picture[:, : height - 3, : width - 5]
    made, mask = detailed(run, wanted, model, odd, layout=layout, subjects="2")
    assert made.shape == odd.shape and mask.any()


def test_each_picture_of_a_batch_has_its_layout(run):
    jobs = [painted(run, 0), painted(run, 3)]  # the same boxes, other emoji
    wanted, model, _ = jobs[0]
    pictures = torch.cat([picture for _, _, picture in jobs])
    nowhere = ((0, 0, 0, 0), wanted.boxes[1])
    layouts = [layout_of(run, boxes) for boxes in (wanted.boxes, nowhere)]
    batch = run("BatchLayouts", layout_1=layouts[0], layout_2=layouts[1])[0]
    made, mask = detailed(run, wanted, model, pictures, layout=batch)
    alone, _ = detailed(run, wanted, model, pictures[:1])
    assert torch.equal(made[:1], alone)
    first = box_mask(wanted.boxes[:1], FEATHER) > 0
    assert mask[0][first].any() and not mask[1][first].any()
    assert torch.equal(made[1][first], pictures[1][first])
    one, _ = detailed(run, wanted, model, pictures, layout=layouts[0])
    assert torch.equal(one[:1], alone) and not torch.equal(one[1], pictures[1])


def test_areas_of_any_shape_are_the_soft_edge(run):
    wanted, model, picture = painted(run, 0)
    y, x = torch.meshgrid(*[torch.linspace(0, 1, 64)] * 2, indexing="ij")
    discs = torch.stack([((x - a) ** 2 + (y - a) ** 2).sqrt() < 0.12 for a in (0.225, 0.725)])
    layout = run("LayoutBoxes", boxes="", width=SIDE, height=SIDE, masks=discs.float())[0]
    made, mask = detailed(run, wanted, model, picture, layout=layout, feather=0)
    disc = torch.nn.functional.interpolate(discs[None].float(), (SIDE, SIDE))[0].amax(0)
    assert torch.equal(mask[0], disc)
    assert torch.equal(made[0][disc == 0], picture[0][disc == 0])
    assert not torch.equal(made[0][disc == 1], picture[0][disc == 1])


def rows(run, wanted, *options):
    """The layout of a job, with what its rows say."""
    boxes = str([list(box) for box in wanted.boxes])
    inputs = {"boxes": boxes, "width": SIDE, "height": SIDE, "options": json.dumps(options)}
    return run("LayoutBoxes", **inputs)[0]


def test_a_row_that_is_off_is_not_painted_and_the_others_are_as_by_their_numbers(run):
    wanted, model, picture = painted(run, 0)
    off, scene = (rows(run, wanted, {}, row) for row in ({"enabled": False}, {"everywhere": True}))
    first, mask = detailed(run, wanted, model, picture, subjects="1", **QUICK)
    made, changed = detailed(run, wanted, model, picture, layout=off, **QUICK)
    assert torch.equal(made, first) and torch.equal(changed, mask)
    changed = detailed(run, wanted, world(run).model, picture, layout=off, **QUICK)[1]
    assert torch.equal(changed, mask), "a plain model knows of the rows by the layout"
    for other, layout in itertools.product((model, world(run).model), (off, scene)):
        with pytest.raises(ValueError, match="subjects: 2 came, but that subject is"):
            detailed(run, wanted, other, picture, layout=layout, subjects="2")


def test_the_rows_of_the_picture_go_on_and_those_of_the_detailers_layout_count_before(run):
    wanted, model, picture = painted(run, 0)
    tuned = {"apply": {"weight": 0.3}}
    light = subject_model(run, replace(wanted, **tuned))
    expected, _ = detailed(run, wanted, light, picture, **QUICK)
    row = {"weight": 0.3}
    layout = rows(run, wanted, row, row)
    assert torch.equal(detailed(run, wanted, model, picture, layout=layout, **QUICK)[0], expected)
    by_row = run("ApplyMSDiffusion", **applied(run, model), layout=layout, weight=0.6, **ALWAYS)[0]
    assert torch.equal(detailed(run, wanted, by_row, picture, **QUICK)[0], expected)


def test_a_row_cannot_turn_on_what_the_model_was_given_turned_off(run):
    wanted, model, picture = painted(run, 0)
    off, on = (rows(run, wanted, {}, {"enabled": each}) for each in (False, True))
    by_row = run("ApplyMSDiffusion", **applied(run, model), layout=off, weight=0.6, **ALWAYS)[0]
    with pytest.raises(ValueError, match="layout: box 2 is on, and off where Apply"):
        detailed(run, wanted, by_row, picture, layout=on)


def applied(run, model):
    """What the model of a job was given, but for layout and weight, for the plain model."""
    (made,) = model.model_options["transformer_options"]["msdiffusion_applied"]
    given = {"msd_model": made.given.msd_model, "subjects": list(made.given.subjects)}
    return {"model": world(run).model, **given}
