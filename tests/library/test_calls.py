"""Which rows of a call are the positive prompt's; the module needs no ComfyUI."""

import pytest

from msdiffusion_nodes.comfy.calls import Call, Condition, bare_call
from msdiffusion_nodes.errors import InputError
from msdiffusion_nodes.layout import Box

SIZE = (8, 12)
P, Q = (Condition(name, True, SIZE) for name in "pq")
N, E = (Condition(name, False, SIZE) for name in "ne")
LEFT = Condition("left", True, SIZE, Box(0, 0, 0.5, 1))


def chunks(conditions, kinds, pictures, rows, now=None, texts=None):
    call = Call(conditions, kinds, pictures)
    made = call.chunks(rows, rows if texts is None else texts, kinds if now is None else now)
    assert all(chunk.pictures == pictures for chunk in made)
    return [(chunk.condition.name, *chunk.rows[:: len(chunk.rows) - 1 or 1]) for chunk in made]


@pytest.mark.parametrize(
    ("conditions", "kinds", "pictures", "rows", "expected"),
    [
        # conditions in the order of the batch; expected: first and last row of each positive one
        ([P], [0], 2, 2, [("p", 0, 1)]),
        ([P, N], [0, 1], 2, 4, [("p", 0, 1)]),
        ([N, P], [1, 0], 2, 4, [("p", 2, 3)]),
        ([N, P, Q], [1, 0, 0], 2, 6, [("p", 2, 3), ("q", 4, 5)]),
        ([P, N, E], [0, 1, 2], 2, 6, [("p", 0, 1)]),  # PerpNeg
        ([N, E, P], [0, 1, 2], 2, 6, [("p", 4, 5)]),  # DualCFG: the positive prompt is number 2
        ([LEFT, P, N], [0, 0, 1], 2, 6, [("left", 0, 1), ("p", 2, 3)]),
        ([P, P, N], [0, 0, 1], 2, 6, [("p", 0, 1), ("p", 2, 3)]),  # announced twice
        ([N], [0], 2, 2, []),  # a negative one alone, whatever its number
    ],
)
def test_positive_rows_are_those_of_the_positive_conditions(
    conditions, kinds, pictures, rows, expected
):
    assert chunks(conditions, kinds, pictures, rows) == expected


@pytest.mark.parametrize(
    ("conditions", "kinds", "pictures", "rows", "expected"),
    [
        ([P], [0], 2, 4, [("p", 0, 3)]),
        ([P, N], [0, 1], 2, 8, [("p", 0, 5)]),
        ([N, P], [1, 0], 2, 8, [("p", 2, 7)]),
        ([P, Q, N], [0, 0, 1], 2, 10, [("p", 0, 3), ("q", 4, 7)]),
        ([P, N, Q], [0, 1, 0], 2, 10, [("p", 0, 3), ("q", 6, 9)]),
    ],
)
def test_attention_couple_repeats_the_pictures_of_positive_conditions_alone(
    conditions, kinds, pictures, rows, expected
):
    assert chunks(conditions, kinds, pictures, rows) == expected
    plain = len(conditions) * pictures
    positive = sum(condition.positive for condition in conditions)
    copies = 1 + (rows - plain) // (positive * pictures)
    made = Call(conditions, kinds, pictures).chunks(rows, rows, kinds)
    assert [chunk.copies for chunk in made] == [copies] * positive


@pytest.mark.parametrize(
    ("conditions", "kinds", "now", "rows", "expected"),
    [
        ([P, N], [0, 1], [0, 0, 0, 1], 8, [("p", 0, 5)]),
        ([N, P], [1, 0], [1, 0, 0], 6, [("p", 2, 5)]),
        ([P, N], [0, 1], [0, 1, 1], 6, [("p", 0, 1)]),
        ([N, E, P], [1, 1, 0], [1, 1, 0, 0], 8, [("p", 4, 7)]),
        ([P, Q, N], [0, 0, 1], [0, 0, 0, 0, 1], 10, [("p", 0, 3), ("q", 4, 7)]),
        # parts of the picture that come as often as they were announced
        ([LEFT, P, N], [0, 0, 1], [0, 0, 1, 1], 8, [("left", 0, 1), ("p", 2, 3)]),
    ],
)
def test_regional_prompts_put_in_entries_beside_those_of_their_kind(
    conditions, kinds, now, rows, expected
):
    assert chunks(conditions, kinds, 2, rows, now) == expected


