"""Layout Boxes with a detector's boxes, with masks and with a picture behind."""

import json
from dataclasses import replace

import pytest
import torch
from made_up import two_subjects

HALVES = "[[0, 0, 0.5, 1], [0.5, 0, 1, 1]]"
SIZE = {"boxes": HALVES, "width": 128, "height": 64}
PICTURE = torch.rand(2, 100, 200, 3, generator=torch.Generator().manual_seed(1))
DETECTED = {"bboxes": [[100, 0, 200, 100], [0, 50, 50, 100]], "labels": ["dog", "cat"]}


@pytest.fixture(scope="module")
def lay_out(pack, run):
    """The node's outputs by name, and what it tells the page as `told`."""
    node = pack.nodes["LayoutBoxes"]

    def made(**inputs):
        outputs = dict(zip(node.RETURN_NAMES, run("LayoutBoxes", **SIZE | inputs), strict=True))
        ui = node().lay_out(**SIZE | inputs)["ui"]
        assert json.loads(json.dumps(ui, allow_nan=False)) == ui, "plain JSON values"
        (outputs["told"],) = ui["msd_layout"]
        return outputs

    return made


@pytest.fixture(scope="module")
def refused(run):
    def message(**inputs):
        with pytest.raises(ValueError) as caught:
            run("LayoutBoxes", **SIZE | inputs)
        return str(caught.value)

    return message


def corners(outputs):
    return [region.box.as_tuple() for region in outputs["layout"].regions]


def test_drawn_boxes_give_every_output(lay_out, pack):
    made = lay_out(subjects=two_subjects(pack))
    assert corners(made) == [(0, 0, 0.5, 1), (0.5, 0, 1, 1)]
    assert (made["width"], made["height"]) == (128, 64)
    assert made["preview"].shape == (1, 64, 128, 3)
    assert made["masks"].shape == (2, 64, 128)
    assert made["background_mask"].shape == (1, 64, 128) and not made["background_mask"].any()
    left = {"x": 0, "y": 0, "width": 64, "height": 64, "label": "dog"}
    assert made["bboxes"] == [[left, {**left, "x": 64, "label": "cat"}]]
    assert made["told"] == {
        "width": 128,
        "height": 64,
        "boxes": [[0, 0, 0.5, 1], [0.5, 0, 1, 1]],
        "names": ["dog", "cat"],
        "unused": [],
        "note": "",
        "source": "boxes",
    }


def test_names_are_empty_where_nothing_has_a_name(lay_out):
    made = lay_out()
    assert made["told"]["names"] == ["", ""]
    assert [box["label"] for box in made["bboxes"][0]] == ["", ""]


def test_the_background_is_what_no_region_covers(lay_out):
    made = lay_out(boxes="[[0, 0, 0.25, 1], [0, 0, 0.5, 0.5], [0, 0, 0, 0]]")
    expected = torch.ones(1, 64, 128)
    expected[:, :, :32] = 0
    expected[:, :32, :64] = 0
    assert torch.equal(made["background_mask"], expected)
    assert len(made["bboxes"][0]) == 2, "no area, no rectangle"
    soft = torch.stack([torch.full((8, 8), 0.25), torch.full((8, 8), 0.75)])
    background = lay_out(masks=soft)["background_mask"]
    assert torch.allclose(background, torch.full((1, 64, 128), 0.25))


def test_masks_are_told_with_their_bounds(lay_out):
    masks = torch.zeros(1, 8, 8)
    masks[:, 2:6, 4:] = 1
    told = lay_out(masks=masks)["told"]
    assert told["source"] == "masks" and told["boxes"] == [[0.5, 0.25, 1, 0.75]]


def squares(count):
    masks = torch.zeros(count, 8, 8)
    for number in range(count):
        masks[number, :4, number : number + 2] = 1
    return masks


