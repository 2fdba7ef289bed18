"""The multi-subject attention and the box masks, against the oracle's slow loops."""

from dataclasses import dataclass

import numpy as np
import oracle
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from msdiffusion_nodes.attention import add_image_attention, coverage_groups
from msdiffusion_nodes.layout import Box, Layout, Region

EMPTY = (0.0, 0.0, 0.0, 0.0)
WHOLE = (0.0, 0.0, 1.0, 1.0)
LEFT = (0.0, 0.0, 0.5, 1.0)
RIGHT = (0.5, 0.0, 1.0, 1.0)
MIDDLE = (0.25, 0.25, 0.75, 0.75)

fractions = st.integers(1, 130).flatmap(lambda n: st.integers(0, n).map(lambda k: k / n))
nice_fractions = st.sampled_from([0.0, 0.125, 0.25, 1 / 3, 0.5, 2 / 3, 0.75, 0.9, 1.0])
floats = st.floats(0, 1, width=32)


def edge_pairs(edges):
    """Two different edges of a box along one axis, the lower one first."""
    return st.tuples(edges, edges).map(sorted).filter(lambda pair: pair[0] < pair[1])


def areas(*edges):
    """Boxes (x0, y0, x1, y1) with an area; each axis draws its two edges from one of `edges`."""
    pairs = st.one_of(*(edge_pairs(edge) for edge in edges))
    return st.tuples(pairs, pairs).map(lambda xy: (xy[0][0], xy[1][0], xy[0][1], xy[1][1]))


boxes = st.one_of(areas(floats, fractions, nice_fractions), st.sampled_from([EMPTY, WHOLE]))


@dataclass
class Case:
    """One attention problem in float64. Shapes as the oracle takes them."""

    height: int
    width: int
    heads: int
    out: np.ndarray  # (batch, h·w, heads·dim), what the text attention gave
    query: np.ndarray  # (batch, h·w, heads·dim)
    keys: list[np.ndarray]  # (tokens_i, heads·dim) a subject
    values: list[np.ndarray]
    weights: list[float]
    masks: np.ndarray  # (subjects, h, w) bool

    def expected(self) -> np.ndarray:
        return self.out + oracle.masked_attention(
            self.query, self.keys, self.values, self.masks, self.heads, self.weights
        )

    def computed(self, dtype=torch.float32) -> torch.Tensor:
        """What the library makes of it: (batch, h·w, heads·dim)."""

        def by_head(tokens: list[np.ndarray]) -> torch.Tensor:  # -> (heads, tokens, dim)
            joined = torch.from_numpy(np.concatenate(tokens)).to(dtype)
            return joined.unflatten(-1, (self.heads, -1)).transpose(0, 1).contiguous()

        weighted = [v * w for v, w in zip(self.values, self.weights, strict=True)]
        groups = coverage_groups(torch.from_numpy(self.masks), [len(key) for key in self.keys])
        out = torch.from_numpy(self.out).to(dtype)  # a copy: `self.out` is float64
        query = torch.from_numpy(self.query).to(dtype)
        add_image_attention(out, query, by_head(self.keys), by_head(weighted), groups)
        return out


def make_case(seed, height, width, masks, counts, weights=None, batch=1, heads=2, dim=4) -> Case:
    """A case of normal noise."""
    rng = np.random.default_rng(seed)
    shape = (batch, height * width, heads * dim)
    return Case(
        height=height,
        width=width,
        heads=heads,
        out=rng.standard_normal(shape),
        query=rng.standard_normal(shape),
        keys=[rng.standard_normal((count, heads * dim)) for count in counts],
        values=[rng.standard_normal((count, heads * dim)) for count in counts],
        weights=[1.0] * len(counts) if weights is None else weights,
        masks=masks,
    )


def box_case(boxes, height=8, width=8, counts=None, seed=0, **sizes) -> Case:
    """A case of one box a subject, three tokens each unless told."""
    masks = np.stack([oracle.box_cells(box, height, width) for box in boxes])
    counts = [3] * len(boxes) if counts is None else counts
    return make_case(seed, height, width, masks, counts, **sizes)


sides = st.integers(1, 12)
grids = st.one_of(
    sides.map(lambda side: (side, side)),
    sides.map(lambda side: (1, side)),
    sides.map(lambda side: (side, 1)),
    st.tuples(sides, sides),
)


