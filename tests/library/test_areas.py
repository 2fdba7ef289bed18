"""Known and found areas: soft ones against the oracle, and found ones like known ones."""

import numpy as np
import oracle
import pytest
import torch

from msdiffusion_nodes.layout import Box, Layout, Region
from msdiffusion_nodes.method.adapter import SiteTokens
from msdiffusion_nodes.method.areas import FoundAreas, KnownAreas
from msdiffusion_nodes.method.attention import Gate, Overlap, coverage_groups, stack_overlap

HEADS, DIM, GRID = 2, 4, (5, 7)
CELLS = GRID[0] * GRID[1]
COUNTS = [3, 2]
OWNERS = torch.tensor([0, 0, 0, 1, 1])
CPU = torch.device("cpu")


def random(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


QUERY = random(3, CELLS, HEADS * DIM)
TOKENS = SiteTokens(random(HEADS, 5, DIM, seed=1), random(HEADS, 5, DIM, seed=2))


def known(coverage, overlap=Overlap.JOINT, gate=None):
    out = torch.zeros_like(QUERY)
    KnownAreas(coverage, COUNTS, overlap, CPU).add(out, QUERY, TOKENS, gate)
    return out


def found(coverage, overlap=Overlap.JOINT, gate=None):
    out = torch.zeros_like(QUERY)
    stacked = stack_overlap(coverage.flatten(1)[None], overlap).expand(3, -1, -1)
    FoundAreas(stacked, OWNERS, overlap is Overlap.TOPMOST).add(out, QUERY, TOKENS, gate)
    return out


def soft(seed=1):
    coverage = torch.rand(2, *GRID, generator=torch.Generator().manual_seed(seed))
    return coverage * (coverage > 0.4)


def by_hand(coverage, acting=(1.0, 1.0)):
    """exp(logit) of each token times its subject's share, made to add up to 1; times the greatest.

    Cell by cell, in float64.
    """
    q = QUERY.double().numpy().reshape(3, CELLS, HEADS, DIM)
    k, v = TOKENS.key.double().numpy(), TOKENS.value.double().numpy()
    shares = coverage.double().numpy().reshape(2, CELLS) * np.array(acting)[:, None]
    out = np.zeros((3, CELLS, HEADS, DIM))
    for cell in np.flatnonzero(shares.max(axis=0)):
        for head in range(HEADS):
            power = np.exp(q[:, cell, head] @ k[head].T / DIM**0.5) * shares[OWNERS, cell]
            part = power / power.sum(axis=1, keepdims=True) @ v[head]
            out[:, cell, head] = part * shares[:, cell].max()
    return torch.from_numpy(out.reshape(3, CELLS, HEADS * DIM)).float()


@pytest.mark.parametrize("way", [known, found])
def test_soft_areas_share_a_cell_by_their_shares(way):
    coverage = soft()
    assert ((coverage > 0).sum(0) == 2).any()
    assert torch.allclose(way(coverage), by_hand(coverage), atol=1e-5)


@pytest.mark.parametrize("way", [known, found])
def test_a_subject_out_of_its_time_leaves_the_cell_to_the_other(way):
    coverage, acting = soft(), torch.tensor([0.0, 1.0])
    made = way(coverage, gate=Gate(acting, acting[OWNERS]))
    assert torch.allclose(made, by_hand(coverage, (0.0, 1.0)), atol=1e-5)
    nobody = torch.zeros(2)
    assert torch.equal(way(coverage, gate=Gate(nobody, nobody[OWNERS])), torch.zeros_like(QUERY))


HARD = [(0.0, 0.0, 0.6, 1.0), (0.3, 0.2, 1.0, 0.9)]


def hard():
    return Layout(tuple(Region(Box(*box)) for box in HARD), 64, 64).coverage(*GRID)


@pytest.mark.parametrize("way", [known, found])
def test_in_a_hard_area_a_subject_out_of_its_time_does_nothing(way):
    for acting in ((0.0, 1.0), (1.0, 0.0), (0.0, 0.0)):
        subjects = torch.tensor(acting)
        made = way(hard(), gate=Gate(subjects, subjects[OWNERS]))
        assert torch.allclose(made, by_hand(hard(), acting), atol=1e-5)


@pytest.mark.parametrize("way", [known, found])
def test_an_area_may_be_hard_in_one_place_and_soft_in_another(way):
    coverage = torch.where(soft() > 0.7, 1.0, soft())
    assert (coverage == 1).any() and ((coverage > 0) & (coverage < 1)).any()
    assert torch.allclose(way(coverage), by_hand(coverage), atol=1e-5)


def test_hard_areas_need_no_shares_and_no_mask():
    groups = coverage_groups(hard(), COUNTS)
    assert len(groups) == 3
    assert all(group.coverage is None and group.bias is None for group in groups)
    even = coverage_groups(0.5 * hard(), COUNTS)
    assert all(group.coverage is not None and group.bias is None for group in even)


@pytest.mark.parametrize("overlap", list(Overlap))
def test_areas_may_be_truth_values(overlap):
    assert torch.equal(known(hard() > 0, overlap), known(hard(), overlap))


@pytest.mark.parametrize("overlap", list(Overlap))
@pytest.mark.parametrize("gated", [False, True])
@pytest.mark.parametrize("kind", ["known", "found"])
def test_half_precision_stays_what_it_is(kind, gated, overlap):
    acting = torch.tensor([1.0, 0.0])
    gate = Gate(acting, acting[OWNERS]) if gated else None
    tokens, out = TOKENS.to(torch.float16), torch.zeros(QUERY.shape, dtype=torch.float16)
    if kind == "known":
        KnownAreas(soft(), COUNTS, overlap, CPU).add(out, QUERY.half(), tokens, gate)
        expected = known(soft(), overlap, gate)
    else:
        stacked = stack_overlap(soft().flatten(1)[None], overlap).expand(3, -1, -1)
        areas = FoundAreas(stacked, OWNERS, overlap is Overlap.TOPMOST)
        areas.add(out, QUERY.half(), tokens, gate)
        expected = found(soft(), overlap, gate)
    assert (out.float() - expected).abs().max() <= 1e-2


def test_areas_apart_stay_where_the_queries_are():
    meta = torch.device("meta")
    query, out = QUERY.to(meta), torch.zeros(QUERY.shape, device=meta)
    areas = FoundAreas(soft().flatten(1)[None].to(meta), OWNERS.to(meta), apart=True)
    areas.add(out, query, TOKENS.to(meta), None)
    assert not FoundAreas(soft().flatten(1)[None], OWNERS)._apart


@pytest.mark.parametrize("overlap", list(Overlap))
def test_found_areas_act_as_known_ones(overlap):
    assert torch.allclose(known(soft(), overlap), found(soft(), overlap), atol=1e-6)


@pytest.mark.parametrize("overlap", list(Overlap))
@pytest.mark.parametrize("way", [known, found])
def test_a_share_towards_nothing_does_what_nothing_does(way, overlap):
    coverage = soft()
    nothing, hardly = coverage.clone(), coverage.clone()
    nothing[1], hardly[1] = 0, (coverage[1] > 0) * 1e-6
    assert torch.allclose(way(hardly, overlap), way(nothing, overlap), atol=1e-4)
    assert not torch.allclose(way(coverage, overlap), way(nothing, overlap), atol=1e-2)


def test_topmost_subjects_attend_alone_each_with_what_is_left_of_its_share():
    coverage = soft()
    made = known(coverage, Overlap.TOPMOST)
    left = stack_overlap(coverage.flatten(1), Overlap.TOPMOST).view_as(coverage)
    alone = [left * torch.tensor([1.0 - n, float(n)])[:, None, None] for n in range(2)]
    assert torch.allclose(made, sum(by_hand(each) for each in alone), atol=1e-5)


@pytest.mark.parametrize("way", [known, found])
def test_hard_areas_are_the_oracles(way):
    def split(tensor):
        flat = tensor.transpose(0, 1).flatten(1).numpy().astype(np.float64)
        return [flat[:3], flat[3:]]

    key, value = split(TOKENS.key), split(TOKENS.value)
    expected = oracle.image_attention(QUERY.numpy(), key, value, HARD, *GRID, HEADS)
    assert np.abs(way(hard()).numpy() - expected).max() <= 1e-5


@pytest.mark.parametrize("scene", [0, 1, 2])
def test_a_scene_lies_below_all_others_wherever_it_stands(scene):
    others = torch.tensor([[1.0, 1.0, 0.5, 0.0], [0.0, 1.0, 0.5, 0.0]])
    coverage = torch.cat([others[:scene], torch.ones(1, 4), others[scene:]])
    expected = torch.tensor([[1.0, 0.0, 0.25, 0.0], [0.0, 1.0, 0.5, 0.0]])
    rest = torch.tensor([[0.0, 0.0, 0.25, 1.0]])
    expected = torch.cat([expected[:scene], rest, expected[scene:]])
    assert torch.allclose(stack_overlap(coverage, Overlap.TOPMOST, [scene]), expected)
    assert torch.equal(stack_overlap(coverage, Overlap.JOINT, [scene]), coverage)


def test_workflows_are_saved_with_these_names_of_overlaps():
    assert [each.value for each in Overlap] == ["joint", "topmost"]


def test_the_topmost_share_is_what_the_later_ones_leave():
    coverage = torch.tensor([[1.0, 1.0, 0.5], [0.0, 0.25, 0.5], [0.0, 1.0, 0.5]])
    expected = torch.tensor([[1.0, 0.0, 0.125], [0.0, 0.0, 0.25], [0.0, 1.0, 0.5]])
    assert torch.allclose(stack_overlap(coverage, Overlap.TOPMOST), expected)
    assert torch.equal(stack_overlap(coverage, Overlap.JOINT), coverage)
