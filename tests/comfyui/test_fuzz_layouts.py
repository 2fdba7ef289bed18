"""Boxes down to the last bit, layouts that do not fit, and sizes that only a link gives."""

import json

import torch
from fuzz import cases, mostly, texts, whole_numbers
from hypothesis import given
from hypothesis import strategies as st

edges = st.sampled_from([0.0, 5e-324, 1e-9, 0.5, 1 - 2**-53, 1.0]) | st.floats(0, 1)
sorted_edges = st.tuples(edges, edges).map(sorted)
pairs = sorted_edges.filter(lambda pair: pair[0] < pair[1])
boxes = st.tuples(pairs, pairs).map(lambda two: [two[0][0], two[1][0], two[0][1], two[1][1]])
odd_boxes = st.lists(edges, min_size=4, max_size=4)
few = st.integers(1, 3)
lengths = st.integers(64, 130)
sides = mostly(lengths, st.sampled_from([63, 0, -1, 16385, 2**40]))
places = mostly(st.integers(0, 50), st.integers(0, 130) | whole_numbers)
tiles = mostly(st.integers(8, 40), st.integers(1, 130) | whole_numbers)


@st.composite
def layouts(draw, fuzzed, subjects=few):
    """What Layout Boxes or Batch Layouts may give: of boxes or masks, any number of subjects."""
    count = draw(subjects)
    inputs = {"width": draw(lengths), "height": draw(lengths)}
    if draw(st.integers(0, 4)) == 0:
        inputs["masks"] = torch.rand(count, *draw(st.tuples(*[st.integers(1, 3)] * 2)))
    drawn = draw(st.lists(boxes, min_size=count, max_size=count))
    made = fuzzed("LayoutBoxes", boxes=json.dumps(drawn), **inputs)
    made = made or fuzzed.run("LayoutBoxes", boxes="[[0, 0, 0, 0], [0, 0, 1, 1]]", **inputs)
    if draw(st.integers(0, 5)) == 0:
        other = draw(layouts(fuzzed, st.just(count)))
        return fuzzed("BatchLayouts", layout_1=made[0], layout_2=other)[0]
    return made[0]


def test_any_boxes_and_any_size(fuzzed):
    @cases(150)
    @given(st.lists(boxes, max_size=4) | st.lists(odd_boxes, max_size=2), sides, sides)
    def sent(drawn, width, height):
        text = json.dumps(drawn)
        made = fuzzed("LayoutBoxes", boxes=text, width=width, height=height)
        if made is not None:
            assert made[2].shape == (len(drawn), height, width)
            sized = [
                (box["x"] + box["width"] <= width) & (box["y"] + box["height"] <= height)
                for box in made[5][0]
            ]
            assert all(sized)

    with fuzzed.accepting("LayoutBoxes", 0.2):
        sent()


def test_a_layout_whose_masks_need_more_memory_than_there_is(fuzzed):
    text = json.dumps([[0, 0, 1, 1]] * 1000)
    assert fuzzed("LayoutBoxes", ("boxes",), boxes=text, width=16384, height=16384) is None


def test_any_labels_of_a_detector_are_drawn(fuzzed):
    labels = st.lists(texts, min_size=1, max_size=3)

    @cases(60)
    @given(labels, lengths, st.booleans())
    def sent(labels, width, as_text):
        found = [{"bbox_2d": [0, 0, 1, 1], "label": label} for label in labels]
        bboxes = json.dumps(found) if as_text else found
        made = fuzzed("LayoutBoxes", ("bboxes",), bboxes=bboxes, width=width)
        assert made and len(made[5][0]) == len(labels)

    sent()


def test_any_two_layouts_are_swept_or_explained(fuzzed):
    pictures = mostly(st.integers(2, 6), st.sampled_from([-1, 0, 1, 64, 65, 2**40]))
    alike = few.flatmap(lambda count: st.tuples(*[layouts(fuzzed, st.just(count))] * 2))

    @cases(100)
    @given(mostly(alike, st.tuples(layouts(fuzzed), layouts(fuzzed))), pictures)
    def sent(ends, pictures):
        first, last = ends
        made = fuzzed("SweepLayout", first=first, last=last, pictures=pictures)
        if made is not None:
            assert len(made[0].layouts) == pictures
            for end, given_end in ((made[0].layouts[0], first), (made[0].layouts[-1], last)):
                assert torch.allclose(end.boxes(), given_end.boxes(), atol=1e-6)

    with fuzzed.accepting("SweepLayout", 0.2):
        sent()


def test_any_tile_of_any_layout(fuzzed):
    @cases(150)
    @given(layouts(fuzzed), places, places, tiles, tiles, st.booleans())
    def sent(layout, x, y, width, height, again):
        tile = {"x": x, "y": y, "width": width, "height": height}
        made = fuzzed("CropLayout", layout=layout, **tile)
        if made is not None:
            for each in getattr(made[0], "layouts", made):
                assert (each.width, each.height) == (width, height)
            if again:
                assert fuzzed("CropLayout", layout=made[0], x=0, y=0, width=8, height=8)

    with fuzzed.accepting("CropLayout", 0.2):
        sent()


def test_any_layouts_are_joined_in_the_order_of_their_sockets(fuzzed):
    names = [f"layout_{number}" for number in range(1, 9)]

    @cases(40)
    @given(st.dictionaries(st.sampled_from(names + ["layout_9", ""]), layouts(fuzzed)))
    def sent(sockets):
        made = fuzzed("BatchLayouts", **sockets)
        if made is not None:
            first = fuzzed.inputs["BatchLayouts"] | sockets
            expected = [
                one
                for name in names
                if name in first
                for one in getattr(first[name], "layouts", [first[name]])
            ]
            assert list(made[0].layouts) == expected

    with fuzzed.accepting("BatchLayouts", 0.3):
        sent()
