"""Boxes from detectors: every shape in the wild, what their numbers mean, and bad ones."""

import json
from collections import namedtuple

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from msdiffusion_nodes.detections import bounding_boxes, read_detections
from msdiffusion_nodes.layout import NO_AREA, Box, Layout, Region
from msdiffusion_nodes.raw_boxes import LIMIT, BoxFormat

SEG = namedtuple("SEG", "cropped_image cropped_mask confidence crop_region bbox label")
SIZE = (800, 400)
# the same box in every shape: 80..240 of 800 across, 40..360 of 400 down
XYXY, XYWH = [80, 40, 240, 360], [80, 40, 160, 320]
SHARES = (0.1, 0.1, 0.3, 0.9)
DICT = dict(zip(("x", "y", "width", "height"), XYWH, strict=True))
CORNERS = dict(zip(("startX", "startY", "endX", "endY"), XYXY, strict=True))
# cannot be xyxy: the third number is less than the first
WIDE = [400, 200, 300, 100]
READABLE = 500  # characters; a message longer than this is a dump


def read(output, size=SIZE, told=None, bare="auto"):
    return read_detections(output, size, told, BoxFormat(bare))


def corners(output, **how):
    return [detection.box.as_tuple() for detection in read(output, **how).found]


def error_of(output, **how) -> str:
    with pytest.raises(ValueError) as caught:
        read(output, **how)
    assert type(caught.value) is ValueError
    message = str(caught.value)
    assert len(message) < READABLE and "\n" not in message
    return message


def seg(bbox, label="dog", confidence=0.5):
    return SEG(None, None, confidence, None, bbox, label)


ONE_BOX = {
    "BOUNDING_BOX dict": DICT,
    "BOUNDING_BOX list": [DICT],
    "BOUNDING_BOX by picture": [[DICT]],
    "BOUNDING_BOX with floats": {key: float(value) for key, value in DICT.items()},
    "BBOX tuple": tuple(XYXY),
    "BBOX list of tuples": [tuple(XYXY)],
    "BBOX by picture": [[tuple(XYXY)]],
    "BBOX corners": CORNERS,
    "BBOX list of corners": [CORNERS],
    "BBOXES": [XYXY],
    "array (4,)": np.array(XYXY),
    "array (1, 4)": np.array([XYXY], dtype=np.float32),
    "array (1, 1, 4)": np.array([[XYXY]]),
    "list of arrays": [np.array(XYXY)],
    "list of NumPy numbers": [np.float32(number) for number in XYXY],
    "tensor (4,)": torch.tensor(XYXY),
    "tensor (1, 4)": torch.tensor([XYXY], dtype=torch.float32),
    "half precision": torch.tensor([XYXY], dtype=torch.float16),
    "tensor by picture": [torch.tensor([XYXY])],
    "list of tensors": [torch.tensor(number) for number in XYXY],
    "Florence2": {"bboxes": [XYXY], "labels": ["dog"]},
    "Florence2 in a list": [{"bboxes": [XYXY], "labels": ["dog"]}],
    "Florence2 with its task": {"<OD>": {"bboxes": [XYXY], "labels": ["dog"]}},
    "Florence2 open vocabulary": {"bboxes": [XYXY], "bboxes_labels": ["dog"], "polygons": []},
    "SEGS": ((400, 800), [seg(tuple(XYXY))]),
    "SEGS with arrays": ((400, 800), [seg(np.array(XYXY), confidence=np.array([0.5]))]),
    "text JSON box": json.dumps(XYXY),
    "text JSON boxes": json.dumps([XYXY]),
    "text BOUNDING_BOX": json.dumps([[DICT]]),
    "text Florence2": json.dumps({"bboxes": [XYXY], "labels": ["dog"]}),
    "text Qwen": json.dumps([{"bbox_2d": XYXY, "label": "dog"}]),
    "text Qwen, one": json.dumps({"bbox_2d": XYXY, "label": "dog"}),
    "text bbox": json.dumps([{"bbox": XYXY, "label": "dog"}]),
    "text fenced": f'```json\n[{{"bbox_2d": {XYXY}, "label": "dog"}}]\n```',
    "text fenced among words": f"Here it is:\n```json\n[{XYXY}]\n```\nAnything else?",
    "text fenced without a name": f"```\n[{XYXY}]\n```",
    "text fence that does not end": f"```json\n[{XYXY}]",
    "text numbers": ",".join(map(str, XYXY)),
    "text numbers with spaces": "  80, 40.0,\t240 ,360 \n",
    "empty lists of other pictures": [[], [DICT], []],
}


