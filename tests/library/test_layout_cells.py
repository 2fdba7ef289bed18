"""Which cells of a grid a box touches, against the oracle's slow loops."""

import numpy as np
import oracle
import torch
from attention_cases import EMPTY, WHOLE, boxes, edge_pairs, layout_of
from hypothesis import given, settings
from hypothesis import strategies as st


@settings(max_examples=100, derandomize=True, deadline=None, database=None)
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


def test_cells_of_a_box_worked_out_by_hand():
    assert np.flatnonzero(oracle.box_cells((0.1, 0.0, 0.34, 1.0), 1, 8)[0]).tolist() == [0, 1, 2]
    assert oracle.box_cells(EMPTY, 8, 8).sum() == 0
    assert oracle.box_cells(WHOLE, 5, 9).all()
    # A sliver inside one cell still owns it.
    assert np.argwhere(oracle.box_cells((0.51, 0.26, 0.52, 0.27), 4, 4)).tolist() == [[1, 2]]
