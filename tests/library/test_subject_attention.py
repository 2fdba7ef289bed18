"""Subjects at a site: nothing in it may ask the GPU for a number; soft areas against the oracle."""

import numpy as np
import oracle
import pytest
import torch

from msdiffusion_nodes.layout import Box, Layout, Region
from msdiffusion_nodes.method.adapter import SiteTokens
from msdiffusion_nodes.method.attention import (
    Overlap,
    add_image_attention,
    add_masked_image_attention,
    coverage_groups,
    stack_overlap,
)
from msdiffusion_nodes.method.auto_layout import AutoLayout, MapAverage, phrase_maps, text_bias
from msdiffusion_nodes.method.subject_attention import Call, SigmaRange, SubjectAttention

HEADS, DIM, GRID = 2, 4, (5, 7)
CELLS = GRID[0] * GRID[1]
COUNTS = [3, 2]


def random(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("overlap", list(Overlap))
def test_nothing_asks_for_a_number(overlap):
    # on "meta" a tensor has a shape and no values: what reads one, a sync on a GPU, raises here
    meta = torch.device("meta")
    layout = Layout((Region(Box(0, 0, 0.5, 1)), Region(Box(0.2, 0, 1, 1))), 64, 64)
    auto = AutoLayout("a dog and a cat", list, 0.5, 2, text_in_box=True)
    subjects = SubjectAttention(
        layout, COUNTS, overlap, [None, SigmaRange(9.0, 1.0)], auto, [[2], [5, 6]], 77
    )
    query, text = random(2, CELLS, HEADS * DIM).to(meta), random(2, 77, HEADS * DIM).to(meta)
    tokens = SiteTokens(random(HEADS, 5, DIM), random(HEADS, 5, DIM)).to(meta)
    for sigma in (9.0, 9.0, 3.0):
        call = Call(0, "positive", GRID, torch.full((2,), sigma, device=meta))
        areas = subjects.areas(call, query, text, HEADS)
        assert areas.shape == (2, 2, CELLS)
        assert subjects.text_mask(areas, call, text).shape == (2, 1, CELLS, 77)
        out = torch.empty_like(query)
        subjects.add(out, query, tokens, call, areas)
        subjects.add(out, query, tokens, call, None)


@pytest.mark.parametrize("overlap", list(Overlap))
def test_areas_known_to_the_gpu_only_give_the_same_as_known_ones(overlap):
    coverage = torch.rand(2, *GRID, generator=torch.Generator().manual_seed(1))
    coverage = coverage * (coverage > 0.4)
    query, key, value = random(3, CELLS, HEADS * DIM), random(HEADS, 5, DIM), random(HEADS, 5, DIM)
    known, hidden = torch.zeros_like(query), torch.zeros_like(query)
    groups = coverage_groups(coverage, COUNTS, overlap)
    add_image_attention(known, query, key, value, groups)
    shares = stack_overlap(coverage.flatten(1)[None], overlap).expand(3, -1, -1)
    owners = torch.tensor([0, 0, 0, 1, 1])
    add_masked_image_attention(hidden, query, key, value, shares, owners, overlap)
    assert torch.allclose(known, hidden, atol=1e-6)


def test_hard_areas_are_the_oracles():
    boxes = [(0.0, 0.0, 0.6, 1.0), (0.3, 0.2, 1.0, 0.9)]
    layout = Layout(tuple(Region(Box(*box)) for box in boxes), 64, 64)
    query, key, value = random(1, CELLS, HEADS * DIM), random(HEADS, 5, DIM), random(HEADS, 5, DIM)
    out = torch.zeros_like(query)
    shares = layout.coverage(*GRID).flatten(1)[None]
    owners = torch.tensor([0, 0, 0, 1, 1])
    add_masked_image_attention(out, query, key, value, shares, owners)

    def split(tensor):
        flat = tensor.transpose(0, 1).flatten(1).numpy().astype(np.float64)
        return [flat[:3], flat[3:]]

    expected = oracle.image_attention(query.numpy(), split(key), split(value), boxes, *GRID, HEADS)
    assert np.abs(out.numpy() - expected).max() <= 1e-5


def test_the_topmost_share_is_what_the_later_ones_leave():
    coverage = torch.tensor([[1.0, 1.0, 0.5], [0.0, 0.25, 0.5], [0.0, 1.0, 0.5]])
    expected = torch.tensor([[1.0, 0.0, 0.125], [0.0, 0.0, 0.25], [0.0, 1.0, 0.5]])
    assert torch.allclose(stack_overlap(coverage, Overlap.TOPMOST), expected)
    assert torch.equal(stack_overlap(coverage, Overlap.JOINT), coverage)


def test_maps_are_the_mean_over_heads_and_tokens_of_the_softmax():
    query, key = random(2, CELLS, HEADS * DIM), random(2, 9, HEADS * DIM, seed=1)
    maps = phrase_maps(query, key, HEADS, [torch.tensor([2]), torch.tensor([4, 5])])
    q = query.numpy().reshape(2, CELLS, HEADS, DIM)
    k = key.numpy().reshape(2, 9, HEADS, DIM)
    logits = np.einsum("bnhd,bthd->bnht", q, k) / np.sqrt(DIM)
    probabilities = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    mean = probabilities.mean(axis=2)
    expected = np.stack([mean[..., 2], (mean[..., 4] + mean[..., 5]) / 2], axis=1)
    assert np.abs(maps.numpy() - expected).max() <= 1e-6


def test_the_average_counts_each_sigma_once_and_takes_over_at_the_step():
    maps = [torch.rand(1, 1, 6, generator=torch.Generator().manual_seed(n)) for n in range(4)]
    average, before = MapAverage(maps[0]), torch.full((1, 1, 6), 0.25)
    sigmas = [9.0, 9.0, 4.0, 1.0]
    taken = []
    for one, sigma in zip(maps, sigmas, strict=True):
        average.update(one, torch.tensor(sigma))
        taken.append(average.areas(0.5, 2, before))
    assert torch.equal(taken[0], before) and torch.equal(taken[1], before)
    for number, used in ((2, [0, 2]), (3, [0, 2, 3])):
        mean = sum(maps[n] for n in used) / len(used)
        scaled = (mean - mean.min()) / (mean.max() - mean.min() + 1e-5)
        assert torch.equal(taken[number], (scaled > 0.5).float())


def test_without_a_sigma_every_evaluation_counts():
    average = MapAverage(torch.zeros(1, 1, 3))
    for value in (1.0, 2.0, 6.0):
        average.update(torch.full((1, 1, 3), value), None)
    assert average.count == 3 and torch.allclose(average.mean, torch.full((1, 1, 3), 3.0))


def test_text_of_a_phrase_is_open_in_its_area_only():
    shares = torch.tensor([[[1.0, 0.0, 0.0], [0.0, 0.5, 0.0]]])
    positions = [torch.tensor([1]), torch.tensor([2, 3])]
    allowed = text_bias(shares, positions, 10, 5)[0, 0] == 0
    expected = torch.tensor([[1, 1, 0, 0, 1], [1, 0, 1, 1, 1], [1, 0, 0, 0, 1]], dtype=torch.bool)
    assert torch.equal(allowed, expected.repeat(1, 2))


def test_a_crop_is_the_part_of_the_whole_grid():
    mask = torch.rand(24, 40, generator=torch.Generator().manual_seed(0))
    layout = Layout((Region(Box(0.1, 0.2, 0.65, 0.9)), Region.from_mask(mask)), 400, 240)
    whole = layout.coverage(24, 40)
    part = layout.crop(Box(10 / 40, 6 / 24, 30 / 40, 18 / 24))
    assert torch.allclose(part.coverage(12, 20), whole[:, 6:18, 10:30])
    assert (part.width, part.height) == (200, 120)
    outside = layout.crop(Box(0.7, 0, 1, 1))
    assert outside.regions[0].box == Box(0, 0, 0, 0)
