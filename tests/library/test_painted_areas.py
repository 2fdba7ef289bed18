"""Painted areas: the text that names them, and the regions that they become."""

import json

import pytest
import torch

from msdiffusion_nodes.boxes.painted import PaintedArea, parse_areas
from msdiffusion_nodes.errors import InputError
from msdiffusion_nodes.layout import NO_AREA, Box, Extent
from msdiffusion_nodes.pictures.shapes import shaped

PICTURE = Extent(64, 128)
BOX = Box(0.25, 0.25, 0.75, 0.75)  # 64 × 32 of its pixels
LEFT = torch.tensor([[1.0, 0.0]])  # the left half of a box
ONE = {"image": "msdiffusion/area-1.png [input]"}


def test_each_box_has_a_shape_or_none():
    text = json.dumps([None, ONE | {"soft": 8, "mirrored": True}])
    assert parse_areas(text, 3) == (None, PaintedArea(ONE["image"], 8, True), None)
    assert parse_areas("", 2) == parse_areas("[]", 2) == parse_areas("[null, null]", 2)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[", "is no JSON"),
        ("{}", "expected a list"),
        ("[3]", "box 1: 3 came"),
        ('[null, {"image": ""}]', "box 2: "),
        (json.dumps([ONE | {"sort": 1}]), "there is no sort; expected image, soft"),
        (json.dumps([ONE | {"soft": -1}]), "soft is -1; expected pixels from 0 to 256"),
        (json.dumps([ONE | {"soft": float("nan")}]), "soft is nan"),
        (json.dumps([ONE | {"mirrored": 1}]), "mirrored is 1; expected true or false"),
        (json.dumps([None, None, ONE]), "an area for box 3, but only 2 came"),
    ],
)
def test_what_cannot_be_read_is_refused(text, told):
    with pytest.raises(InputError) as caught:
        parse_areas(text, 2)
    assert told in str(caught.value)


def test_a_shape_fills_its_box_and_the_box_stays():
    region = shaped(BOX, LEFT, 0, PICTURE)
    assert region.box == BOX
    expected = torch.zeros(PICTURE)
    expected[16:48, 32:64] = 1
    assert torch.equal(region.coverage(*PICTURE), expected)


def test_a_box_that_is_moved_and_resized_takes_its_shape_along():
    region = shaped(Box(0.5, 0.0, 1.0, 0.5), LEFT, 0, PICTURE)
    expected = torch.zeros(PICTURE)
    expected[:32, 64:96] = 1
    assert torch.equal(region.coverage(*PICTURE), expected)


def test_a_soft_edge_fades_on_both_sides_and_keeps_the_middle():
    row = shaped(BOX, LEFT, 12, PICTURE).coverage(*PICTURE)[32]
    assert row[47] > 0.95 and row[63] > row[65] > 0 and row[75] < 0.1
    assert row[64] == pytest.approx(0.5, abs=0.1)
    assert torch.all(row[48:80].diff() <= 1e-6)
    edge = shaped(Box(0.0, 0.0, 1.0, 1.0), torch.ones(1, 1), 12, PICTURE)
    assert edge.coverage(*PICTURE).min() > 0.99  # the picture's own edge is none


def test_of_a_large_picture_the_softness_is_of_its_pixels():
    small = shaped(BOX, LEFT, 8, Extent(1024, 2048)).coverage(64, 128)
    large = shaped(BOX, LEFT, 32, Extent(4096, 8192)).coverage(64, 128)
    assert torch.allclose(small, large, atol=0.02)


def test_without_an_area_there_is_no_shape_and_a_black_one_is_refused():
    assert shaped(NO_AREA, LEFT, 4, PICTURE).box == NO_AREA
    with pytest.raises(InputError, match="black"):
        shaped(BOX, torch.zeros(4, 4), 0, PICTURE)