@pytest.mark.parametrize("output", ONE_BOX.values(), ids=ONE_BOX)
def test_a_box_is_read_in_every_shape(output):
    assert corners(output, bare="auto") == [pytest.approx(SHARES)]


TWO_BOXES = {
    "dicts": [DICT, {"x": 400, "y": 0, "width": 400, "height": 400}],
    "mixed": [DICT, (400, 0, 800, 400)],
    "tuples": [tuple(XYXY), (400, 0, 800, 400)],
    "array": np.array([XYXY, [400, 0, 800, 400]]),
    "arrays": [torch.tensor(XYXY), torch.tensor([400, 0, 800, 400])],
    "Florence2": {"bboxes": torch.tensor([XYXY, [400, 0, 800, 400]]), "labels": ["a", "b"]},
    "SEGS": ((400, 800), (seg(XYXY), seg((400, 0, 800, 400)))),
    "semicolons": "80,40,240,360;400,0,800,400",
    "lines": "80,40,240,360\n400,0,800,400\n",
    "lines in brackets": "[80,40,240,360]\r\n[400,0,800,400]",
}


@pytest.mark.parametrize("output", TWO_BOXES.values(), ids=TWO_BOXES)
def test_boxes_keep_their_order(output):
    assert corners(output) == [pytest.approx(SHARES), pytest.approx((0.5, 0, 1, 1))]


@pytest.mark.parametrize(
    ("output", "label", "score"),
    [
        ({**DICT, "label": "dog", "score": 0.75}, "dog", 0.75),
        ({**DICT, "label": "dog", "score": np.float32(0.75)}, "dog", 0.75),
        ({**DICT, "label": None, "score": None}, "", None),
        (DICT, "", None),
        ({**CORNERS, "label": "dog"}, "dog", None),
        ({**DICT, "label": 7}, "7", None),
        ({"bboxes": [XYXY], "labels": ["dog"], "scores": [0.75]}, "dog", 0.75),
        ({"bboxes": [XYXY]}, "", None),
        ([{"bbox_2d": XYXY, "label": " dog ", "confidence": 1}], "dog", 1.0),
        (((400, 800), [seg(XYXY, "dog", 0.75)]), "dog", 0.75),
        (((400, 800), [seg(XYXY, "dog", np.array([0.75]))]), "dog", 0.75),
        (((400, 800), [seg(XYXY, None, None)]), "", None),
        ('[{"bbox_2d": [80, 40, 240, 360], "label": "犬"}]', "犬", None),
    ],
)
def test_label_and_score_come_along(output, label, score):
    (found,) = read(output).found
    assert (found.label, found.score) == (label, score)
    assert found.score is None or type(found.score) is float


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
    assert corners(wrapped, told=(1600, 800)) == [pytest.approx((0.05, 0.05, 0.15, 0.45))]
    assert "pixels of 1600 × 800" in read(wrapped, told=(1600, 800)).note


def test_segs_bring_the_size_of_their_picture_unless_it_is_told():
    output = ((800, 1600), [seg(XYXY)])
    assert corners(output) == [pytest.approx((0.05, 0.05, 0.15, 0.45))]
    assert corners(output, told=SIZE) == [pytest.approx(SHARES)]


def test_coordinates_from_0_to_1000_need_their_size():
    output = '[{"bbox_2d": [100, 100, 300, 900], "label": "dog"}]'
    assert corners(output, told=(1000, 1000)) == [pytest.approx(SHARES)]
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


