"""The paper's scores, by hand."""

from dataclasses import replace

import pytest
import torch
from PIL import Image

from msbench.checkout import Subject
from msbench.fidelity import joint_fidelity, scores, subject_fidelity
from msbench.likeness import BY_BOX, WHOLE, Likeness, cut, likenesses
from msbench.tables import fidelity_table, remarks
from msbench.work import Task

LEFT, RIGHT = (0.0, 0.0, 0.5, 1.0), (0.5, 0.0, 1.0, 1.0)
RED, GREEN = (255, 0, 0), (0, 255, 0)


class Colours:
    """Stands for an encoder: a picture's direction is its mean colour, a text's is its colour."""

    def pictures(self, pictures):
        means = [one.resize((1, 1), Image.Resampling.BOX).getpixel((0, 0)) for one in pictures]
        return torch.nn.functional.normalize(torch.tensor(means).float(), dim=-1)

    def texts(self, texts):
        colours = {"red": (1.0, 0, 0), "green": (0, 1.0, 0)}
        return torch.tensor([colours[text] for text in texts])


@pytest.fixture
def painted(tmp_path):
    """A picture, red on the left and green on the right, as it was asked for; and one swapped."""

    def picture(name, *colours):
        made = Image.new("RGB", (8, 4))
        for place, colour in enumerate(colours):
            made.paste(colour, (8 // len(colours) * place, 0, 8, 4))
        made.save(tmp_path / f"{name}.png")
        return tmp_path / f"{name}.png"

    subjects = (
        Subject("object", picture("red", RED), "red"),
        Subject("object", picture("green", GREEN), "green"),
    )
    right, swapped = (
        Task(name, "object_object", subjects, (LEFT, RIGHT), "red", 0.6)
        for name in ("right", "swapped")
    )
    return {right: picture("right", RED, GREEN), swapped: picture("swapped", GREEN, RED)}


def by_name(found, compared):
    return {one.task.name: one for one in found if one.compared == compared}


def test_whole_pictures_cannot_tell_that_subjects_have_changed_places(painted):
    found = by_name(likenesses("any", Colours(), painted, print), WHOLE)
    half = pytest.approx(0.5**0.5, abs=1e-3)  # half red, half green, against all red
    assert all(one.subjects == (half, half) for one in found.values())
    assert all(one.prompt == half for one in found.values())


def test_layout_boxes_can(painted):
    found = by_name(likenesses("any", Colours(), painted, print), BY_BOX)
    assert found["right"].subjects == pytest.approx((1, 1))
    assert found["swapped"].subjects == pytest.approx((0, 0))
    assert {one.prompt for one in found.values()} == {None}  # the prompt is of the whole picture


def test_more_pictures_than_go_through_at_once_keep_their_order(painted):
    many = {
        replace(task, name=f"{task.name}{number}"): file
        for number in range(20)
        for task, file in painted.items()
    }
    told = []
    found = likenesses("any", Colours(), many, told.append)
    assert sum(told) == 40
    assert [one.task for one in found if one.compared == BY_BOX] == list(many)
    for one in found:
        if one.compared == BY_BOX:
            assert one.subjects == pytest.approx((1, 1) if "right" in one.task.name else (0, 0))


def test_a_box_is_cut_out_to_the_pixel():
    picture = Image.new("RGB", (10, 8))
    assert cut(picture, (0.25, 0.25, 0.75, 1)).size == (6, 6)  # 2 to 8, 2 to 8
    assert cut(picture, (0, 0, 1, 1)).size == (10, 8)


def test_fidelity_is_the_mean_over_pictures_of_the_mean_over_subjects():
    # (0.9 + 0.5) / 2 = 0.7 and (0.6 + 0.3 + 0.3) / 3 = 0.4
    assert subject_fidelity([(0.9, 0.5), (0.6, 0.3, 0.3)]) == pytest.approx(0.55)


def test_joint_fidelity_is_the_mean_over_pictures_of_the_product_over_subjects():
    # 0.9 * 0.5 = 0.45 and 0.6 * 0.3 * 0.3 = 0.054
    assert joint_fidelity([(0.9, 0.5), (0.6, 0.3, 0.3)]) == pytest.approx(0.252)


def test_a_subject_that_is_left_out_takes_its_picture_to_zero():
    assert joint_fidelity([(0.9, 0.0)]) == 0


def test_two_unlike_subjects_make_no_likeness():
    assert joint_fidelity([(-0.5, -0.5)]) == 0


def likeness(encoder, compared, subjects, prompt=None):
    return Likeness(Task("", "", (), (), "", 0.6), encoder, compared, subjects, prompt)


def test_a_clip_has_two_scores_of_whole_pictures_and_one_by_box():
    whole = [
        likeness("CLIP ViT-B/32", WHOLE, (0.8, 0.6), 0.3),
        likeness("CLIP ViT-B/32", WHOLE, (0.5, 0.5), 0.2),
    ]
    assert scores(whole) == pytest.approx({"CLIP-I": 0.6, "CLIP-T": 0.25})
    assert scores([likeness("CLIP ViT-B/32", BY_BOX, (0.8, 0.6))]) == pytest.approx({"CLIP-I": 0.7})


def test_a_dino_has_its_mean_and_its_product():
    found = scores([likeness("DINOv2-base", BY_BOX, (0.8, 0.5))])
    assert found == pytest.approx({"DINO": 0.65, "M-DINO": 0.4})


def test_the_table_has_the_papers_numbers_and_a_row_for_each_way():
    lines = fidelity_table(
        [
            likeness("CLIP ViT-L/14", WHOLE, (0.8, 0.6), 0.3),
            likeness("CLIP ViT-L/14", BY_BOX, (0.9, 0.9)),
            likeness("DINO ViT-S/16", WHOLE, (0.8, 0.5)),
        ]
    )
    assert lines == [
        "| encoder | compared | CLIP-I | CLIP-T | DINO | M-DINO |",
        "| --- | --- | --- | --- | --- | --- |",
        "| *paper* |  | 0.698 | 0.341 | 0.425 | 0.108 |",
        "| CLIP ViT-L/14 | whole picture | 0.700 | 0.300 | – | – |",
        "| CLIP ViT-L/14 | by layout box | 0.900 | – | – | – |",
        "| DINO ViT-S/16 | whole picture | – | – | 0.650 | 0.400 |",
    ]


@pytest.mark.parametrize(
    ("pictures", "changed", "said"),
    [
        (4488, [], ""),
        (22, [], "only 22 of 4,488 pictures are scored"),
        (4488, ["steps", "width"], "not the official steps, width"),
    ],
)
def test_what_may_not_be_set_beside_the_papers_numbers_says_so(pictures, changed, said):
    lines = remarks(pictures, changed)
    assert "".join(lines) == (f"**Not to be set beside the paper's: {said}.**" if said else "")
