"""Names under other keys: the right subject gets the box, or the note says what was not read."""

import json

import pytest
import torch
from box_forms import CAT, DOG, C, D, read

from msdiffusion_nodes.boxes.matching import match_detections

KEYS = (
    *("label", "Label", "LABEL", "label_name", "labelName", "label_text", "text_label", "class"),
    *(
        "class_name",
        "className",
        "class-name",
        "cls",
        "name",
        "object",
        "object_name",
        "objectName",
    ),
    *("category", "category_name", "categoryName", "phrase", "text", "caption", "title", "tag"),
    *("labels", "tags", "subject", "entity", "description", "concept", "display_name", "keyword"),
)
OWN_KEYS = (
    "animal",
    "what",
    "thing",
    "type",
    "id",
    "species",
    "标签",
    "ラベル",
    "Objekt",
    "target",
)
LISTS = (
    *("labels", "bboxes_labels", "phrases", "class_names", "names", "classes", "categories"),
    *("category_names", "texts", "captions", "tags", "text_labels", "object_names", "titles"),
)


def owners(value, phrases=("cat", "dog")):
    """Who gets which box, and all that is noted; the dog is on the left, the cat on the right."""
    detections = read(value)
    match = match_detections(detections.found, phrases)
    boxes = [tuple(round(edge, 2) for edge in one.box.as_tuple()) for one in match.taken]
    return boxes, "; ".join(filter(None, (detections.note, match.note)))


def rows(key, first="dog", second="cat", **more):
    return [{"bbox_2d": D, key: first, **more}, {"bbox_2d": C, key: second, **more}]


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("box", ["bbox_2d", "bbox", "box"])
def test_a_name_is_read_under_every_usual_key(key, box):
    value = [{box: D, key: "dog", "score": 0.5}, {box: C, key: "cat", "score": 0.9}]
    boxes, note = owners(value)
    assert boxes == [CAT, DOG] and "not read" not in note and "place" not in note
    assert owners(json.dumps(value))[0] == [CAT, DOG]


@pytest.mark.parametrize("key", OWN_KEYS)
def test_the_only_text_beside_the_boxes_is_their_name_and_that_is_said(key):
    boxes, note = owners(rows(key))
    assert boxes == [CAT, DOG] and f"names from {key}" in note


@pytest.mark.parametrize("key", LISTS)
@pytest.mark.parametrize("side", ["bboxes", "boxes"])
def test_a_list_of_names_is_read_under_every_usual_key(key, side):
    boxes, note = owners({side: [D, C], key: ["dog", "cat"], "scores": [0.1, 0.9]})
    assert boxes == [CAT, DOG] and "place" not in note


@pytest.mark.parametrize(
    "name",
    ["dog", " Dog ", ["dog"], ["dog", "animal"], {"name": "dog"}, [{"name": "dog", "score": 0.9}]],
    ids=str,
)
def test_a_name_may_be_wrapped(name):
    assert owners(rows("label", name))[0] == [CAT, DOG]


def test_a_text_counts_before_a_number():
    for more in ({"class": 16}, {"label": 0}, {"category_id": 7}, {"class_id": "3"}):
        value = [{**more, **row} for row in rows("class_name")]
        assert owners(value)[0] == [CAT, DOG]


@pytest.mark.parametrize("map_", [{"0": "dog", "1": "cat"}, {0: "dog", 1: "cat"}, ["dog", "cat"]])
@pytest.mark.parametrize("key", ["names", "id2label", "class_map", "classes"])
def test_class_numbers_get_the_names_that_come_along(key, map_):
    numbers = "labels" if key != "classes" else "class_ids"
    for listed in ([0, 1], torch.tensor([0.0, 1.0])):
        boxes, note = owners({"boxes": [D, C], numbers: listed, key: map_})
        assert boxes == [CAT, DOG] and "place" not in note
    swapped, _ = owners({"boxes": [D, C], numbers: [1, 0], key: map_})
    assert swapped == [DOG, CAT]
    inside = {"detections": [{"bbox_2d": D, "class": 0}, {"bbox_2d": C, "class": 1}], key: map_}
    assert owners(inside)[0] == [CAT, DOG]


def test_a_name_that_is_not_read_is_said():
    boxes, note = owners(rows("animal", fur="brown", whose="mine"))
    assert boxes == [CAT, DOG] and "names from animal" in note  # the others tell nothing apart
    both = [
        {"bbox_2d": D, "animal": "dog", "fur": "brown"},
        {"bbox_2d": C, "animal": "cat", "fur": "red"},
    ]
    boxes, note = owners(both)
    assert "not read beside the boxes: animal, fur" in note and "call the name label" in note
    boxes, note = owners(rows("label", colour_of_it="brown"))
    assert boxes == [CAT, DOG] and "not read beside the boxes: colour_of_it" in note


def test_boxes_that_are_given_by_their_place_although_names_came_are_said():
    boxes, note = owners(rows("label", "puppy", "kitten"))
    assert boxes == [DOG, CAT]
    assert "by place, for no name fits: cat, dog (names: puppy, kitten)" in note
    boxes, note = owners(rows("label", "puppy", "cat"))
    assert boxes == [CAT, DOG] and "by place, for no name fits: dog (names: puppy, cat)" in note
    numbers = owners(torch.tensor([[*D, 0.9, 16], [*C, 0.9, 15]]))[1]
    assert "by place, for no name fits: cat, dog (names: 16, 15)" in numbers


def test_boxes_without_names_need_no_word():
    assert owners([{"bbox_2d": D}, {"bbox_2d": C}])[1] == "read as xyxy, pixels of 640 × 480"


def test_two_subjects_that_the_same_name_fits_are_said():
    boxes, note = owners(rows("label", "dog", "dog"), ("brown dog", "white dog"))
    assert boxes == [DOG, CAT] and "which is which is a guess: brown dog, white dog" in note
    assert "guess" not in owners(rows("label", "dog", "dog"), ("dog", "dog"))[1]
    assert "guess" not in owners(rows("label", "dog", "brown dog"), ("brown dog", "dog"))[1]


@pytest.mark.parametrize(
    "label", ["teddy_bear", "teddy-bear", "Teddy Bear", "teddy bear 0.87", "teddy bear(0.4)"]
)
def test_names_are_compared_by_their_words(label):
    boxes, note = owners(rows("label", "cup", label), ("teddy bear", "cup"))
    assert boxes == [CAT, DOG] and "place" not in note
