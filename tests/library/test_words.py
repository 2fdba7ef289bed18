"""Words in boxes at one site, against a slow version in numpy, cell by cell."""

import numpy as np
import oracle
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from msdiffusion_nodes.layout import Box, Layout, Region
from msdiffusion_nodes.method.areas import FoundAreas, KnownAreas
from msdiffusion_nodes.method.attention import Overlap, stack_overlap
from msdiffusion_nodes.method.schedule import Times
from msdiffusion_nodes.method.words import BoxPrompts, fit_words, put_words

HEADS, DIM, GRID, ROWS = 2, 4, (5, 7), 3
CELLS = GRID[0] * GRID[1]
CPU = torch.device("cpu")
TEXTS = [(4, 1), (7, 2), (3, 3)]  # tokens and seed of each box's words


def random(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


QUERY, MAIN = random(ROWS, CELLS, HEADS * DIM), random(ROWS, CELLS, HEADS * DIM, seed=9)
KEYS = [random(length, HEADS * DIM, seed=seed) for length, seed in TEXTS]
VALUES = [random(length, HEADS * DIM, seed=seed + 10) for length, seed in TEXTS]


def attention(query, box):
    """Of torch: (rows, cells, heads·dim)."""
    q, k, v = (
        x.unflatten(-1, (HEADS, DIM)).transpose(-2, -3) for x in (query, KEYS[box], VALUES[box])
    )
    rows = (k.expand(len(query), -1, -1, -1), v.expand(len(query), -1, -1, -1))
    out = torch.nn.functional.scaled_dot_product_attention(q, *rows)
    return out.transpose(1, 2).flatten(2)


def by_hand(shares, boxes, strength):
    """float64; each box's words see the main prompt's attention as it was.

    Args:
        shares: (all boxes, rows or 1, cells), what is left of each after overlaps.
    """
    main, query = MAIN.double().numpy(), QUERY.double().numpy()
    out = main.copy()
    for row in range(ROWS):
        for cell in range(CELLS):
            own = {box: float(shares[box][row % len(shares[box])][cell]) for box in boxes}
            total = max(sum(own.values()), 1.0)
            for box, share in own.items():
                if share == 0:
                    continue
                words = np.empty(HEADS * DIM)
                for head in range(HEADS):
                    part = slice(head * DIM, (head + 1) * DIM)
                    k, v = (x[box].double().numpy()[:, part] for x in (KEYS, VALUES))
                    scores = k @ query[row, cell, part] / np.sqrt(DIM)
                    powers = np.exp(scores - scores.max())
                    words[part] = powers / powers.sum() @ v
                weight = share / total * strength
                out[row, cell] += weight * (words - main[row, cell])
    return out


def close(made, expected):
    return np.allclose(made.double().numpy(), expected, atol=1e-5)


def put(areas, boxes, strength):
    out = MAIN.clone()
    put_words(out, QUERY, areas.words(boxes, strength), attention)
    return out


def known(coverage, overlap=Overlap.JOINT, scenes=()):
    return KnownAreas(coverage, [1] * len(coverage), overlap, CPU, scenes)


def boxes_on_grid(*boxes):
    cells = [oracle.box_cells(np.array(box), *GRID) for box in boxes]
    return torch.from_numpy(np.stack(cells)).float()


OVERLAPPING = boxes_on_grid((0, 0, 0.6, 1), (0.3, 0.2, 1, 0.9), (0.5, 0, 0.7, 0.5))


@pytest.mark.parametrize("strength", [0.3, 1.0])
@pytest.mark.parametrize("numbers", [[0, 1, 2], [0, 2], [1]])
def test_boxes_share_where_they_overlap(numbers, strength):
    shares = OVERLAPPING.flatten(1)[:, None].numpy()
    assert close(put(known(OVERLAPPING), numbers, strength), by_hand(shares, numbers, strength))


@pytest.mark.parametrize("numbers", [[0, 1, 2], [0, 2]])
def test_the_topmost_box_hides_the_others_also_with_no_words_of_its_own(numbers):
    first, second, third = OVERLAPPING.flatten(1).numpy()
    left = [first * (1 - second) * (1 - third), second * (1 - third), third]
    made = put(known(OVERLAPPING, Overlap.TOPMOST), numbers, 1.0)
    assert close(made, by_hand([share[None] for share in left], numbers, 1.0))


def test_a_scene_lies_below():
    third, second, scene = OVERLAPPING.flatten(1).numpy()
    left = [third * (1 - second), second, scene * (1 - third) * (1 - second)]
    made = put(known(OVERLAPPING, Overlap.TOPMOST, scenes=[2]), [0, 1, 2], 0.8)
    assert close(made, by_hand([share[None] for share in left], [0, 1, 2], 0.8))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.floats(0.05, 1), st.sets(st.integers(0, 2), min_size=1))
