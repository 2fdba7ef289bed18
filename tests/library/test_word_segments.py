"""Words in hard boxes at strength 1: one attention for all texts, against numpy, cell by cell."""

import numpy as np
import oracle
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from msdiffusion_nodes.method.areas import FoundAreas, KnownAreas
from msdiffusion_nodes.method.attention import Overlap
from msdiffusion_nodes.method.word_segments import SIZES, put_segments

HEADS, DIM, GRID, ROWS, TOKENS = 2, 4, (16, 24), 3, 7
CELLS = GRID[0] * GRID[1]
CPU = torch.device("cpu")


def random(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


QUERY = random(ROWS, CELLS, HEADS * DIM)
KEYS, VALUES = (random(ROWS, 4, TOKENS, HEADS * DIM, seed=seed) for seed in (1, 2))


def attention(query, key, value):
    """Of torch: (rows, cells, heads·dim)."""
    parts = (x.unflatten(-1, (HEADS, DIM)).transpose(1, 2) for x in (query, key, value))
    out = torch.nn.functional.scaled_dot_product_attention(*parts)
    return out.transpose(1, 2).flatten(2)


def by_hand(texts):
    """float64 (rows, cells, heads·dim).

    Args:
        texts: (h, w), the number of the text that each cell looks at.
    """
    out = np.empty(QUERY.shape)
    query, keys, values = (x.double().numpy() for x in (QUERY, KEYS, VALUES))
    for row, cell in np.ndindex(ROWS, CELLS):
        text = texts.flat[cell]
        for head in range(HEADS):
            part = slice(head * DIM, (head + 1) * DIM)
            scores = keys[row, text][:, part] @ query[row, cell, part] / np.sqrt(DIM)
            powers = np.exp(scores - scores.max())
            out[row, cell, part] = powers / powers.sum() @ values[row, text][:, part]
    return out


def on_grid(*boxes):
    return np.stack([oracle.box_cells(np.array(box), *GRID) for box in boxes]).astype(bool)


def known(cells, overlap=Overlap.JOINT):
    coverage = torch.as_tensor(cells, dtype=torch.float32)
    return KnownAreas(coverage, [1] * len(coverage), overlap, CPU)


def put(segments, texts):
    out = torch.full_like(QUERY, torch.nan)
    keys, values = ([each[:, text] for text in texts] for each in (KEYS, VALUES))
    put_segments(out, QUERY, keys, values, segments, attention)
    return out


edges = st.tuples(st.integers(0, 23), st.integers(1, 24)).map(sorted).filter(lambda e: e[0] < e[1])


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(edges, edges), min_size=1, max_size=3))
def test_each_cell_looks_at_the_topmost_of_its_boxes(drawn):
    boxes = on_grid(*((x0 / 24, y0 / 24, x1 / 24, y1 / 24) for (x0, x1), (y0, y1) in drawn))
    texts = np.zeros(GRID, int)
    for number, cells in enumerate(boxes, 1):
        texts[cells] = number
    numbers = list(range(len(boxes)))
    segments = known(boxes, Overlap.TOPMOST).segments(numbers, 1.0)
    assume(segments is not None)  # many small parts do not fit
    made = put(segments, [0, *(number + 1 for number in numbers)])
    assert np.allclose(made.double().numpy(), by_hand(texts), atol=1e-5)


LEFT, RIGHT, MIDDLE = (0, 0, 0.5, 1), (0.5, 0, 1, 0.7), (0.4, 0.4, 0.6, 0.6)


def test_only_boxes_with_words_are_sorted():
    boxes = on_grid(LEFT, RIGHT)
    texts = np.where(boxes[1], 2, 0)
    made = put(known(boxes).segments([1], 1.0), [0, 2])
    assert np.allclose(made.double().numpy(), by_hand(texts), atol=1e-5)


def test_outside_every_bit_is_the_main_prompts():
    boxes = on_grid(LEFT, RIGHT)
    made = put(known(boxes).segments([0, 1], 1.0), [0, 1, 2])
    main = attention(QUERY, KEYS[:, 0], VALUES[:, 0])
    outside = torch.from_numpy(~boxes.any(0).flatten())
    assert outside.any() and torch.equal(made[:, outside], main[:, outside])


def test_segments_are_full_and_each_cell_stands_in_one():
    boxes = on_grid(LEFT, MIDDLE)
    segments = known(boxes, Overlap.TOPMOST).segments([0, 1], 1.0)
    assert len(segments.cells) / sum(segments.counts) in SIZES
    assert len(segments.cells) <= 1.1 * CELLS
    assert torch.equal(segments.cells[segments.places], torch.arange(CELLS))


@pytest.mark.parametrize(
    ("boxes", "strength", "why"),
    [
        ([LEFT, MIDDLE], 1.0, "they share cells"),
        ([LEFT], 0.9, "the main prompt stays in part"),
        ([(0, 0, 0, 0)], 1.0, "no cell looks at words"),
    ],
)
def test_cells_that_look_at_several_texts_or_none_at_words_are_not_sorted(boxes, strength, why):
    numbers = list(range(len(boxes)))
    cells = np.zeros((1, *GRID)) if boxes == [(0, 0, 0, 0)] else on_grid(*boxes)
    assert known(cells).segments(numbers, strength) is None, why


def test_soft_and_found_areas_are_not_sorted():
    soft = on_grid(LEFT).astype(np.float32)
    soft[0, 0, 0] = 0.5
    assert known(soft).segments([0], 1.0) is None
    assert FoundAreas(torch.ones(1, 1, CELLS), torch.zeros(1)).segments([0], 1.0) is None


def test_a_grid_too_small_for_full_segments_is_not_sorted():
    cells = torch.zeros(2, 4, 4)
    cells[0, 0], cells[1, 3] = 1, 1
    assert KnownAreas(cells, [1, 1], Overlap.JOINT, CPU).segments([0, 1], 1.0) is None


def test_rows_that_do_not_lie_side_by_side():
    segments = known(on_grid(LEFT, RIGHT)).segments([0, 1], 1.0)
    expected, all_rows = put(segments, [0, 1, 2]), torch.zeros(2 * ROWS, *QUERY.shape[1:])
    keys, values = ([each[:, text] for text in range(3)] for each in (KEYS, VALUES))
    put_segments(all_rows[::2], QUERY, keys, values, segments, attention)
    assert torch.equal(all_rows[::2], expected) and not all_rows[1::2].any()