@pytest.mark.parametrize(
    ("output", "parts"),
    [
        ([XYXY, [1, 2, float("nan"), 4]], ["box 2", "nan", "finite"]),
        ([XYXY, [1, 2, float("inf"), 4]], ["box 2", "inf", "finite"]),
        ([XYXY, [1, 2, 10**400, 4]], ["box 2", "finite"]),
        ([XYXY, [1, 2, 10**5000, 4]], ["box 2", "finite"]),
        ([XYXY, [True, False, 3, 4]], ["box 2", "True", "number"]),
        ([XYXY, ["1", "2", "3", "4"]], ["box 2", "'1'", "number"]),
        ([XYXY, [1, 2, None, 4]], ["box 2", "None"]),
        ([XYXY, [1, 2, 3]], ["box 2", "[1, 2, 3]", "four numbers"]),
        ([XYXY, [1, 2, 3, 4, 5]], ["box 2", "[1, 2, 3, 4, 5]", "four numbers"]),
        ([XYXY, []], ["box 2", "four numbers"]),
        ([XYXY, None], ["box 2", "None"]),
        ([XYXY, "1,2,3,4"], ["box 2", "1,2,3,4"]),
        ([DICT, {"x": 1, "y": 2}], ["box 2", "'x': 1", "width"]),
        ([DICT, {**DICT, "x": "left"}], ["box 2", "left"]),
        ([DICT, {**DICT, "label": ["dog"]}], ["box 2", "['dog']", "label"]),
        ([DICT, {**DICT, "score": "sure"}], ["box 2", "sure"]),
        ([DICT, {**DICT, "score": float("nan")}], ["box 2", "nan"]),
        ([{"box_2d": [1, 2, 3, 4]}], ["box 1", "box_2d", "top", "bbox_2d"]),
        (np.array([[1, 2, 3, 4, 0.9, 0]]), ["box 1", "four numbers"]),
        (torch.tensor([[1.0, 2, 3, torch.nan]]), ["box 1", "nan"]),
        ({"quad_boxes": [[0] * 8], "labels": ["stop"]}, ["quad_boxes", "Florence2", "bboxes"]),
        ({"bboxes": [XYXY, XYXY], "labels": ["dog"]}, ["labels", "2 bboxes"]),
        ({"bboxes": "dog"}, ["dog", "list"]),
        (((400, 800), [seg([1, 2, 3])]), ["box 1", "four numbers"]),
        (((0, 0), [seg(XYXY)]), ["0 × 0"]),
        ([[[[XYXY]]]], ["nested too deeply"]),
        (5, ["5", "four numbers"]),
        (None, ["None", "four numbers"]),
        ("the dog is on the left", ["the dog", "JSON", "x0,y0,x1,y1"]),
        ("1,2,3", ["box 1", "four numbers"]),
        ("1,2,3,4;5,6", ["box 2", "four numbers"]),
        ("1,2,3,NaN", ["box 1", "nan"]),
        ("[[1, 2", ["box 1", "four numbers"]),
        ("[[1, 2, 3, 4], [5, 6", ["[[1, 2, 3", "JSON"]),
        ("null", ["None"]),
        ('"[[1, 2, 3, 4]]"', ["[[1, 2, 3, 4]]"]),
    ],
)
def test_a_bad_box_is_named_and_shown(output, parts):
    message = error_of(output)
    assert [part for part in parts if part not in message] == [], message


@pytest.mark.parametrize(
    "output",
    [[], [[]], [[], []], (), "", "  \n", "[]", "```json\n[]\n```", {"bboxes": [], "labels": []}]
    + [[{"bboxes": [], "labels": []}], ((400, 800), []), np.zeros((0, 4)), torch.zeros(1, 0, 4)],
    ids=str,
)
def test_no_box_at_all_is_told(output):
    assert "the detector found nothing" in error_of(output)