def test_soft_areas(seed, strength, numbers):
    coverage = torch.rand(3, *GRID, generator=torch.Generator().manual_seed(seed))
    coverage = coverage * (coverage > 0.5)
    numbers = sorted(numbers)
    shares = coverage.flatten(1)[:, None].numpy()
    assert close(put(known(coverage), numbers, strength), by_hand(shares, numbers, strength))


@pytest.mark.parametrize("overlap", Overlap)
def test_found_areas_of_each_picture(overlap):
    coverage = torch.rand(ROWS, 3, CELLS, generator=torch.Generator().manual_seed(4))
    coverage = (coverage > 0.6).float()
    stacked = stack_overlap(coverage, overlap)
    made = put(FoundAreas(stacked, torch.zeros(1)), [0, 2], 0.7)
    assert close(made, by_hand(stacked.transpose(0, 1).numpy(), [0, 2], 0.7))


def test_outside_every_bit_stays_and_strength_1_leaves_nothing_of_the_main_prompt():
    coverage = boxes_on_grid((0, 0, 0.4, 1))
    made, inside = put(known(coverage), [0], 1.0), coverage[0].flatten() > 0
    assert torch.equal(made[:, ~inside], MAIN[:, ~inside])
    assert torch.equal(made[:, inside], attention(QUERY[:, inside], 0))


def test_a_box_without_cells_or_words_changes_nothing():
    coverage = torch.cat([torch.zeros(1, *GRID), torch.ones(1, *GRID)])
    assert torch.equal(put(known(coverage), [0], 1.0), MAIN)
    assert torch.equal(put(known(coverage), [], 1.0), MAIN)


def prompts(*lines):
    embeddings = tuple(torch.ones(1, 2, 3) if line else None for line in lines)
    return BoxPrompts(lines, embeddings, 1.0, Times())


def layout(*boxes):
    return Layout(tuple(Region(Box(*box)) for box in boxes), 64, 64)


HALVES = layout((0, 0, 0.5, 1), (0.5, 0, 1, 1))


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["mug"], "1 line came for 2 boxes; line 2 is missing"),
        (["mug", "hat", "", "a cat"], '4 lines came for 2 boxes; line 4 ("a cat") has no box'),
    ],
)
def test_lines_must_be_as_many_as_boxes(lines, said):
    with pytest.raises(ValueError, match="Give one line a box") as caught:
        fit_words(prompts(*lines), [HALVES])
    assert said in str(caught.value)


def test_empty_lines_after_the_last_box_are_left_away():
    fitted = fit_words(prompts("", "mug", "", ""), [HALVES])
    assert fitted.lines == ("", "mug") and fitted.numbers == [1] and len(fitted.embeddings) == 2


def test_words_need_an_area_in_every_layout_unless_it_may_be_found():
    unplaced = layout((0, 0, 0.5, 1), (0, 0, 0, 0))
    with pytest.raises(ValueError, match='line 2 says "mug", but box 2 has no area'):
        fit_words(prompts("", "mug"), [HALVES, unplaced])
    assert fit_words(prompts("", "mug"), [unplaced], elsewhere=[1]).numbers == [1]
    assert fit_words(prompts("mug", ""), [unplaced]).numbers == [0]


def test_those_of_some_boxes_or_none_at_all():
    words = prompts("a", "", "c")
    assert words.only([2, 0]).lines == ("c", "a")
    assert words.only([1]) is None and words.only([]) is None
    assert BoxPrompts(words.lines, words.embeddings, 0.0, Times()).only([0]) is None
