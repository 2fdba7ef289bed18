"""The multi-subject attention, against the oracle's slow loops."""

import numpy as np
import oracle
import pytest
import torch
from attention_cases import (
    EMPTY,
    LEFT,
    MIDDLE,
    RIGHT,
    WHOLE,
    Case,
    box_case,
    boxes,
    cases,
    grids,
    layout_of,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from msdiffusion_nodes.method.attention import add_image_attention, coverage_groups


@settings(max_examples=100, derandomize=True, deadline=None, database=None)
@given(cases())
def test_attention_is_the_oracles(case):
    np.testing.assert_allclose(case.computed().numpy(), case.expected(), atol=1e-5, rtol=1e-5)


@settings(max_examples=30, derandomize=True, deadline=None, database=None)
@given(cases())
def test_cells_outside_all_boxes_stay_bit_for_bit(case):
    outside = ~case.masks.any(axis=0).reshape(-1)
    before = torch.from_numpy(case.out).float()
    assert torch.equal(case.computed()[:, outside], before[:, outside])


def test_no_area_at_all_changes_nothing():
    case = box_case([EMPTY, EMPTY])
    assert torch.equal(case.computed(), torch.from_numpy(case.out).float())


def test_one_whole_canvas_box_is_plain_attention():
    case = box_case([WHOLE], height=5, width=7, batch=2)
    query, key, value = (
        torch.from_numpy(t).unflatten(-1, (2, 4)).transpose(-3, -2)  # (…, heads, n, dim)
        for t in (case.query, case.keys[0], case.values[0])
    )
    plain = torch.nn.functional.scaled_dot_product_attention(
        query, key.expand(2, -1, -1, -1), value.expand(2, -1, -1, -1)
    )
    expected = torch.from_numpy(case.out) + plain.transpose(1, 2).flatten(2)
    torch.testing.assert_close(case.computed().double(), expected, atol=1e-5, rtol=1e-5)


def test_two_whole_canvas_boxes_are_one_joint_softmax():
    two = box_case([WHOLE, WHOLE], counts=[2, 5])
    one = box_case([WHOLE], counts=[7])
    one.out, one.query = two.out, two.query
    one.keys = [np.concatenate(two.keys)]
    one.values = [np.concatenate(two.values)]
    torch.testing.assert_close(two.computed(), one.computed(), atol=1e-6, rtol=1e-6)
    np.testing.assert_allclose(two.computed().numpy(), one.expected(), atol=1e-5)


def test_a_joint_softmax_is_not_a_sum_of_two():
    both = box_case([MIDDLE, MIDDLE])
    alone = []
    for subject in range(2):
        part = box_case([MIDDLE, MIDDLE])
        part.masks[1 - subject] = False
        alone.append(part.computed().numpy() - both.out)
    inside = both.masks[0].reshape(-1)
    gap = np.abs(both.computed().numpy() - both.out - sum(alone))[:, inside]
    assert gap.max() > 0.1


def test_an_empty_box_is_as_if_the_subject_were_not_there():
    case = box_case([LEFT, EMPTY, MIDDLE], counts=[2, 4, 3], weights=[0.6, 0.7, 0.9])
    without = Case(**vars(case))
    without.keys = [case.keys[0], case.keys[2]]
    without.values = [case.values[0], case.values[2]]
    without.weights = [0.6, 0.9]
    without.masks = case.masks[[0, 2]]
    torch.testing.assert_close(case.computed(), without.computed(), atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("second", [RIGHT, MIDDLE, (0.0, 0.0, 0.25, 0.25)])
def test_cells_ignore_the_tokens_of_subjects_that_do_not_cover_them(second):
    case, other = box_case([LEFT, second, EMPTY]), box_case([LEFT, second, EMPTY])
    for subject in (1, 2):
        other.keys[subject] = -3 * case.keys[subject] + 1
        other.values[subject] = 5 * case.values[subject] - 1
    covered = case.masks[1].reshape(-1)
    before, after = case.computed(), other.computed()
    assert torch.equal(before[:, ~covered], after[:, ~covered])
    assert (before[:, covered] != after[:, covered]).all()


def test_weights_scale_probabilities_after_the_softmax():
    case = box_case([WHOLE, WHOLE], weights=[0.0, 2.0])
    np.testing.assert_allclose(case.computed().numpy(), case.expected(), atol=1e-5)
    # A weight of 0 silences a subject, yet its keys still take their share of the softmax.
    alone = box_case([EMPTY, WHOLE], weights=[0.0, 2.0])
    assert np.abs(case.computed().numpy() - alone.expected()).max() > 0.1


def test_rows_of_a_batch_do_not_mix():
    case = box_case([LEFT, MIDDLE], batch=3)
    whole = case.computed()
    for row in range(3):
        single = Case(**vars(case))
        single.out, single.query = case.out[row : row + 1], case.query[row : row + 1]
        torch.testing.assert_close(whole[row : row + 1], single.computed(), atol=1e-6, rtol=1e-6)


def test_adds_in_place_to_some_rows_of_a_larger_tensor():
    case = box_case([LEFT, MIDDLE], batch=2)
    rows = torch.zeros(4, *case.out.shape[1:])
    rows[2:] = torch.from_numpy(case.out)
    query = torch.from_numpy(case.query).float()
    key, value = (
        torch.from_numpy(np.concatenate(t)).float().unflatten(-1, (2, 4)).transpose(0, 1)
        for t in (case.keys, case.values)
    )
    kept = [t.clone() for t in (query, key, value)]
    groups = coverage_groups(torch.from_numpy(case.masks), [3, 3])
    add_image_attention(rows[2:], query, key, value, groups)
    assert torch.equal(rows[:2], torch.zeros_like(rows[:2]))
    np.testing.assert_allclose(rows[2:].numpy(), case.expected(), atol=1e-5)
    assert all(map(torch.equal, (query, key, value), kept))


def test_huge_scores_stay_finite():
    case = box_case([LEFT, MIDDLE], seed=3)
    case.query = np.sign(case.query) * 500.0
    result = case.computed()
    assert result.isfinite().all()
    np.testing.assert_allclose(result.numpy(), case.expected(), atol=2e-3)


@settings(max_examples=30, derandomize=True, deadline=None, database=None)
@given(cases(max_subjects=4))
def test_float16_stays_float16(case):
    case.out, case.query = case.out * 0.3, case.query * 0.5
    case.values = [value * 0.3 for value in case.values]
    result = case.computed(torch.float16)
    assert result.dtype == torch.float16
    np.testing.assert_allclose(result.double().numpy(), case.expected(), atol=2e-3)


@settings(max_examples=30, derandomize=True, deadline=None, database=None)
@given(st.lists(boxes, min_size=1, max_size=4), grids, st.integers(0, 2**32 - 1))
def test_layout_and_attention_together(boxes, grid, seed):
    height, width = grid
    case = box_case(boxes, height, width, seed=seed)
    case.masks = layout_of(boxes).masks(height, width).numpy()
    expected = case.out + oracle.image_attention(
        case.query, case.keys, case.values, boxes, height, width, case.heads
    )
    np.testing.assert_allclose(case.computed().numpy(), expected, atol=1e-5, rtol=1e-5)
