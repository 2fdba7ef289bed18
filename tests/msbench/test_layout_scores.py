"""A detector's boxes against the layouts, by hand and by `torchmetrics`."""

import json

import pytest
import torch
from console import SetupError
from PIL import Image
from torchmetrics.detection import MeanAveragePrecision

from msbench.checkout import Subject
from msbench.layout_scores import layout_scores, read_detections
from msbench.layouts import layouts
from msbench.work import Task

LEFT, RIGHT, ALL = (0.0, 0.25, 0.5, 0.75), (0.5, 0.25, 1.0, 0.75), (0.0, 0.0, 1.0, 1.0)


@pytest.fixture
def data(tmp_path):
    """Two pictures of 100 x 80: a cat beside a dog; two dogs before a barn."""
    file = tmp_path / "pictures" / "one.png"
    file.parent.mkdir()
    Image.new("RGB", (100, 80)).save(file)

    def task(name, *placed):
        subjects = tuple(Subject(category, file, phrase) for category, phrase, _ in placed)
        return Task(name, "", subjects, tuple(box for *_, box in placed), "", 0.6)

    dogs = ("living", "dog", LEFT), ("living", "dog", RIGHT)
    tasks = [
        task("a", ("living", "cat", LEFT), ("living", "dog", RIGHT)),
        task("b", *dogs, ("scene", "barn", ALL)),
    ]
    return layouts(dict.fromkeys(tasks, file), tmp_path)


def found(image, category, box, score=0.9):
    return {"image_id": image, "category_id": category, "bbox": list(box), "score": score}


CAT, DOG = 1, 2
AT_LEFT, AT_RIGHT = (0, 20, 50, 40), (50, 20, 50, 40)  # of LEFT and RIGHT in pixels
EXACT = [
    found(1, CAT, AT_LEFT),
    found(1, DOG, AT_RIGHT),
    found(2, DOG, AT_RIGHT),
    found(2, DOG, AT_LEFT),
]


def test_the_data_set_has_pixels_and_no_scene(data):
    assert data["images"][0] == {
        "id": 1,
        "file_name": "pictures/one.png",
        "width": 100,
        "height": 80,
    }
    assert data["categories"] == [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}]
    boxes = [(one["image_id"], one["category_id"], *one["bbox"]) for one in data["annotations"]]
    assert boxes == [
        (1, CAT, *AT_LEFT),
        (1, DOG, *AT_RIGHT),
        (2, DOG, *AT_LEFT),
        (2, DOG, *AT_RIGHT),
    ]


def test_boxes_that_are_the_layouts_score_1(data):
    assert layout_scores(data, EXACT) == pytest.approx({"mIoU": 1, "AP": 1, "AP50": 1})


def test_the_overlap_of_a_box_that_is_off(data):
    """A box of 50 pixels that is shifted by 10 shares 40 of 60 of them: IoU 2/3."""
    shifted = [found(1, CAT, (10, 20, 50, 40)), *EXACT[1:]]
    assert layout_scores(data, shifted)["mIoU"] == pytest.approx((2 / 3 + 3) / 4)


def test_a_subject_that_is_not_found_counts_as_no_overlap(data):
    assert layout_scores(data, EXACT[1:])["mIoU"] == pytest.approx(3 / 4)


def test_subjects_that_have_changed_places_do_not_overlap(data):
    swapped = [found(1, CAT, AT_RIGHT), found(1, DOG, AT_LEFT), *EXACT[2:]]
    assert layout_scores(data, swapped)["mIoU"] == pytest.approx(2 / 4)


def test_one_box_is_not_found_for_two_subjects(data):
    assert layout_scores(data, EXACT[:3])["mIoU"] == pytest.approx(3 / 4)


def test_unsure_boxes_beyond_the_layouts_do_not_help(data):
    """Of one cat the surest box counts, though an unsure one fits."""
    cats = [found(1, CAT, AT_RIGHT, 0.9), found(1, CAT, AT_LEFT, 0.1)]
    assert layout_scores(data, [*cats, *EXACT[1:]])["mIoU"] == pytest.approx(3 / 4)


def test_average_precision_is_that_of_torchmetrics(data):
    detections = [
        found(1, CAT, (4, 20, 50, 40), 0.8),
        found(1, CAT, AT_RIGHT, 0.6),
        found(1, DOG, (45, 20, 50, 44), 0.7),
        found(2, DOG, (40, 10, 60, 50), 0.9),
        found(2, DOG, AT_LEFT, 0.3),
        found(2, CAT, AT_LEFT, 0.5),
    ]
    metric = MeanAveragePrecision(box_format="xywh")

    def boxes(entries, **more):
        rows = torch.tensor([one["bbox"] for one in entries], dtype=torch.float32)
        labels = torch.tensor([one["category_id"] for one in entries])
        return {"boxes": rows, "labels": labels, **more}

    for image in (1, 2):
        mine = [one for one in detections if one["image_id"] == image]
        wanted = [one for one in data["annotations"] if one["image_id"] == image]
        scores = torch.tensor([one["score"] for one in mine])
        metric.update([boxes(mine, scores=scores)], [boxes(wanted)])
    expected = metric.compute()
    found_scores = layout_scores(data, detections)
    assert 0.1 < found_scores["AP"] < found_scores["AP50"] <= 1
    assert found_scores["AP"] == pytest.approx(float(expected["map"]), abs=1e-6)
    assert found_scores["AP50"] == pytest.approx(float(expected["map_50"]), abs=1e-6)


def test_what_a_detector_wrote_is_read(data, tmp_path):
    file = tmp_path / "found.json"
    file.write_text(json.dumps(EXACT))
    assert read_detections(file, data) == EXACT


@pytest.mark.parametrize(
    ("written", "fault"),
    [
        ("[", "is no JSON"),
        ("[]", "has to be a list of COCO results"),
        ('{"annotations": []}', "has to be a list of COCO results"),
        ("[5]", "entry 0: 5 is no object"),
        (json.dumps([*EXACT, found(3, CAT, AT_LEFT)]), "entry 4: image_id 3 is not in"),
        (json.dumps([found(1, 17, AT_LEFT)]), "entry 0: category_id 17 is not in"),
        (json.dumps([found([1], CAT, AT_LEFT)]), r"entry 0: image_id \[1\] is not in"),
        (json.dumps([found(1, CAT, (0, 20, 50))]), r"entry 0: bbox \[0, 20, 50\]"),
        (json.dumps([found(1, CAT, AT_LEFT, float("nan"))]), "score nan are not four numbers"),
        (json.dumps([found(1, CAT, AT_LEFT, "high")]), "score 'high' are not four numbers"),
        ('[{"image_id": 1, "category_id": 1}]', "entry 0: it has no bbox, score"),
    ],
)
def test_what_is_no_result_of_these_pictures_is_refused(data, tmp_path, written, fault):
    file = tmp_path / "found.json"
    file.write_text(written)
    with pytest.raises(SetupError, match=fault):
        read_detections(file, data)
