"""How a layout says that its subjects act: the text of `options`, and what becomes of it."""

import json

import pytest
from subject_cases import subject

from msdiffusion_nodes.acting import acting
from msdiffusion_nodes.boxes.options import parse_options
from msdiffusion_nodes.errors import InputError
from msdiffusion_nodes.layout import Box, Layout, Region
from msdiffusion_nodes.region_options import RegionOptions
from msdiffusion_nodes.sweeps import sweep

ALL = {"weight": 0.8, "start_percent": 0.1, "end_percent": 0.9, "enabled": True, "everywhere": True}
LEFT, RIGHT = Box(0, 0, 0.5, 1), Box(0.5, 0, 1, 1)


def layout(*options, boxes=(LEFT, RIGHT)):
    made = Layout(tuple(Region(box) for box in boxes), 640, 480)
    return made.with_options([RegionOptions(**each) for each in options])


def options_of(made):
    return [region.options.said for region in made.regions]


@pytest.mark.parametrize("text", ["", " \n", "[]", "[{}, {}]"])
def test_where_nothing_is_said_a_layout_is_what_it_was(text):
    plain = Layout((Region(LEFT), Region(RIGHT)), 640, 480)
    assert plain.with_options(parse_options(text)) == plain


def test_values_are_read_in_the_order_of_the_boxes():
    read = parse_options(json.dumps([{}, ALL, {"weight": 1}]))
    assert [each.said for each in read] == [{}, ALL, {"weight": 1}]


@pytest.mark.parametrize(
    ("text", "came"),
    [
        ("on", "on"),
        ('[{"weight": 0.5}', "weight"),
        ("[" * 5000, "[["),
        ('{"weight": 0.5}', "weight"),
        ("null", "None"),
    ],
)
def test_a_text_that_is_no_list_shows_what_came_and_the_form_to_write(text, came):
    with pytest.raises(InputError) as caught:
        parse_options(text)
    message = str(caught.value)
    assert came in message and '[{}, {"weight": 0.8' in message and len(message) < 400


@pytest.mark.parametrize(
    ("row", "parts"),
    [
        ("0.5", ["0.5", '{"weight": 0.8}']),
        ('{"wieght": 0.5}', ["wieght", "weight, start_percent, end_percent, enabled, everywhere"]),
        ('{"weight": null}', ["weight is null"]),
        ('{"weight": "0.5"}', ["weight is '0.5'", "0 to 3"]),
        ('{"weight": true}', ["weight is True", "0 to 3"]),
        ('{"weight": 3.1}', ["weight is 3.1", "0 to 3"]),
        ('{"weight": -0.1}', ["weight is -0.1", "0 to 3"]),
        ('{"weight": NaN}', ["weight is nan", "0 to 3"]),
        ('{"weight": ' + "9" * 400 + "}", ["weight is 999", "0 to 3"]),
        ('{"start_percent": 60}', ["start_percent is 60", "from 0 to 1"]),
        ('{"start_percent": 0.6, "end_percent": 0.4}', ["0.6", "after end_percent 0.4", "swap"]),
        ('{"enabled": 0}', ["enabled is 0", "true or false"]),
        ('{"everywhere": "yes"}', ["everywhere is 'yes'", "true or false"]),
    ],
)
def test_a_value_that_cannot_be_is_named_with_its_box(row, parts):
    with pytest.raises(InputError) as caught:
        parse_options(f"[{{}}, {row}]")
    message = str(caught.value)
    assert message.startswith("box 2: ") and len(message) < 400
    assert [part for part in parts if part not in message] == [], message


def test_options_of_a_box_that_is_not_there_are_refused_and_empty_ones_are_not():
    layout({}, {}, {})
    with pytest.raises(InputError, match="^box 3 has weight, end_percent, and there are 2 boxes"):
        layout({}, {}, {"weight": 1.0, "end_percent": 0.5})


def test_what_is_set_counts_in_place_of_the_subjects_own_and_the_rest_stays():
    own = subject("dog", weight=0.5, start_percent=0.2, enabled=False)
    told = acting([own, own], [layout({"weight": 1.0, "enabled": True}, {})])
    assert (told[0].weight, told[0].start_percent, told[0].enabled) == (1.0, 0.2, True)
    assert told[1] is own
    assert acting([own], [layout(ALL, boxes=[LEFT])])[0].everywhere


def test_a_subject_that_would_begin_after_its_end_is_named():
    late = subject("dog", start_percent=0.6)
    with pytest.raises(InputError, match=r"^box 2 \(dog\): start_percent 0.6 comes after"):
        acting([late, late], [layout({}, {"end_percent": 0.5})])


def test_layouts_of_a_batch_say_the_same():
    two = [subject("dog"), subject("cat")]
    same = layout({}, {"weight": 0.5})
    assert acting(two, [same, same])[1].weight == 0.5
    with pytest.raises(InputError, match=r"^box 2 \(cat\): picture 2 .*weight nothing, there 0.5"):
        acting(two, [same, layout()])


def test_parts_and_ways_of_a_layout_keep_its_options():
    said = ({"weight": 0.5}, {"enabled": False})
    first = layout(*said)
    assert options_of(first.tile(320, 0, 320, 480)) == list(said)
    moved = layout(*said, boxes=(RIGHT, LEFT))
    assert [options_of(each) for each in sweep(first, moved, 3).layouts] == [list(said)] * 3
    with pytest.raises(InputError, match="box 1 has another option .*weight nothing, there 0.5"):
        sweep(first, layout({}, {"enabled": False}), 3)
