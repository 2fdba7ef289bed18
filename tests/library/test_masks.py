"""Masks that are not quite black: one rule for what is visible, for areas and for references."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageFilter
from torch.nn import functional as F

from msdiffusion_nodes.errors import InputError
from msdiffusion_nodes.layout import NO_AREA, Box, Region, regions_from_masks
from msdiffusion_nodes.masks import VISIBLE, bounds, is_inside_out, visible
from msdiffusion_nodes.pictures.references import cut_out

# shared with the page's test: both go by the same rule
INSIDE_OUT = json.loads((Path(__file__).parent.parent / "inside_out.json").read_text())
SIDE = 128
ROWS, COLUMNS = slice(35, 99), slice(13, 77)  # no edge on JPEG's blocks of 8
EXACT = torch.zeros(SIDE, SIDE)
EXACT[ROWS, COLUMNS] = 1
BOX = Box(COLUMNS.start / SIDE, ROWS.start / SIDE, COLUMNS.stop / SIDE, ROWS.stop / SIDE)


def sigmoid(floor: float) -> torch.Tensor:
    """As a network gives it: sure of the subject, not quite sure of the rest."""
    noise = torch.rand(SIDE, SIDE, generator=torch.manual_seed(0))
    return torch.sigmoid(torch.where(EXACT > 0, 9.0, floor - noise))


FLOORS = {
    "1e-6": EXACT.clamp(min=1e-6),
    "one grey level": EXACT.clamp(min=1 / 255),
    "Photoshop's 1, 1, 1 in half precision": EXACT.clamp(min=1 / 255).half(),
    "three grey levels": EXACT.clamp(min=3 / 255),
    "video's black": EXACT.clamp(min=16 / 255),
    "video's black in half precision": EXACT.clamp(min=16 / 255).half(),
    "sigmoid of -9": sigmoid(-9),
    "sigmoid of -3": sigmoid(-3),
    "noise below black": EXACT - 0.01,
}


@pytest.mark.parametrize("mask", FLOORS.values(), ids=FLOORS)
def test_a_floor_that_nobody_sees_changes_no_area(mask):
    region, exact = Region.from_mask(mask), Region.from_mask(EXACT)
    assert region.box == exact.box == BOX
    assert torch.equal(region.mask == 0, exact.mask == 0), "exactly 0 outside"
    for side in (8, 13, SIDE):
        torch.testing.assert_close(
            region.coverage(side, side), exact.coverage(side, side), atol=2e-2, rtol=0
        )
        assert torch.equal(region.coverage(side, side) > 0, exact.coverage(side, side) > 0)


@pytest.mark.parametrize("mask", FLOORS.values(), ids=FLOORS)
def test_a_floor_that_nobody_sees_changes_no_reference(mask):
    picture = torch.rand(1, SIDE, SIDE, 3, generator=torch.manual_seed(1))
    (cut,), (exact,) = cut_out(picture, mask), cut_out(picture, EXACT)
    assert cut.shape == exact.shape == (1, 64, 64, 3)
    torch.testing.assert_close(cut, exact, atol=2e-2, rtol=0)


def jpeg(quality: int) -> torch.Tensor:
    file = io.BytesIO()
    Image.fromarray((EXACT.numpy() * 255).astype(np.uint8)).save(file, "JPEG", quality=quality)
    return torch.from_numpy(np.array(Image.open(file))).float() / 255


def blurred(radius: int) -> torch.Tensor:
    image = Image.fromarray((EXACT.numpy() * 255).astype(np.uint8))
    return torch.from_numpy(np.array(image.filter(ImageFilter.GaussianBlur(radius)))).float() / 255


@pytest.mark.parametrize(
    ("mask", "pixels"), [(jpeg(50), 7), (jpeg(90), 7), (blurred(2), 4), (blurred(4), 8)]
)
def test_tails_of_jpeg_and_blur_move_the_box_by_a_few_pixels_at_most(mask, pixels):
    """A blur is seen to about 1.5 times its radius; its tail goes on to 3 times."""
    box = Region.from_mask(mask).box
    moved = (torch.tensor(box.as_tuple()) - torch.tensor(BOX.as_tuple())).abs() * SIDE
    assert moved.max() <= pixels


def test_soft_edges_and_grey_stay_as_they_are():
    soft = F.avg_pool2d(EXACT[None], 9, 1, 4)[0]
    region = Region.from_mask(soft)
    assert torch.equal(region.mask[soft > VISIBLE], soft[soft > VISIBLE])
    assert torch.equal(Region.from_mask(EXACT * 0.1).mask, EXACT * 0.1)


def test_a_mask_covers_a_cell_by_its_mean_there():
    mask = torch.tensor([[0.0, 1.0, 0.5, 0.5], [1.0, 1.0, 0.5, 1.0]])
    region = Region.from_mask(mask)
    assert region.coverage(1, 2).tolist() == [[0.75, 0.625]]
    assert region == Region.from_mask(mask.clone()), "regions are compared by their boxes"


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_mask_that_is_not_finite_is_named(value):
    masks = torch.ones(2, 4, 4)
    masks[1, 0, 0] = value
    with pytest.raises(InputError, match="^mask 2: the mask has values that are not finite"):
        regions_from_masks(masks)


@pytest.mark.parametrize("shape", [(4, 4), (1, 4, 4)])
def test_one_mask_is_one_region(shape):
    assert [region.box for region in regions_from_masks(torch.ones(shape))] == [Box(0, 0, 1, 1)]


@pytest.mark.parametrize("shape", [(4,), (1, 1, 4, 4), (0, 4, 4), (2, 0, 4), (4, 0)])
def test_what_is_no_batch_of_masks_is_refused(shape):
    with pytest.raises(InputError, match="^shape .* came; expected .subjects, height, width"):
        regions_from_masks(torch.ones(shape))


def test_a_black_mask_is_a_region_without_an_area():
    for black in (torch.zeros(4, 4), torch.full((4, 4), 0.06), torch.full((4, 4), -1.0)):
        assert Region.from_mask(black) == Region(NO_AREA)
        assert Region.from_mask(black).mask is None
    regions = regions_from_masks(torch.stack([EXACT, torch.zeros(SIDE, SIDE)]))
    assert [region.box for region in regions] == [BOX, NO_AREA]


def test_what_is_visible_is_between_black_and_white():
    mask = torch.tensor([[-1.0, 0.0, 0.06, 0.07, 1.0, 2.0]])
    torch.testing.assert_close(visible(mask), torch.tensor([[0, 0, 0, 0.07, 1, 1]]))
    assert bounds(mask) == (slice(0, 1), slice(3, 6))
    assert bounds(mask[:, :3]) is None


@pytest.mark.parametrize("case", INSIDE_OUT, ids=[case["mask"] for case in INSIDE_OUT])
def test_a_mask_that_keeps_the_frame_and_drops_the_middle_is_noticed(case):
    mask = torch.tensor([[float(cell == "#") for cell in row] for row in case["rows"]])
    assert is_inside_out(mask) is case["inside_out"]
    large = mask.repeat_interleave(9, dim=0).repeat_interleave(9, dim=1)
    assert is_inside_out(large) is case["inside_out"]