def test_a_scene_needs_no_mask(lay_out, pack):
    dog, cat = two_subjects(pack)
    scene = replace(dog, phrase="beach", everywhere=True)
    made = lay_out(masks=squares(2), subjects=[dog, scene, cat])
    assert corners(made) == [(0, 0, 0.25, 0.5), (0, 0, 0, 0), (0.125, 0, 0.375, 0.5)]
    assert made["told"]["names"] == ["dog", "beach", "cat"] and made["told"]["note"] == ""
    # one for each is as good, black or not
    for third in (torch.zeros(8, 8), torch.ones(8, 8)):
        given = torch.stack([*squares(2), third])
        made = lay_out(masks=given, subjects=[dog, cat, scene])
        assert corners(made)[:2] == [(0, 0, 0.25, 0.5), (0.125, 0, 0.375, 0.5)]
        assert made["told"]["note"] == ""


@pytest.mark.parametrize("black", [0, 1e-6, 1 / 255])
def test_a_black_mask_is_no_area_as_four_zeros_are(lay_out, pack, black):
    masks = squares(2)
    masks[1] = black
    made = lay_out(masks=masks, subjects=two_subjects(pack))
    assert corners(made) == [(0, 0, 0.25, 0.5), (0, 0, 0, 0)]
    assert not made["masks"][1].any()
    assert made["told"]["note"] == "no area, for the mask is black: cat"
    assert [box["label"] for box in made["bboxes"][0]] == ["dog"]
    assert lay_out(masks=masks)["told"]["note"] == "no area, for the mask is black: mask 2"


@pytest.mark.parametrize("count", [1, 3, 5])
def test_a_wrong_number_of_masks_is_told_as_masks(refused, pack, count):
    message = refused(masks=squares(count), subjects=two_subjects(pack))
    assert message.startswith(f"masks: {count} mask")
    assert "2 subjects (dog, cat)" in message and "one mask a subject" in message
    assert "black" in message and "box" not in message and "0, 0" not in message
    assert ("batch" in message) == (count == 1)


def test_a_wrong_number_of_masks_with_a_scene_says_that_it_needs_none(refused, pack):
    dog, cat = two_subjects(pack)
    scene = replace(dog, phrase="beach", everywhere=True)
    message = refused(masks=squares(1), subjects=[dog, cat, scene])
    assert "1 mask came for 3 subjects" in message and "background subject needs none" in message


def test_masks_and_bboxes_together_are_refused(refused):
    message = refused(masks=torch.ones(2, 8, 8), bboxes=DETECTED)
    assert "masks" in message and "bboxes" in message and "unlink one" in message


def test_a_detectors_boxes_replace_the_drawn_ones_and_find_their_subjects(lay_out, pack):
    # the drawn boxes need not be good then
    made = lay_out(boxes="", bboxes=DETECTED, picture=PICTURE, subjects=two_subjects(pack))
    assert corners(made) == [(0.5, 0, 1, 1), (0, 0.5, 0.25, 1)]
    assert made["told"]["note"] == "read as xyxy, pixels of 200 × 100"
    assert made["told"]["source"] == "bboxes"


def test_without_subjects_all_boxes_are_taken_from_left_to_right(lay_out):
    made = lay_out(bboxes=DETECTED, picture=PICTURE)
    assert corners(made) == [(0, 0.5, 0.25, 1), (0.5, 0, 1, 1)]
    assert made["told"]["names"] == ["cat", "dog"]


def test_boxes_that_no_subject_takes_are_told_and_drawn(lay_out, pack):
    more = {"bboxes": [*DETECTED["bboxes"], [60, 0, 90, 40]], "labels": ["dog", "cat", "sofa"]}
    inputs = {"picture": PICTURE, "subjects": two_subjects(pack)}
    with_more, without = lay_out(bboxes=more, **inputs), lay_out(bboxes=DETECTED, **inputs)
    assert with_more["told"]["unused"] == [pytest.approx([0.3, 0, 0.45, 0.4])]
    assert corners(with_more) == corners(without)
    assert not torch.equal(with_more["preview"], without["preview"])


