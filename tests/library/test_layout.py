"""Boxes from text, and the picture that previews them."""

import json

import pytest
import torch

from msdiffusion_nodes.boxes.drawn import parse_boxes
from msdiffusion_nodes.errors import InputError
from msdiffusion_nodes.layout import Box, Layout, Region
from msdiffusion_nodes.pictures.preview import draw_layout

GOOD = "[0, 0, 0.5, 1]"
HUGE = "1" + 400 * "0"  # an int that no float can hold
READABLE = 400  # characters; a message longer than this is a dump


def message_of(text: str) -> str:
    """What the user is told about a text that holds no boxes."""
    with pytest.raises(InputError) as caught:
        parse_boxes(text)
    message = str(caught.value)
    assert type(caught.value) is InputError
    assert len(message) < READABLE
    return message


def layout_of(*boxes, width=256, height=256) -> Layout:
    return Layout(tuple(Region(Box(*box)) for box in boxes), width, height)


@pytest.mark.parametrize(
    ("text", "corners"),
    [
        ("[[0, 0, 1, 1]]", [(0, 0, 1, 1)]),
        ("[[0.25, 0.5, 0.75, 1.0]]", [(0.25, 0.5, 0.75, 1)]),
        ("[[0, 0.125, 1, 5e-1], [0.5, 0, 1, 1]]", [(0, 0.125, 1, 0.5), (0.5, 0, 1, 1)]),
        (" [ [0,0,1,1] ]\r\n", [(0, 0, 1, 1)]),
        ("[[0, 0, 0, 0], [0.0, 0.0, 0.0, 0.0]]", [(0, 0, 0, 0)] * 2),
        ("[[-0.0, 0, 1, 1]]", [(0, 0, 1, 1)]),
    ],
)
def test_ints_and_floats_become_boxes_in_their_order(text, corners):
    boxes = parse_boxes(text)
    assert [box.as_tuple() for box in boxes] == corners
    assert all(type(edge) is float for box in boxes for edge in box.as_tuple())


def test_any_number_of_subjects_may_have_a_box():
    assert len(parse_boxes(json.dumps([[0, 0, 1, 1]] * 500))) == 500


@pytest.mark.parametrize(
    ("text", "came"),
    [
        ("", ""),
        ("   ", ""),
        ("dog, cat", "dog"),
        ("0, 0, 1, 1", "0, 0, 1, 1"),
        ("[[0, 0, 1, 1]", "[[0, 0, 1, 1]"),
        ("[[0, 0, 1, 1],]", "[[0, 0, 1, 1],]"),
        ("[[0, 0, 1, 1]] [[0, 0, 1, 1]]", "[[0, 0, 1, 1]]"),
        ("[(0, 0, 1, 1)]", "(0, 0, 1, 1)"),
        ("dog " * 5000, "dog dog"),
        ('{"x0": 0}', "x0"),
        ("null", "null"),
        ("0.5", "0.5"),
        ('"[[0, 0, 1, 1]]"', "[[0, 0, 1, 1]]"),
        ("[]", "[]"),
    ],
)
def test_a_text_without_a_list_of_boxes_shows_what_came_and_the_form_to_write(text, came):
    message = message_of(text)
    assert came in message
    assert "x0, y0, x1, y1" in message


@pytest.mark.parametrize(
    "row",
    [
        "[]",
        "[0, 0, 1]",
        "[0, 0, 1, 1, 1]",
        '["0", "0", "1", "1"]',
        '[0, 0, 1, "wide"]',
        "[false, false, true, true]",
        "[0, 0, 1, null]",
        "[0, 0, 1, [1]]",
        '{"x0": 0, "y0": 0, "x1": 1, "y1": 1}',
        "0.5",
        '"0, 0, 1, 1"',
        "null",
    ],
)
def test_a_box_that_is_not_four_numbers_is_named_and_shown(row):
    message = message_of(f"[{GOOD}, {row}]")
    assert message.startswith("box 2")
    assert json.dumps(json.loads(row)) in message
    assert "four numbers x0, y0, x1, y1" in message


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("[0.75, 0.125, 0.25, 0.5]", "x0 must be less than x1"),
        ("[0.125, 0.75, 0.5, 0.25]", "y0 less than y1"),
        ("[0.5, 0.125, 0.5, 0.75]", "x0 must be less than x1"),
        ("[0.125, 0.5, 0.75, 0.5]", "y0 less than y1"),
        ("[1.0, 1.0, 1.0, 1.0]", "four zeros"),
        ("[0.0, 0.0, 1.0, 0.0]", "four zeros"),
        ("[0.0, 0.5, 1.0001, 1.0]", "from 0 to 1"),
        ("[-0.0001, 0.0, 1.0, 1.0]", "from 0 to 1"),
        ("[0.0, 0.0, 1.0, 1.0000001]", "from 0 to 1"),
        ("[0.0, -5e-324, 1.0, 1.0]", "from 0 to 1"),
        ("[128.0, 128.0, 512.0, 1024.0]", "pixels"),
        ("[NaN, 0.0, 1.0, 1.0]", "finite"),
        ("[0.0, 0.0, Infinity, 1.0]", "finite"),
        ("[-Infinity, 0.0, 1.0, 1.0]", "finite"),
        ("[0.0, 0.0, 1e999, 1.0]", "finite"),
    ],
)
def test_a_box_that_is_no_area_of_the_picture_is_named_and_shown(row, expected):
    message = message_of(f"[{GOOD}, {GOOD}, {row}, [9, 9, 9, 9]]")
    assert message.startswith("box 3")
    assert str([float(edge) for edge in row.strip("[]").split(",")]) in message
    assert expected in message


