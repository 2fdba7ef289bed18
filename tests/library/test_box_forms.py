"""Boxes in the forms of other tools: the right boxes with the right names, or a word about it."""

import importlib.util
import json
import time

import pytest
import torch
from box_forms import C_K, CAT, D_K, DOG, FORMS, QWEN, SIZE, C, D, read
from conftest import TESTS
from detector_cases import error_of

from msdiffusion_nodes.boxes.detections import read_detections
from msdiffusion_nodes.layout import Extent

TOOL = TESTS.parent / "tools" / "box_forms.py"


def found(value):
    """Name and box, in their order."""
    return [
        (one.label, tuple(round(edge, 2) for edge in one.box.as_tuple()))
        for one in read(value).found
    ]


@pytest.mark.parametrize("form", FORMS, ids=[f"{form.tool} {form.looks}" for form in FORMS])
def test_a_form_gives_the_right_boxes_to_the_right_names(form):
    boxes = found(form.value)
    if form.named:
        boxes = {name.lower(): box for name, box in boxes}
        assert boxes == {"dog": DOG, "cat": CAT}
    else:
        assert [box for _, box in boxes] == [DOG, CAT]


def test_the_table_of_the_help_page_is_what_the_readers_say(monkeypatch):
    monkeypatch.syspath_prepend(str(TOOL.parent))
    spec = importlib.util.spec_from_file_location("box_forms_tool", TOOL)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    import box_forms

    page = tool.PAGE.read_text(encoding="utf-8")
    assert page == tool.with_table(page, box_forms), "run tools/box_forms.py"
    assert page.count("\n## Forms that are read\n") == 1


@pytest.mark.parametrize(
    "text",
    [
        "The dog is at [64, 96, 256, 384] and the cat is at [320, 120, 576, 360].",
        "1. Dog: (64, 96), (256, 384)\n2. Cat: (320, 120), (576, 360)",
        "| label | x1 | y1 | x2 | y2 |\n|---|---|---|---|---|\n| dog | 64 | 96 | 256 | 384 |"
        "\n| cat | 320 | 120 | 576 | 360 |",
        "- label: dog\n  bbox: [64, 96, 256, 384]\n- label: cat\n  bbox: [320, 120, 576, 360]",
        "[{label: 'dog', bbox: [64,96,256,384]}, {label: 'cat', bbox: [320,120,576,360]}]",
        "[{'label': 'dog', 'bbox': array([64., 96., 256., 384.], dtype=float32)}, {'label': 'cat',"
        " 'bbox': tensor([320., 120., 576., 360.], device='cuda:0')}]",
        "</think>\n<answer>" + json.dumps(QWEN) + "</answer>",
        json.dumps({"model": "a", "response": "Here:\n```json\n" + json.dumps(QWEN) + "\n```"}),
        json.dumps({"choices": [{"message": {"content": json.dumps(QWEN)}}]}),
        json.dumps(json.dumps(QWEN)),
        json.dumps({"anything": {"else": QWEN}, "count": 2}),
        json.dumps({"1": QWEN[0], "2": QWEN[1]}),
    ],
)
def test_names_and_boxes_are_found_in_prose_and_wrappings(text):
    for (name, box), word, expected in zip(found(text), ("dog", "cat"), (DOG, CAT), strict=True):
        assert word in name.lower() and box == expected


@pytest.mark.parametrize(
    ("value", "part"),
    [
        ("[[64,96,256,384], [320,120,576,360]]", ""),
        (
            "[[64,96,256,384], // dog\n[320,120,576,360] // cat\n]",
            "words not read beside the boxes: dog cat",
        ),
        ("First a cat, then a dog:\n[[64,96,256,384], [320,120,576,360]]", "words not read"),
        (
            "A cat, a dog:\n```json\n[[64,96,256,384]]\n```",
            "words not read beside the boxes: A cat a dog",
        ),
        ('A cat:\n{"bbox_2d": [64,96,256,384], "score": 0.9}', "words not read"),
        ('{"box_2d": [200, 100, 800, 400]}', "top edge first"),
        (
            [{"x": 160, "y": 240, "width": 192, "height": 288, "class": "dog", "confidence": 1}],
            "centre",
        ),
        ([[0.25, 0.5, 0.3, 0.6], [0.7, 0.5, 0.4, 0.5]], "centre, width, height: nothing else fits"),
        (torch.tensor([[*D, 0.9, 16]]), "columns: x0, y0, x1, y1, score, class"),
        ({"quad_boxes": [[64, 96, 250, 100, 256, 384, 70, 380]]}, "bounds of slanted boxes"),
        (str([[1, 2, 3, 4]]) + "\n" + json.dumps([D, C]), "the last of 2 lists"),
        ([[64, 20, 90, 60]], "no number is above 100: for percent set picture_width"),
    ],
)
def test_a_reading_that_is_not_the_only_one_is_said(value, part):
    note = read(value).note
    assert part in note and (part or ";" not in note)