def test_a_background_subject_takes_no_box(lay_out, pack):
    dog, cat = two_subjects(pack)
    scene = replace(dog, phrase="beach", everywhere=True)
    made = lay_out(bboxes=DETECTED, picture=PICTURE, subjects=[dog, scene, cat])
    assert corners(made) == [(0.5, 0, 1, 1), (0, 0, 0, 0), (0, 0.5, 0.25, 1)]
    assert made["told"]["names"] == ["dog", "beach", "cat"]


def test_names_under_another_key_find_their_subjects(lay_out, pack):
    found = [{"box": [0, 50, 50, 100], "name": "cat"}, {"box": [100, 0, 200, 100], "name": "dog"}]
    made = lay_out(bboxes=found, picture=PICTURE, subjects=two_subjects(pack))
    assert corners(made) == [(0.5, 0, 1, 1), (0, 0.5, 0.25, 1)]


def test_what_was_a_guess_or_was_not_read_is_told_and_drawn(lay_out, pack):
    named = {"bboxes": DETECTED["bboxes"], "labels": ["puppy", "kitten"]}
    inputs = {"picture": PICTURE, "subjects": two_subjects(pack)}
    guessed = lay_out(bboxes=named, **inputs)
    assert corners(guessed) == [(0, 0.5, 0.25, 1), (0.5, 0, 1, 1)]
    assert guessed["told"]["note"].endswith(
        "; by place, for no name fits: dog, cat (names: puppy, kitten)"
    )
    bare = lay_out(bboxes={"bboxes": DETECTED["bboxes"]}, **inputs)
    assert bare["told"]["note"] == "read as xyxy, pixels of 200 × 100"
    assert not torch.equal(guessed["preview"], bare["preview"])
    colours = [
        {"bbox_2d": box, "hue": n, "size": n} for box, n in zip(*named.values(), strict=True)
    ]
    told = lay_out(bboxes=colours, **inputs)["told"]
    assert "not read beside the boxes: hue, size" in told["note"]


def test_pixels_are_measured_in_the_told_size_else_in_the_picture_else_in_the_layout(lay_out):
    box = {"x": 0, "y": 0, "width": 64, "height": 32}
    assert corners(lay_out(bboxes=box)) == [(0, 0, 0.5, 0.5)]
    assert corners(lay_out(bboxes=box, picture=PICTURE)) == [pytest.approx((0, 0, 0.32, 0.32))]
    told = {"picture_width": 640, "picture_height": 320}
    assert corners(lay_out(bboxes=box, picture=PICTURE, **told)) == [
        pytest.approx((0, 0, 0.1, 0.1))
    ]


def test_bbox_format_says_what_bare_numbers_mean(lay_out):
    box = [32, 16, 64, 32]
    assert corners(lay_out(bboxes=box)) == [(0.25, 0.25, 0.5, 0.5)]
    assert "choose bbox_format" in lay_out(bboxes=box)["told"]["note"]
    assert corners(lay_out(bboxes=box, bbox_format="xywh")) == [(0.25, 0.25, 0.75, 0.75)]


