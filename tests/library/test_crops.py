"""What is cut out of a picture for a subject, and how it is put back."""

import pytest
import torch

from msdiffusion_nodes.layout import Box, Extent, Region
from msdiffusion_nodes.pictures.crops import Crop, Cutting, Window, paste, resized, soft_area

WINDOWS = {  # box, picture (width, height), padding, feather: window, enlarged width and height
    "padded to whole cells": ((0.25, 0.25, 0.5, 0.5), (256, 256), 0.25, 0, (48, 48, 144, 144)),
    "at the edge": ((0, 0, 0.25, 1), (256, 128), 0.25, 0, (0, 0, 80, 128)),
    "room for the feather": ((0.25, 0.25, 0.5, 0.5), (256, 256), 0, 30, (32, 32, 160, 160)),
    "neither": ((0.25, 0.25, 0.5, 0.5), (256, 256), 0, 0, (64, 64, 128, 128)),
    "an odd picture": ((0.5, 0.5, 1, 1), (253, 101), 0.25, 0, (88, 32, 253, 101)),
    "half a pixel": ((0.501, 0.501, 0.502, 0.502), (64, 64), 0, 0, (32, 32, 40, 40)),
}


@pytest.mark.parametrize("name", WINDOWS)
def test_the_window_is_the_padded_box_in_whole_cells(name):
    box, (width, height), padding, feather, window = WINDOWS[name]
    crop = Cutting(512, padding, feather).crop(Region(Box(*box)), Extent(height, width))
    assert crop.window == window
    assert crop.area.shape == crop.window.extent
    assert max(crop.size) == 512 and all(side % 8 == 0 for side in crop.size)


@pytest.mark.parametrize(
    "window, size, enlarged",
    [
        ((100, 100), 1024, (1024, 1024)),
        ((64, 96), 1024, (680, 1024)),  # height, width
        ((96, 64), 1000, (1000, 664)),
        ((8, 800), 1024, (8, 1024)),
        ((600, 1500), 1024, (600, 1504)),  # never smaller than it is
        ((64, 64), 65, (64, 64)),
    ],
)
def test_a_crop_is_enlarged_in_its_aspect(window, size, enlarged):
    crop = Cutting(size, 0, 0).crop(Region(Box(0, 0, 1, 1)), Extent(*window))
    assert crop.size == enlarged


@pytest.mark.parametrize("box", [(0, 0, 0, 0), (1 - 2**-53, 0, 1, 1), (0, 0, 5e-324, 1)])
def test_where_a_region_touches_no_pixel_nothing_is_cut(box):
    assert Cutting(512, 0.25, 8).crop(Region(Box(*box)), Extent(64, 64)) is None


def test_the_window_in_shares_is_the_one_in_pixels():
    box = Window(88, 32, 253, 101).box(Extent(101, 253))
    assert box.as_tuple() == (88 / 253, 32 / 101, 1, 1)


@pytest.mark.parametrize("feather", [0, 1, 2, 5, 8])
def test_the_soft_edge_falls_from_all_to_nothing_outside_the_area(feather):
    area = torch.zeros(40, 60)
    area[15:25, 20:40] = 1
    soft = soft_area(area, feather)
    assert (soft[area == 1] == 1).all()
    row = soft[20, :21].flip(0)  # from the edge outwards
    assert (row.diff() <= 0).all() and (row[feather + 1 :] == 0).all()
    assert feather < 2 or 0 < row[feather] < row[1]
    assert torch.allclose(soft, soft.flip(0, 1), atol=1e-6)


def test_the_soft_edge_keeps_greys_and_goes_on_beyond_the_picture():
    area = torch.zeros(20, 20)
    area[:, :10] = 0.5
    soft = soft_area(area, 4)
    assert torch.equal(soft[:, :10], area[:, :10])
    assert torch.equal(soft, soft[:1].expand(20, -1))


def test_a_picture_of_the_same_size_stays_itself():
    picture = torch.rand(24, 40, 3)
    assert torch.allclose(resized(picture, Extent(24, 40)), picture, atol=1e-6)
    bigger = resized(picture, Extent(48, 80))
    assert bigger.shape == (48, 80, 3) and bigger.min() >= 0 and bigger.max() <= 1


def test_pasting_changes_the_area_only():
    picture, painted = torch.rand(32, 32, 3), torch.rand(64, 64, 3)
    area = torch.zeros(16, 16)
    area[4:8, 4:8], area[8:12, 4:8] = 1, 0.5
    before, crop = picture.clone(), Crop(Window(8, 8, 24, 24), area, Extent(64, 64))
    paste(picture, crop, painted)
    whole = torch.zeros(32, 32)
    whole[8:24, 8:24] = area
    new = resized(painted, Extent(16, 16))
    assert torch.equal(picture[whole == 0], before[whole == 0])
    assert torch.equal(picture[whole == 1], new[area == 1])
    assert torch.allclose(picture[whole == 0.5], (before[whole == 0.5] + new[area == 0.5]) / 2)