@st.composite
def cases(draw, max_subjects=8) -> Case:
    """Problems of any grid, with regions from boxes or, now and then, of any shape."""
    height, width = draw(grids)
    subjects = draw(st.integers(1, max_subjects))
    seed = draw(st.integers(0, 2**32 - 1))
    if draw(st.integers(0, 3)):
        drawn = draw(st.lists(boxes, min_size=subjects, max_size=subjects))
        masks = np.stack([oracle.box_cells(box, height, width) for box in drawn])
    else:
        masks = np.random.default_rng(seed + 1).random((subjects, height, width)) < 0.5
    return make_case(
        seed,
        height,
        width,
        masks,
        counts=draw(st.lists(st.integers(1, 5), min_size=subjects, max_size=subjects)),
        weights=draw(st.lists(st.floats(0, 2), min_size=subjects, max_size=subjects)),
        batch=draw(st.integers(1, 3)),
        heads=draw(st.integers(1, 4)),
        dim=draw(st.integers(1, 8)),
    )


@settings(max_examples=300, derandomize=True, deadline=None, database=None)
@given(cases())
def test_attention_is_the_oracles(case):
    np.testing.assert_allclose(case.computed().numpy(), case.expected(), atol=1e-5, rtol=1e-5)


@settings(max_examples=60, derandomize=True, deadline=None, database=None)
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


@settings(max_examples=50, derandomize=True, deadline=None, database=None)
@given(cases(max_subjects=4))
def test_float16_stays_float16(case):
    case.out, case.query = case.out * 0.3, case.query * 0.5
    case.values = [value * 0.3 for value in case.values]
    result = case.computed(torch.float16)
    assert result.dtype == torch.float16
    np.testing.assert_allclose(result.double().numpy(), case.expected(), atol=2e-3)


def layout_of(boxes) -> Layout:
    return Layout(regions=tuple(Region(Box(*box)) for box in boxes), width=1024, height=1024)


@settings(max_examples=300, derandomize=True, deadline=None, database=None)
@given(st.lists(boxes, min_size=1, max_size=4), st.integers(1, 130), st.integers(1, 130))
def test_layout_masks_are_the_oracles_cells(boxes, height, width):
    masks = layout_of(boxes).masks(height, width)
    assert masks.dtype == torch.bool
    assert masks.shape == (len(boxes), height, width)
    for mask, box in zip(masks.numpy(), boxes, strict=True):
        np.testing.assert_array_equal(mask, oracle.box_cells(box, height, width), err_msg=str(box))


@settings(max_examples=100, derandomize=True, deadline=None, database=None)
@given(st.integers(1, 130), st.integers(1, 130), st.data())
def test_layout_masks_on_boxes_drawn_along_the_grid(height, width, data):
    """Edges k/width and k/height: a rounded product may fall on either side of a cell's edge."""
    x0, x1 = data.draw(edge_pairs(st.integers(0, width)))
    y0, y1 = data.draw(edge_pairs(st.integers(0, height)))
    box = (x0 / width, y0 / height, x1 / width, y1 / height)
    mask = layout_of([box]).masks(height, width)[0].numpy()
    np.testing.assert_array_equal(mask, oracle.box_cells(box, height, width), err_msg=str(box))


@settings(max_examples=60, derandomize=True, deadline=None, database=None)
@given(st.lists(boxes, min_size=1, max_size=4), grids, st.integers(0, 2**32 - 1))
def test_layout_and_attention_together(boxes, grid, seed):
    height, width = grid
    case = box_case(boxes, height, width, seed=seed)
    case.masks = layout_of(boxes).masks(height, width).numpy()
    expected = case.out + oracle.image_attention(
        case.query, case.keys, case.values, boxes, height, width, case.heads
    )
    np.testing.assert_allclose(case.computed().numpy(), expected, atol=1e-5, rtol=1e-5)


def test_cells_of_a_box_worked_out_by_hand():
    assert np.flatnonzero(oracle.box_cells((0.1, 0.0, 0.34, 1.0), 1, 8)[0]).tolist() == [0, 1, 2]
    assert oracle.box_cells(EMPTY, 8, 8).sum() == 0
    assert oracle.box_cells(WHOLE, 5, 9).all()
    # A sliver inside one cell still owns it.
    assert np.argwhere(oracle.box_cells((0.51, 0.26, 0.52, 0.27), 4, 4)).tolist() == [[1, 2]]