def test_the_bboxes_output_gives_the_same_layout_again(lay_out, pack):
    subjects = [*two_subjects(pack), *two_subjects(pack)]
    boxes = "[[0.611, 0, 0.95, 0.3], [0.1, 0.123, 0.5, 0.456], [0.7, 0.5, 1, 1], [0.2, 0, 0.9, 1]]"
    first = lay_out(boxes=boxes, subjects=subjects)
    again = lay_out(bboxes=first["bboxes"], subjects=subjects)
    for before, after in zip(corners(first), corners(again), strict=True):
        # half a pixel of 128 × 64
        assert after[::2] == pytest.approx(before[::2], abs=0.5 / 128 + 1e-6)
        assert after[1::2] == pytest.approx(before[1::2], abs=0.5 / 64 + 1e-6)
    assert again["bboxes"] == first["bboxes"]


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_a_picture_is_seen_behind_the_boxes(lay_out, channels):
    # as big as the layout, and wholly outside the boxes on its right half
    picture = torch.zeros(1, 64, 128, channels)
    picture[:, :, 96:] = 1
    inputs = {"boxes": "[[0, 0, 0.25, 1]]"}
    seen, plain = (lay_out(picture=each, **inputs)["preview"] for each in (picture, None))
    assert seen.shape == plain.shape and not torch.equal(seen, plain)
    assert seen[0, 32, 120].mean() > 0.3 > seen[0, 32, 70].mean()
    assert seen[0, 32, 120].max() < 0.9, "dimmed"


def test_a_picture_of_another_aspect_is_fitted_unless_boxes_are_shares_of_it(lay_out):
    square = torch.ones(1, 64, 64, 3)  # the layout is twice as wide as high
    drawn = lay_out(boxes="[[0.4, 0, 0.6, 1]]", picture=square)["preview"][0, 32]
    assert drawn[10].mean() < 0.3 < drawn[40].mean() and drawn[120].mean() < 0.3
    found = lay_out(bboxes="26,0,38,64", bbox_format="xyxy", picture=square)["preview"][0, 32]
    assert found[10].mean() > 0.3 and found[120].mean() > 0.3


def test_a_picture_of_any_kind_does_not_crash(lay_out):
    for picture in (
        torch.full((1, 9, 5, 3), torch.nan),
        PICTURE.half() * 9 - 4,
        PICTURE[:, :1, :1],
    ):
        preview = lay_out(picture=picture)["preview"]
        assert preview.shape == (1, 64, 128, 3) and preview.isfinite().all()
        assert preview.min() >= 0 and preview.max() <= 1


def test_the_note_is_a_line_at_the_lower_edge(lay_out):
    box = {"x": 0, "y": 0, "width": 128, "height": 20}
    noted = lay_out(bboxes=box)["preview"]
    plain = lay_out(boxes="[[0, 0, 1, 0.3125]]")["preview"]
    rows = (noted != plain).flatten(2).any(dim=2)[0]
    assert rows[32:].any() and not rows[:20].any()


@pytest.mark.parametrize(
    ("inputs", "parts"),
    [
        ({"bboxes": []}, ["bboxes: the detector found nothing"]),
        ({"bboxes": [[0, 0, 999, 64]]}, ["bboxes: box 1 [0, 0, 999, 64]", "128 × 64"]),
        ({"bboxes": "none"}, ["bboxes: 'none'", "JSON"]),
        (
            {"bboxes": DETECTED, "picture_width": 9},
            ["picture_width: 9", "picture_height 0", "both"],
        ),
        ({"bboxes": DETECTED, "picture_height": 9}, ["picture_width: 0", "picture_height 9"]),
        ({"bboxes": DETECTED, "picture_width": -9}, ["picture_width: -9"]),
        ({"bboxes": DETECTED, "bbox_format": "cxcywh"}, ["bbox_format: 'cxcywh'"]),
        ({"picture": PICTURE[0]}, ["picture: shape [100, 200, 3]"]),
        ({"picture": PICTURE[:0]}, ["picture: shape [0, 100, 200, 3]"]),
    ],
)
def test_bad_input_is_explained(inputs, parts, refused):
    message = refused(**inputs)
    assert message.startswith(parts[0]), message
    assert [part for part in parts if part not in message] == [], message


def test_too_few_boxes_name_the_phrases_that_got_none(refused, pack):
    one = {"bboxes": DETECTED["bboxes"][1:], "labels": ["cat"]}
    message = refused(bboxes=one, picture=PICTURE, subjects=two_subjects(pack))
    assert message.startswith("bboxes: 1 box came for 2 subjects, none for dog")
