"""Boxes from detectors in every shape in the wild, and bad ones."""

import json

import numpy as np
import pytest
import torch
from detector_cases import CORNERS, DICT, SHARES, XYXY, corners, error_of, read, seg
from hypothesis import given, settings
from hypothesis import strategies as st

from msdiffusion_nodes.boxes.raw import LIMIT
from msdiffusion_nodes.errors import InputError

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
    ("output", "parts"),
    [
        ([XYXY, [1, 2, float("nan"), 4]], ["box 2", "nan", "finite"]),
        ([XYXY, [1, 2, float("inf"), 4]], ["box 2", "inf", "finite"]),
        ([XYXY, [1, 2, 10**400, 4]], ["box 2", "finite"]),
        ([XYXY, [1, 2, 10**5000, 4]], ["box 2", "finite"]),
        ([XYXY, [True, False, 3, 4]], ["box 2", "True", "number"]),
        ([XYXY, ["1", "2", "3", "left"]], ["box 2", "'left'", "four numbers"]),
        ([XYXY, [1, 2, None, 4]], ["box 2", "None"]),
        ([XYXY, [1, 2, 3]], ["box 2", "[1, 2, 3]", "four numbers"]),
        ([XYXY, [1, 2, 3, 4, 5]], ["box 2", "[1, 2, 3, 4, 5]", "four numbers"]),
        ([XYXY, []], ["box 2", "four numbers"]),
        ([XYXY, None], ["box 2", "None"]),
        ([XYXY, "1,2,3"], ["box 2", "1,2,3"]),
        ([DICT, {"x": 1, "y": 2}], ["box 2", "'x': 1", "width"]),
        ([DICT, {**DICT, "x": "left"}], ["box 2", "left"]),
        ([DICT, {**DICT, "label": [["dog"]]}], ["box 2", "[['dog']]", "label"]),
        ([DICT, {**DICT, "score": "sure"}], ["box 2", "sure"]),
        ([DICT, {**DICT, "score": float("nan")}], ["box 2", "nan"]),
        ([{"box_2d": [1, 2, 3]}], ["box 1", "box_2d", "top first"]),
        (np.array([[1, 2, 3, 4, 9.5, 9.5]]), ["rows of 6 numbers", "four numbers"]),
        (torch.tensor([[1.0, 2, 3, torch.nan]]), ["box 1", "nan"]),
        ({"quad_boxes": [[0] * 8], "labels": ["stop"]}, ["box 1", "no area"]),
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
        ("1,2,3,NaN", ["box 1", "NaN", "finite"]),
        ("[[1, 2", ["[[1, 2", "JSON", "ends early"]),
        ("[[1, 2, 3, 4], [5, 6", ["[[1, 2, 3", "JSON"]),
        ("null", ["None"]),
        ('"dog"', ["dog", "JSON"]),
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
                + ["boxes", "box", "points", "box_2d", "names", "class", "objects", "annotations"]
                + ["images", "categories", "Instances", "xyxy", "image", "text"]
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
START = st.integers(0, 100)  # of a box that lies in the picture, however it is read
GOOD_BOX = st.tuples(START, START, st.integers(101, 200), st.integers(101, 200)).map(list)
GOOD_NAMED = st.fixed_dictionaries(
    {"x": START, "y": START, "width": START.map(lambda n: n + 1), "height": st.integers(1, 100)},
    optional={"label": st.text(), "score": st.floats(0, 1)},
)
GOOD_BOXES = st.lists(GOOD_BOX | GOOD_NAMED, min_size=1, max_size=5)
GOOD = GOOD_BOX | GOOD_BOXES | GOOD_BOXES.map(json.dumps)
OUTPUTS = GOOD | JSON_VALUES | BOX | BOXES | st.lists(BOXES, max_size=2) | BOXES.map(json.dumps)


def test_anything_is_read_or_refused_with_a_sentence():
    answers = {"read": 0, "refused": 0}

    @settings(max_examples=400, derandomize=True, deadline=None, database=None)
    @given(OUTPUTS | st.text(), st.sampled_from(["auto", "xyxy", "xywh"]))
    def sent(output, bare):
        try:
            detections = read(output, bare=bare)
        except InputError as error:
            assert type(error) is InputError and 10 < len(str(error)) < 600
            answers["refused"] += 1
            return
        answers["read"] += 1
        assert detections.found and detections.note.startswith("read as ")
        for found in detections.found:
            assert found.box.x0 < found.box.x1 and found.box.y0 < found.box.y1
            assert isinstance(found.label, str)

    sent()
    assert min(answers.values()) >= 40, answers