@pytest.mark.parametrize(
    ("conditions", "kinds", "rows", "now", "texts", "said"),
    [
        ([P, N], [0, 1], 4, None, 5, "5 rows for 4 rows of the picture.*NAG"),
        ([P, N], [0, 1], 5, None, None, "5 rows came for 2 conditions of 2 pictures.*couple"),
        ([P, N], [0, 1], 2, None, None, "2 rows came for 2 conditions of 2 pictures.*couple"),
        # which of them are repeated is told by the number: it must agree with the prompt
        ([P, N, E], [0, 1, 2], 8, None, None, "8 rows came for 3 conditions"),
        ([N, P], [0, 1], 6, None, None, "6 rows came for 2 conditions"),
        ([P, E], [0, 2], 6, None, None, "6 rows came for 2 conditions"),
        ([P, N], [0, 1], 4, [0, 5], None, r"from \[0, 1\] to \[0, 5\].*couple"),
        ([P, N], [0, 1], 4, [1, 0], None, r"from \[0, 1\] to \[1, 0\]"),
        ([P, N], [0, 1], 6, [0, 1, 0], None, r"to \[0, 1, 0\]"),
        ([P, N], [0, 1], 4, [0], None, r"from \[0, 1\] to \[0\]"),
        ([P, Q, N], [0, 0, 1], 4, [0, 1], None, r"to \[0, 1\]"),
        ([P, Q, N], [0, 0, 1], 8, [0, 0, 0, 1], None, r"to \[0, 0, 0, 1\]"),
        # which of two different ones was repeated, nobody can tell
        ([LEFT, P, N], [0, 0, 1], 10, [0, 0, 0, 0, 1], None, "whose the rows are"),
        ([P, N], [0, 0], 8, [0, 0, 0, 0], None, "whose the rows are"),
    ],
)
def test_rows_that_do_not_tell_whose_they_are_are_refused(
    conditions, kinds, rows, now, texts, said
):
    with pytest.raises(InputError, match=f"^model: another node .*{said}"):
        chunks(conditions, kinds, 2, rows, now, texts)


def test_without_a_positive_condition_any_rows_will_do():
    assert chunks([N, E], [0, 1], 2, 7, [4, 4, 4], texts=9) == []


def test_rows_are_sorted_out_once_for_each_form_of_a_call():
    call = Call([P, N], [0, 1], 2)
    first = call.chunks(4, 4, [0, 1])
    assert call.chunks(4, 4, (0, 1)) is first
    assert call.chunks(6, 6, [0, 1])[0].copies == 2
    assert call.chunks(6, 6, [0, 0, 1])[0].copies == 2
    assert call.chunks(6, 6, [0, 1, 1])[0].copies == 1
    assert call.chunks(4, 4, [0, 1]) is first
    assert Call([P, N], [0, 1], 2).chunks(4, 4, [0, 1]) is not first
    with pytest.raises(InputError, match="NAG"):
        call.chunks(4, 5, [0, 1])


@pytest.mark.parametrize(
    ("came", "said"),
    [
        ((4, 8, 12), None),
        ((3, 8, 12), "3 rows came for 2 conditions of 2 pictures.*Crop Layout"),
        ((8, 8, 12), "8 rows came"),
        ((4, 8, 8), "8×8 cells .* of a latent of 8×12 .*Crop Layout"),
        ((4, 4, 12), "4×12 cells"),
        ((4, 12, 8), "12×8 cells"),
    ],
)
def test_the_unet_must_get_what_was_announced(came, said):
    call = Call([P, N], [0, 1], 2)
    assert (call.size, call.batch) == (SIZE, 4)
    assert Call([P], [0], 2).size == SIZE
    if said is None:
        call.check_input(*came)
        return
    with pytest.raises(InputError, match=f"^model: another node .*{said}"):
        call.check_input(*came)


def options(rows, kinds, **more):
    return {"cond_or_uncond": kinds, "activations_shape": [rows, 320, *SIZE], **more}


def test_a_bare_unet_takes_the_positive_condition_by_its_number():
    call = bare_call(options(6, [1, 0, 2], uuids=["b", "a", "c"]))
    assert [condition.name for condition in call.conditions] == ["b", "a", "c"]
    assert [condition.positive for condition in call.conditions] == [False, True, False]
    assert {(condition.size, condition.window) for condition in call.conditions} == {(SIZE, None)}
    assert (call.kinds, call.pictures, call.which) == ((1, 0, 2), 2, None)
    unnamed = bare_call(options(1, [0]))
    assert [condition.name for condition in unnamed.conditions] == [0]
    assert unnamed.replaced == {} and unnamed.replaced is not call.replaced


@pytest.mark.parametrize(("rows", "kinds"), [(3, [0, 1]), (1, [0, 1]), (0, [0])])
def test_a_bare_unet_refuses_rows_that_do_not_divide(rows, kinds):
    with pytest.raises(InputError, match=f"^model: {rows} rows came for {len(kinds)} conditions"):
        bare_call(options(rows, kinds))