@pytest.mark.parametrize("sign", ["", "-"])
def test_a_number_too_large_for_a_float_is_named_and_shown_shortened(sign):
    message = message_of(f"[{GOOD}, [0, 0, {sign}{HUGE}, 1]]")
    assert message.startswith("box 2")
    assert f"{sign}1000" in message
    assert HUGE not in message


def test_a_number_of_thousands_of_digits_does_not_hang():
    message_of(f"[[0, 0, {'9' * 1_000_000}, 1]]")


def test_what_came_is_shown_up_to_sixty_characters():
    # the quotes of the text count, too
    assert f'{"x" * 58}" came' in message_of(json.dumps("x" * 58))
    assert f'"{"x" * 59}… came' in message_of(json.dumps("x" * 59))


@pytest.mark.parametrize("opening, closing", [("[", "]"), ('{"a":', "}")])
def test_deeply_nested_text_is_an_error_at_any_depth(opening, closing):
    # every depth near Python's own limit: reading may succeed where showing the value fails
    for depth in [*range(2, 1100), 5_000, 50_000, 200_000]:
        message_of(f"[{opening * depth}1{closing * depth}]")
        message_of(f"[{opening * depth}")


@pytest.mark.parametrize("boxes", [[(0, 0, 1, 1)], [(0, 0, 0, 0), (0, 0, 1, 1)], [(0, 0, 0.5, 1)]])
def test_the_boxes_that_ground_the_subjects_are_float32_for_ints_too(boxes):
    grounding = layout_of(*boxes).boxes()
    assert grounding.dtype == torch.float32
    assert grounding.tolist() == [list(box) for box in boxes]


@pytest.mark.parametrize("width, height", [(64, 64), (256, 256), (832, 1216), (1536, 64)])
def test_the_preview_is_an_image_of_the_layouts_own_size(width, height):
    layout = layout_of((0, 0.25, 0.5, 0.75), (0.5, 0.25, 1, 0.75), width=width, height=height)
    image = draw_layout(layout, ["dog", "cat"])
    assert image.shape == (1, height, width, 3)
    assert image.dtype == torch.float32
    assert image.min() >= 0 and image.max() <= 1
    assert image.device.type == "cpu"


def test_the_preview_colours_the_inside_of_a_box_only():
    image = draw_layout(layout_of((0.25, 0.5, 0.75, 1)))[0]
    background = draw_layout(layout_of((0, 0, 0, 0)))[0]
    assert (background == background[0, 0]).all()
    changed = (image != background).any(dim=-1)
    assert changed[192:, 64:192].all()  # below the label
    changed[128:, 64:192] = False
    assert not changed.any()


def test_the_preview_tells_the_boxes_of_two_subjects_apart():
    image = draw_layout(layout_of((0, 0, 0.5, 1), (0.5, 0, 1, 1)))[0]
    assert not torch.equal(image[200, 64], image[200, 192])


def test_the_preview_shows_the_name_of_a_subject():
    layout = layout_of((0, 0, 1, 1))
    plain, named = draw_layout(layout), draw_layout(layout, ["dog"])
    assert not torch.equal(plain, named)
    assert not torch.equal(named, draw_layout(layout, ["cat"]))


@pytest.mark.parametrize(
    "box",
    [
        (0, 0, 1, 1),
        (0, 0, 1 / 256, 1),
        (255 / 256, 0, 1, 1),
        (0, 0, 1, 1 / 256),
        (0, 255 / 256, 1, 1),
        (0.5, 0.5, 0.5 + 1 / 256, 0.5 + 1 / 256),
        (255 / 256, 255 / 256, 1, 1),
        (0.999, 0.999, 1, 1),
    ],
)
def test_thin_and_full_boxes_are_drawn(box):
    image = draw_layout(layout_of(box), ["dog"])
    assert (image != draw_layout(layout_of((0, 0, 0, 0)))).any()


@pytest.mark.parametrize(
    "box", [(0.999999999, 0, 1, 1), (0.5, 0, 0.5000000001, 1), (0, 0.5, 1, 0.5000000001)]
)
def test_a_box_thinner_than_float32_can_tell_does_not_crash_the_preview(box):
    assert draw_layout(layout_of(box), ["dog"]).isfinite().all()


def test_many_subjects_and_more_or_fewer_names_than_boxes():
    boxes = [(n / 50, 0, (n + 1) / 50, 1) for n in range(50)]
    names = [f"subject {n}" for n in range(60)]
    for count in (0, 1, 50, 60):
        assert draw_layout(layout_of(*boxes), names[:count]).shape == (1, 256, 256, 3)


@pytest.mark.parametrize("name", ["", "犬と猫", "собака", "كلب", "🐕‍🦺", "a\nb", "dog " * 500])
def test_names_in_any_script_and_length_can_be_drawn(name):
    image = draw_layout(layout_of((0.5, 0.5, 1, 1), width=128, height=64), [name])
    assert image.shape == (1, 64, 128, 3)


def test_a_picture_of_another_aspect_is_fitted_or_fills_the_layout():
    picture = torch.ones(1, 32, 64, 3)  # twice as wide as high, in a square
    nothing = layout_of((0, 0, 0, 0))
    plain = draw_layout(nothing)[0]
    filled = draw_layout(nothing, (), picture)[0]
    assert (filled != plain).any(-1).all()
    fitted = draw_layout(nothing, (), picture, fitted=True)[0]
    rows = (fitted != plain).any(-1).all(1)
    height = len(rows)
    expected = [height // 4 <= row < 3 * height // 4 for row in range(height)]
    assert rows.tolist() == expected
    assert torch.equal(draw_layout(nothing, (), torch.ones(1, 64, 64, 3), fitted=True)[0], filled)