@pytest.mark.parametrize(
    "output",
    [
        [[DICT], [DICT], []],
        [[XYXY], [XYXY]],
        [{"bboxes": [XYXY]}, {"bboxes": [XYXY]}],
        torch.tensor([[XYXY], [XYXY]]),
        [((400, 800), [seg(XYXY)]), ((400, 800), [seg(XYXY)])],
    ],
)
def test_boxes_of_several_pictures_are_told_apart(output):
    assert "boxes of 2 pictures" in error_of(output)


def test_a_thousand_boxes_are_read_and_no_more():
    assert len(read([XYXY] * LIMIT).found) == LIMIT
    for output in ([XYXY] * 2000, np.ones((2000, 4)), {"bboxes": [XYXY] * 2000}, "1,2,3,4;" * 2000):
        message = error_of(output)
        assert "2000" in message and str(LIMIT) in message
    assert "characters" in error_of("1" * 2_000_000)


@pytest.mark.parametrize("opening, closing", [("[", "]"), ('{"a":', "}"), ('{"bboxes":[', "]}")])
def test_deep_nesting_is_an_error_at_any_depth(opening, closing):
    for depth in [*range(2, 1100, 7), 5_000, 50_000]:
        error_of(opening * depth + "1" + closing * depth)
        error_of(opening * depth)
    value = 1
    for _ in range(100_000):
        value = [value]
    error_of(value)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(
            st.sampled_from(
                [
                    "x",
                    "y",
                    "width",
                    "height",
                    "label",
                    "score",
                    "bbox",
                    "bbox_2d",
                    "bboxes",
                    "labels",
                ]
                + ["startX", "startY", "endX", "endY", "quad_boxes", "<OD>", "a"]
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=30,
)
NUMBER = st.integers(-50, 900) | st.floats(-1, 1) | st.floats()
BOX = st.lists(NUMBER, min_size=4, max_size=4)
NAMED = st.fixed_dictionaries(
    {"x": NUMBER, "y": NUMBER, "width": NUMBER, "height": NUMBER},
    optional={"label": st.text(), "score": NUMBER},
)
BOXES = st.lists(BOX | NAMED, max_size=5)
OUTPUTS = JSON_VALUES | BOX | BOXES | st.lists(BOXES, max_size=2) | BOXES.map(json.dumps)


@settings(max_examples=1000, deadline=None)
@given(OUTPUTS | st.text(), st.sampled_from(["auto", "xyxy", "xywh"]))
def test_anything_is_read_or_refused_with_a_sentence(output, bare):
    try:
        detections = read(output, bare=bare)
    except ValueError as error:
        assert type(error) is ValueError and 10 < len(str(error)) < 600
        return
    assert detections.found and detections.note.startswith("read as ")
    for found in detections.found:
        assert found.box.x0 < found.box.x1 and found.box.y0 < found.box.y1
        assert isinstance(found.label, str)


def test_a_layout_becomes_rectangles_in_whole_pixels():
    boxes = [Box(0.1, 0.1, 0.3, 0.9), NO_AREA, Box(0.5, 0.5, 0.50001, 0.50001), Box(0.999, 0, 1, 1)]
    layout = Layout(tuple(Region(box) for box in boxes), *SIZE)
    (given_out,) = bounding_boxes(layout, ["dog", "ghost", "speck", "edge"])
    assert given_out[0] == {**DICT, "label": "dog"}
    assert [box["label"] for box in given_out] == ["dog", "speck", "edge"]
    assert given_out[1] == {"x": 400, "y": 200, "width": 1, "height": 1, "label": "speck"}
    assert all(type(box[key]) is int for box in given_out for key in DICT)
    assert all(box["x"] + box["width"] <= 800 for box in given_out)
    assert json.loads(json.dumps(given_out)) == given_out


def test_a_round_trip_keeps_the_pixels():
    boxes = [Box(0.123, 0.2, 0.456, 0.71), Box(0.6, 0.01, 0.61, 0.99)]
    layout = Layout(tuple(Region(box) for box in boxes), *SIZE)
    given_out = bounding_boxes(layout, ["", ""])
    back = [Region(found.box) for found in read(given_out).found]
    assert bounding_boxes(Layout(tuple(back), *SIZE), ["", ""]) == given_out
