"""Parts of a layout, parts of parts, and layouts on the way from one to another."""

import pytest
import torch

from msdiffusion_nodes.errors import InputError
from msdiffusion_nodes.layout import (
    NO_AREA,
    Box,
    Layout,
    LayoutBatch,
    Region,
    all_layouts,
)
from msdiffusion_nodes.sweeps import sweep


def layout(*boxes, width=200, height=100):
    return Layout(tuple(Region(Box(*box)) for box in boxes), width, height)


def boxes_of(made):
    return [region.box.as_tuple() for region in made.regions]


WINDOW = Box(0.5, 0.25, 1.0, 0.75)


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ((0, 0, 1, 1), (0.5, 0.25, 1, 0.75)),
        ((0.5, 0.5, 0.75, 1), (0.75, 0.5, 0.875, 0.75)),
        ((0.25, 0, 0.5, 0.25), (0.625, 0.25, 0.75, 0.375)),
    ],
)
def test_a_box_within_a_window_and_its_crop_undo_each_other(box, expected):
    whole = Box(*box).within(WINDOW)
    assert whole.as_tuple() == expected
    assert Region(whole).crop(WINDOW).box == Box(*box)


def test_rounding_does_not_push_a_box_out_of_the_picture():
    third = Box(1 / 3, 1 / 3, 1, 1)
    for n in range(1, 50):
        corner = Box(n / 50, n / 50, 1, 1).within(third)
        assert corner.x1 <= 1 and corner.y1 <= 1
    assert Box(0, 0, 1, 1).within(Box(0.7, 0.7, 0.7 + 0.1 + 0.2, 1)).x1 <= 1


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ((0, 0, 1, 1), (0, 0, 1, 1)),
        ((0.25, 0, 0.75, 0.5), (0, 0, 0.5, 0.5)),
        ((0.75, 0.5, 1, 1), (0.5, 0.5, 1, 1)),
        # beside it, above it, below it, and where they only touch
        ((0, 0, 0.25, 1), (0, 0, 0, 0)),
        ((0, 0, 0.5, 1), (0, 0, 0, 0)),
        ((0.5, 0, 1, 0.125), (0, 0, 0, 0)),
        ((0.5, 0, 1, 0.25), (0, 0, 0, 0)),
        ((0.5, 0.75, 1, 1), (0, 0, 0, 0)),
        ((0, 0, 0, 0), (0, 0, 0, 0)),
    ],
)
def test_a_window_shows_what_of_a_box_reaches_into_it(box, expected):
    part = layout(box).crop(WINDOW)
    assert boxes_of(part) == [expected]
    assert (part.width, part.height) == (100, 50)


def test_a_window_shows_its_part_of_a_mask():
    mask = torch.arange(1.0, 33).view(4, 8) / 32
    part = Region(Box(0, 0, 1, 1), mask).crop(WINDOW)
    assert torch.equal(part.mask, mask[1:3, 4:8])


@pytest.mark.parametrize(
    ("tile", "expected"),
    [
        ((0, 0, 200, 100), (0.25, 0.5, 0.75, 1)),
        ((50, 50, 100, 50), (0, 0, 1, 1)),
        ((100, 25, 100, 50), (0, 0.5, 0.5, 1)),
        ((0, 75, 100, 25), (0.5, 0, 1, 1)),
    ],
)
def test_a_tile_is_given_in_pixels(tile, expected):
    part = layout((0.25, 0.5, 0.75, 1)).tile(*tile)
    assert boxes_of(part) == [expected]
    assert (part.width, part.height) == tile[2:]


@pytest.mark.parametrize("tile", [(1, 0, 200, 100), (0, 1, 200, 100), (150, 60, 60, 50)], ids=str)
def test_a_tile_over_the_edge_is_refused(tile):
    x, y, width, height = tile
    said = f"from {x}, {y} to {x + width}, {y + height}, but the layout is 200×100; use a tile"
    with pytest.raises(InputError, match=said):
        layout((0, 0, 1, 1)).tile(*tile)


def test_a_sweep_goes_from_one_layout_to_the_other_in_equal_steps():
    first, last = layout((0, 0, 0.5, 0.5), (0, 0, 1, 1)), layout((0.5, 0.25, 1, 1), (0, 0, 1, 1))
    made = sweep(first, last, 3)
    assert [boxes_of(each)[0] for each in made.layouts] == [
        (0, 0, 0.5, 0.5),
        (0.25, 0.125, 0.75, 0.75),
        (0.5, 0.25, 1, 1),
    ]
    assert all(boxes_of(each)[1] == (0, 0, 1, 1) for each in made.layouts)
    assert {(each.width, each.height) for each in made.layouts} == {(200, 100)}


def test_a_sweep_needs_as_many_boxes_on_both_sides_and_no_masks():
    one, two = layout((0, 0, 1, 1)), layout((0, 0, 1, 1), (0, 0, 1, 1))
    masked = Layout((Region(Box(0, 0, 1, 1), torch.ones(4, 4)),), 200, 100)
    with pytest.raises(InputError, match="^2 boxes came for 1 in `first`"):
        sweep(one, two, 2)
    for first, last in ((one, masked), (masked, one)):
        with pytest.raises(InputError, match="^masks cannot be moved"):
            sweep(first, last, 2)


def test_one_layout_or_one_a_picture():
    one, other = layout((0, 0, 1, 1)), layout((0, 0, 0, 0))
    assert all_layouts(one) == (one,)
    assert all_layouts(LayoutBatch((one, other))) == (one, other)
    assert other.regions[0].box == NO_AREA