@pytest.mark.parametrize(
    "box",
    [
        {"box": [[64, 96], [256, 384]]},
        {"bbox": [[64, 96, 256, 384]]},
        {"bbox": {"topLeft": {"x": 64, "y": 96}, "bottomRight": {"x": 256, "y": 384}}},
        {"position": [64, 96], "size": [192, 288]},
        {"position": {"x": 64, "y": 96}, "size": {"width": 192, "height": 288}},
        {"center": [160, 240], "size": [192, 288]},
        {"bbox_2d": D, "location": "on the left", "area": 55296, "position": "left"},
        {"width": 640, "height": 480, "box": {"x": 64, "y": 96, "width": 192, "height": 288}},
        {"filename": "a.jpg", "width": 640, "height": 480}
        | {"xmin": 64, "ymin": 96, "xmax": 256, "ymax": 384},
        {"X Min": "64", "Y Min": "96", "X Max": "256", "Y Max": "384"},
    ],
    ids=str,
)
def test_one_box_in_the_words_of_many_tools(box):
    named = {**box, "label": "dog"}
    for value in (named, [named], {"objects": [named]}, {"dog": box}, {"1": named}):
        assert found(value) == [("dog", DOG)]
        assert found(json.dumps(value)) == [("dog", DOG)]


def test_the_own_name_of_a_box_counts_before_its_key():
    assert found(
        {"object_1": {"name": "dog", "bbox_2d": D}, "object_2": {"name": "cat", "bbox_2d": C}}
    ) == [
        ("dog", DOG),
        ("cat", CAT),
    ]


def test_numbers_up_to_1000_in_a_larger_picture_are_doubted():
    note = read_detections([{"bbox_2d": D_K}, {"bbox_2d": C_K}], Extent(1536, 2048)).note
    assert "pixels of 2048 × 1536; no number is above 1000" in note
    assert "for percent" in read_detections([[10, 20, 40, 80]], SIZE, SIZE).note
    told = read_detections([{"bbox_2d": D_K}], Extent(1536, 2048), Extent(1000, 1000))
    assert told.note == "read as xyxy, pixels of 1000 × 1000"
    assert told.found[0].box.as_tuple() == pytest.approx(DOG)


@pytest.mark.parametrize("size", [Extent(480, 640), Extent(64, 64), Extent(3000, 4000)])
@pytest.mark.parametrize(
    "value",
    [
        {"box_2d": [200, 100, 800, 400]},
        "<ref>dog</ref><box>(100,200),(400,800)</box>",
        "dog[[100, 200, 400, 800]]",
        "<loc0205><loc0102><loc0819><loc0410> dog",
    ],
)
def test_what_counts_in_its_own_way_does_so_in_a_picture_of_any_size(value, size):
    for told in (None, size):
        (one,) = read_detections(value, size, told).found
        assert one.box.as_tuple() == pytest.approx(DOG, abs=0.002)


def test_roboflows_boxes_are_read_by_the_centre_unless_only_the_corner_fits():
    row = {"class": "dog", "confidence": 0.9, "width": 192, "height": 288}
    centre, corner = ({**row, "x": x, "y": y} for x, y in ((160, 240), (10, 20)))
    assert found([centre]) == [("dog", DOG)] and "centre, as Roboflow" in read([centre]).note
    assert found([corner]) == [("dog", (0.02, 0.04, 0.32, 0.64))]
    assert "read as xywh (x, y: the corner)" in read([corner]).note


def test_an_empty_list_beside_the_boxes_does_not_hide_them():
    assert found({"objects": [], "boxes": QWEN}) == [("dog", DOG), ("cat", CAT)]


def test_coco_is_read_as_its_own_unless_the_user_says_otherwise():
    both = [{"bbox": [64, 96, 192, 288], "category_id": 1}]  # would fit as xyxy too
    assert found(both) == [("1", DOG)]
    assert "both would fit: choose bbox_format" in read(both).note


@pytest.mark.parametrize(
    ("value", "part"),
    [
        ("<think>it may be at [1, 2, 3, 4]", "thinking"),
        (json.dumps(QWEN)[:-20], "ends early"),
        ('<points x1="10" y1="20" alt="dog">dog</points>', "points, no boxes"),
        ('[{"point_2d": [100, 200], "label": "dog"}]', "without boxes in it"),
        ({"annotations": [{"image_id": n, "bbox": D} for n in (1, 2)], "images": []}, "2 pictures"),
        ({"annotations": [{"image_id": 1}], "images": []}, "without bbox"),
        ({"status": "ok"}, "without boxes in it"),
        ("There is no dog in this picture.", "neither JSON nor"),
        ([[1, 2, 3, 4, 5, 6, 7]], "rows of 7 numbers"),
        ("<box>1,2,3</box>", "expected four numbers"),
    ],
)
def test_what_is_refused_says_how_to_write_it(value, part):
    message = error_of(value)
    assert part in message
    ways = ("bbox_2d", "four numbers", "[x, y, width, height]", "keep the annotations of one")
    assert any(way in message for way in ways), message


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "{" * 100_000,
        "<box>" * 100_000,
        "<think>" * 100_000,
        "<object>" * 100_000,
        "<bndbox>" * 50_000 + "<object>" * 50_000,
        "<loc_1>" * 100_000,
        "a " * 400_000,
        "1" * 900_000,
        '"' * 100_001,
        "(1 2] " * 100_000,
        "a: 1\n" * 100_000,
        "[1] " * 200_000,
        "\\" * 500_000,
    ],
    ids=lambda text: text[:9],
)
def test_no_text_makes_the_reading_slow(text):
    began = time.thread_time()
    error_of(text)
    assert time.thread_time() - began < 5


def test_the_size_that_a_file_tells_counts_unless_the_user_tells_another():
    coco = next(form.value for form in FORMS if form.tool == "a COCO file")
    for default in (SIZE, Extent(2000, 1000)):
        assert read_detections(coco, default).found[0].box.as_tuple() == DOG
    told = read_detections(coco, SIZE, Extent(960, 1280)).found[0].box.as_tuple()
    assert told == pytest.approx([edge / 2 for edge in DOG])
