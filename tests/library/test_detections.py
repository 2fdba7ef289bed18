"""What a detector's numbers mean: format, unit, size and edges; and a layout as boxes again."""

import json

import pytest
from detector_cases import CORNERS, DICT, SHARES, SIZE, XYWH, XYXY, corners, error_of, read, seg

from msdiffusion_nodes.boxes.detections import bounding_boxes
from msdiffusion_nodes.layout import NO_AREA, Box, Extent, Layout, Region

# cannot be xyxy: the third number is less than the first
WIDE = [400, 200, 300, 100]


@pytest.mark.parametrize(
    ("output", "bare", "expected", "note"),
    [
        ([XYXY], "auto", SHARES, "read as xyxy (both would fit: choose bbox_format), pixels"),
        ([[600, 0, 700, 400]], "auto", (0.75, 0, 0.875, 1), "read as xyxy, pixels of 800 × 400"),
        ([WIDE], "auto", (0.5, 0.5, 0.875, 0.75), "read as xywh, pixels of 800 × 400"),
        ([XYXY], "xyxy", SHARES, "read as xyxy, pixels"),
        ([XYWH], "xywh", SHARES, "read as xywh, pixels"),
        (DICT, "auto", SHARES, "read as xywh, pixels"),
        (DICT, "xyxy", SHARES, "read as xywh (the boxes say so"),
        (CORNERS, "xywh", SHARES, "read as xyxy (the boxes say so"),
        ({"bboxes": [XYXY]}, "xywh", SHARES, "read as xyxy (the boxes say so"),
        ([{"bbox_2d": XYXY}], "xywh", SHARES, "read as xyxy (the boxes say so"),
        (((400, 800), [seg(XYXY)]), "xywh", SHARES, "read as xyxy (the boxes say so"),
        ([[0.1, 0.1, 0.3, 0.9]], "auto", SHARES, "read as xyxy"),
        ([[0.1, 0.1, 0.2, 0.8]], "xywh", SHARES, "read as xywh, shares"),
        ([[0.5, 0.5, 0.5, 0.5]], "auto", (0.5, 0.5, 1, 1), "read as xywh, shares"),
        ([[0, 0, 1, 1]], "xyxy", (0, 0, 1, 1), "read as xyxy, shares"),
        ({"x": 0.1, "y": 0.1, "width": 0.2, "height": 0.8}, "auto", SHARES, "xywh, shares"),
        ("0.1,0.1,0.3,0.9", "xyxy", SHARES, "read as xyxy, shares"),
    ],
)
def test_the_note_says_how_the_numbers_were_read(output, bare, expected, note):
    detections = read(output, bare=bare)
    assert detections.found[0].box.as_tuple() == pytest.approx(expected)
    assert note in detections.note


def test_auto_decides_over_all_boxes_together():
    assert corners([XYWH, WIDE]) == [pytest.approx(SHARES), (0.5, 0.5, 0.875, 0.75)]
    assert corners([XYXY, [600, 0, 700, 400]])[0] == pytest.approx(SHARES)
    # one box of pixels makes all of them pixels
    assert corners([[0, 0, 1, 1], [80, 40, 780, 360]])[0] == pytest.approx((0, 0, 1 / 800, 1 / 400))


def test_bare_boxes_are_decided_apart_from_those_that_say_it():
    detections = read([CORNERS, WIDE])
    assert detections.found[1].box.as_tuple() == (0.5, 0.5, 0.875, 0.75)
    assert detections.note.startswith("read as xyxy and xywh")


@pytest.mark.parametrize("wrapped", [[XYXY], {"bboxes": [XYXY]}, [[DICT]]])
def test_pixels_are_measured_in_the_size_that_is_told(wrapped):
    assert corners(wrapped, told=Extent(800, 1600)) == [pytest.approx((0.05, 0.05, 0.15, 0.45))]
    assert "pixels of 1600 × 800" in read(wrapped, told=Extent(800, 1600)).note


