"""Which detection goes to which subject."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msdiffusion_nodes.boxes.detections import Detection
from msdiffusion_nodes.boxes.matching import left_to_right, match_detections
from msdiffusion_nodes.errors import InputError
from msdiffusion_nodes.layout import Box


def at(x, label="", score=None, y=0.5):
    """A small box with its centre at x, y."""
    return Detection(Box(x - 0.01, y - 0.01, x + 0.01, y + 0.01), label, score)


def places(found, phrases):
    """The x of each subject's box, and of the unused ones."""
    match = match_detections(found, phrases)
    return [
        [round((each.box.x0 + each.box.x1) / 2, 3) for each in group]
        for group in (match.taken, match.unused)
    ]


@pytest.mark.parametrize(
    ("found", "phrases", "taken", "unused"),
    [
        # by label, wherever they are
        ([at(0.2, "cat"), at(0.8, "dog")], ["dog", "cat"], [0.8, 0.2], []),
        ([at(0.2, "Cat"), at(0.8, "DOG")], ["Dog", "cat"], [0.8, 0.2], []),
        ([at(0.2, "the cat"), at(0.8, "dogs")], ["a dog", "an cats"], [0.8, 0.2], []),
        ([at(0.2, "cat"), at(0.8, "dog")], ["a big brown dog", "cat"], [0.8, 0.2], []),
        ([at(0.2, "cat"), at(0.8, "dog on a sofa")], ["dog", "cat"], [0.8, 0.2], []),
        ([at(0.2, "猫"), at(0.8, "犬")], ["犬", "猫"], [0.8, 0.2], []),
        # whole words only
        ([at(0.2, "cathedral"), at(0.8, "cat")], ["cat"], [0.8], [0.2]),
        ([at(0.2, "hotdog"), at(0.8, "tree")], ["tree", "dog"], [0.8, 0.2], []),
        # in their order
        ([at(0.2, "house dog"), at(0.8, "dog house")], ["dog house"], [0.8], [0.2]),
        # equal beats contained
        ([at(0.2, "dog"), at(0.8, "dog house")], ["dog house", "dog"], [0.8, 0.2], []),
        ([at(0.2, "dog house", 0.9), at(0.8, "dog", 0.1)], ["dog"], [0.8], [0.2]),
        # the highest score, else the leftmost
        (
            [at(0.2, "dog", 0.5), at(0.5, "dog", 0.9), at(0.8, "dog", 0.6)],
            ["dog"],
            [0.5],
            [0.2, 0.8],
        ),
        ([at(0.8, "dog"), at(0.2, "dog"), at(0.5, "dog")], ["dog"], [0.2], [0.5, 0.8]),
        ([at(0.2, "dog"), at(0.8, "dog", 0.1)], ["dog"], [0.8], [0.2]),
        # the same phrase twice: left to right, those with the best scores
        ([at(0.8, "dog"), at(0.2, "dog")], ["dog", "dog"], [0.2, 0.8], []),
        (
            [at(0.8, "dog", 0.9), at(0.2, "dog", 0.1), at(0.5, "dog", 0.5)],
            ["dog", "dog"],
            [0.5, 0.8],
            [0.2],
        ),
        # the rest left to right
        ([at(0.8), at(0.5), at(0.2)], ["dog", "cat", "cup"], [0.2, 0.5, 0.8], []),
        ([at(0.8, "x"), at(0.5, "cat"), at(0.2, "y")], ["dog", "cat", "cup"], [0.2, 0.5, 0.8], []),
        ([at(0.5, y=0.8), at(0.5, y=0.2, label="up")], ["dog", "cat"], [0.5, 0.5], []),
        # more than subjects: the best scores, left to right
        ([at(0.2, "", 0.1), at(0.5, "", 0.5), at(0.8, "", 0.9)], ["dog", "cat"], [0.5, 0.8], [0.2]),
        ([at(0.8), at(0.5), at(0.2)], ["dog"], [0.2], [0.5, 0.8]),
        (
            [at(0.2, "dog", 0.9), at(0.5, "sofa", 0.8), at(0.8, "cat", 0.1)],
            ["cat"],
            [0.8],
            [0.2, 0.5],
        ),
        # a subject with one candidate keeps it
        (
            [at(0.2, "small brown dog", 0.9), at(0.8, "puppy dog", 0.1)],
            ["dog", "brown dog"],
            [0.8, 0.2],
            [],
        ),
    ],
)
def test_who_gets_what(found, phrases, taken, unused):
    assert places(found, phrases) == [taken, unused]


def test_the_upper_one_comes_first_where_two_are_above_each_other():
    low, high = at(0.5, "low", y=0.8), at(0.5, "high", y=0.2)
    assert match_detections([low, high], ["dog", "cat"]).taken == (high, low)
    assert left_to_right([low, at(0.4), high]) == (at(0.4), high, low)


def test_too_few_detections_name_the_counts_and_who_got_none():
    with pytest.raises(InputError) as caught:
        match_detections([at(0.2, "cat"), at(0.8, "cup")], ["dog", "cat", "cup", "tree"])
    message = str(caught.value)
    assert "2 boxes" in message and "4 subjects" in message and "dog, tree" in message
    assert "cat" not in message and "cup" not in message


def test_equal_detections_are_all_used():
    assert match_detections([at(0.5, "dog")] * 3, ["dog", "dog"]).unused == (at(0.5, "dog"),)


WORD = st.sampled_from(
    ["dog", "Dogs", "a dog", "brown dog", "cat", "", "the", "!", "犬", "s", "ss"]
)
DETECTION = st.builds(at, st.floats(0.05, 0.95), WORD, st.none() | st.floats(-1, 1))


@given(st.lists(DETECTION, max_size=6), st.lists(WORD, max_size=6))
def test_every_subject_gets_one_and_nothing_is_lost(found, phrases):
    if len(found) < len(phrases):
        with pytest.raises(InputError, match=f"{len(found)} box"):
            match_detections(found, phrases)
        return
    match = match_detections(found, phrases)
    assert len(match.taken) == len(phrases)
    key = repr
    assert sorted(match.taken + match.unused, key=key) == sorted(found, key=key)
    assert match.unused == left_to_right(match.unused)
