"""Attention that follows a layout, beside the paper's formula written out in numpy."""

import dense_oracle
import numpy as np
import pytest
import torch

from msdiffusion_nodes.method import modulation
from msdiffusion_nodes.method.modulation import (
    cell_targets,
    modulated_attention,
    share_left,
    text_targets,
)

HEADS, WIDTH, CELLS, TOKENS = 2, 16, 12, 8
PHRASES = ([2, 3], [5])


def random(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@pytest.fixture(params=["boxes", "overlapping", "soft"])
def coverage(request):
    """Two areas on 3×4 cells: (2, 12)."""
    areas = torch.zeros(2, 3, 4)
    areas[0, :2, :2], areas[1, 1:, 2:] = 1, 1
    if request.param == "overlapping":
        areas[1, 1:, 1:] = 1
    if request.param == "soft":
        areas *= torch.rand(areas.shape, generator=torch.Generator().manual_seed(3))
    return areas.flatten(1)


def columns():
    tokens = torch.zeros(2, TOKENS)
    for area, phrase in enumerate(PHRASES):
        tokens[area, phrase] = 1
    return tokens


@pytest.mark.parametrize("strength", [0.3, 1.0])
def test_text_is_the_papers(coverage, strength):
    query, (key, value) = random(2, CELLS, WIDTH), random(2, 2, TOKENS, WIDTH, seed=1)
    target, small = text_targets(coverage[None], columns())
    made = modulated_attention(query, key, value, HEADS, target, strength * small)
    wanted, left = dense_oracle.text(coverage, PHRASES, TOKENS)
    for row in range(2):
        parts = (query[row], key[row], value[row], HEADS, wanted, strength, left)
        assert np.allclose(made[row], dense_oracle.attention(*parts), atol=1e-5)


def test_self_attention_is_the_papers(coverage):
    query, key, value = random(3, 1, CELLS, WIDTH)
    target, small = cell_targets(coverage[None])
    made = modulated_attention(query, key, value, HEADS, target, 0.6 * small)
    wanted, left = dense_oracle.cells(coverage)
    parts = (query[0], key[0], value[0], HEADS, wanted, 0.6, left)
    assert np.allclose(made[0], dense_oracle.attention(*parts), atol=1e-5)


def test_a_phrase_is_looked_at_in_its_area_and_nowhere_else(coverage):
    query, key = random(1, CELLS, WIDTH), random(1, TOKENS, WIDTH, seed=1)
    target, small = text_targets(coverage[None], columns())
    value = torch.eye(TOKENS, WIDTH)[None]  # shows the probabilities
    plain = modulated_attention(query, key, value, 1, target, 0 * small)
    made = modulated_attention(query, key, value, 1, target, small)
    plain, made = (each[0, :, :TOKENS] for each in (plain, made))
    others = [0, 1, 4, 6, 7]
    for area, phrase in enumerate(PHRASES):
        inside, outside = coverage[area] == 1, coverage.amax(0) == 0
        odds = [each[:, phrase].sum(1) / each[:, others].sum(1) for each in (plain, made)]
        more = odds[1] / odds[0]
        assert (more > 1 - 1e-4)[inside].all() and (more < 1 + 1e-4)[outside].all()
        assert more[outside].mean() < 0.9 and not more[inside].mean() < 1.1
    # outside, all words of no phrase are what they were among themselves
    among = (made[:, others] / plain[:, others])[coverage.amax(0) == 0]
    assert torch.allclose(among, among[:, :1].expand_as(among), rtol=1e-4)


def test_each_picture_has_its_own_areas(coverage):
    query, (key, value) = random(2, CELLS, WIDTH), random(2, 2, TOKENS, WIDTH, seed=1)
    both = torch.stack([coverage, coverage.flip(0)])
    target, small = text_targets(both, columns())
    made = modulated_attention(query, key, value, HEADS, target, small)
    for row in range(2):
        alone = text_targets(both[row : row + 1], columns())
        parts = (each[row : row + 1] for each in (query, key, value))
        assert torch.allclose(made[row], modulated_attention(*parts, HEADS, *alone)[0], atol=1e-6)


def test_many_cells_are_done_in_pieces(coverage, monkeypatch):
    query, key, value = random(3, 1, CELLS, WIDTH)
    target, small = cell_targets(coverage[None])
    whole = modulated_attention(query, key, value, HEADS, target, small)
    lengths, modulate = [], modulation.modulate
    monkeypatch.setattr(modulation, "MOST_ON_CPU", 5 * CELLS * HEADS)

    def counted(scores, *rest):
        lengths.append(scores.shape[2])
        return modulate(scores, *rest)

    monkeypatch.setattr(modulation, "modulate", counted)
    pieces = modulated_attention(query, key, value, HEADS, target, small)
    assert lengths == [5, 5, CELLS - 10]
    assert torch.allclose(pieces, whole, atol=1e-6)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_near(coverage, dtype):
    query, (key, value) = random(1, CELLS, WIDTH), random(2, 1, TOKENS, WIDTH, seed=1)
    target, small = text_targets(coverage[None], columns())
    whole = modulated_attention(query, key, value, HEADS, target, small)
    halves = (each.to(dtype) for each in (query, key, value))
    made = modulated_attention(*halves, HEADS, target, small)
    assert made.dtype == dtype
    assert torch.allclose(made.float(), whole, atol=0.05)


def test_scores_of_any_size_stay_finite(coverage):
    query, (key, value) = 200 * random(1, CELLS, WIDTH), random(2, 1, TOKENS, WIDTH, seed=1)
    target, small = text_targets(coverage[None], columns())
    halves = (each.half() for each in (query, key, value))
    assert modulated_attention(*halves, HEADS, target, small).isfinite().all()


def test_what_is_left_of_a_schedule():
    def to_sigma(percent):  # as ComfyUI's: no number at either end
        return 1e9 if percent <= 0 else 0.0 if percent >= 1 else 20 * (1 - percent) ** 2

    for percent in (0.001, 0.1, 0.3, 0.77):
        assert share_left(to_sigma(percent), to_sigma) == pytest.approx(1 - percent, abs=1e-3)
    assert share_left(30.0, to_sigma) == pytest.approx(1, abs=1e-3)