def test_segs_bring_the_size_of_their_picture_unless_it_is_told():
    output = ((800, 1600), [seg(XYXY)])
    assert corners(output) == [pytest.approx((0.05, 0.05, 0.15, 0.45))]
    assert corners(output, told=SIZE) == [pytest.approx(SHARES)]


def test_coordinates_from_0_to_1000_need_their_size():
    output = '[{"bbox_2d": [100, 100, 300, 900], "label": "dog"}]'
    assert corners(output, told=Extent(1000, 1000)) == [pytest.approx(SHARES)]
    assert "picture_width" in error_of(output)


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ([0, 0, 801, 400.5], (0, 0, 1, 1)),
        ([-0.4, -1, 400, 200], (0, 0, 0.5, 0.5)),
        ([0, 0, 839, 419], (0, 0, 1, 1)),
        ([-0.001, 0, 1.001, 1], (0, 0, 1, 1)),
    ],
)
def test_a_box_that_sticks_out_a_little_is_cut_off(box, expected):
    assert corners([box], bare="xyxy") == [expected]


@pytest.mark.parametrize(
    "box", [[0, 0, 900, 400], [-100, 0, 400, 400], [810, 0, 830, 400], [0, 900, 400, 950]]
)
def test_a_box_outside_the_picture_tells_its_number_its_values_and_the_way_out(box):
    for bare in ("xyxy", "auto"):
        message = error_of([XYXY, box], bare=bare)
        assert "box 2" in message and str(box) in message
        assert "800 × 400" in message and "set picture_width and picture_height" in message


@pytest.mark.parametrize(
    ("output", "bare", "parts"),
    [
        ([XYXY, [240, 40, 80, 360]], "xyxy", ["box 2 [240, 40, 80, 360]", "xyxy", "no area"]),
        ([[80, 40, 80, 360]], "xyxy", ["box 1", "no area"]),
        ([{**DICT, "width": -5}], "auto", ["box 1 [80, 40, -5, 320]", "no area"]),
        ([DICT, {**DICT, "height": 0}], "auto", ["box 2", "no area"]),
        ([[80, 40, -160, 320]], "xywh", ["box 1", "xywh", "no area"]),
        ([[700, 40, 600, 300]], "auto", ["box 1", "as xyxy, has no area", "as xywh, lies outside"]),
        ([[0.5, 0.5, 0.7, 0.7]], "xywh", ["box 1", "outside"]),
        ([[0, 0, 0, 0]], "auto", ["box 1", "no area"]),
    ],
)
def test_a_box_without_an_area_is_named_with_its_values(output, bare, parts):
    message = error_of(output, bare=bare)
    assert [part for part in parts if part not in message] == [], message


def test_a_layout_becomes_rectangles_in_whole_pixels():
    boxes = [Box(0.1, 0.1, 0.3, 0.9), NO_AREA, Box(0.5, 0.5, 0.50001, 0.50001), Box(0.999, 0, 1, 1)]
    layout = Layout(tuple(Region(box) for box in boxes), SIZE.width, SIZE.height)
    (given_out,) = bounding_boxes(layout, ["dog", "ghost", "speck", "edge"])
    assert given_out[0] == {**DICT, "label": "dog"}
    assert [box["label"] for box in given_out] == ["dog", "speck", "edge"]
    assert given_out[1] == {"x": 400, "y": 200, "width": 1, "height": 1, "label": "speck"}
    assert all(type(box[key]) is int for box in given_out for key in DICT)
    assert all(box["x"] + box["width"] <= 800 for box in given_out)
    assert json.loads(json.dumps(given_out)) == given_out


def test_a_round_trip_keeps_the_pixels():
    boxes = [Box(0.123, 0.2, 0.456, 0.71), Box(0.6, 0.01, 0.61, 0.99)]
    layout = Layout(tuple(Region(box) for box in boxes), SIZE.width, SIZE.height)
    given_out = bounding_boxes(layout, ["", ""])
    back = [Region(found.box) for found in read(given_out).found]
    assert bounding_boxes(Layout(tuple(back), SIZE.width, SIZE.height), ["", ""]) == given_out
