"""The state of a run: maps of the phrases, and nothing that asks the GPU for a number."""

import copy

import numpy as np
import pytest
import torch

from msdiffusion_nodes.layout import Box, Layout, Region
from msdiffusion_nodes.method.adapter import SiteTokens
from msdiffusion_nodes.method.applied import AppliedSubjects, PlacedTokens
from msdiffusion_nodes.method.attention import Overlap
from msdiffusion_nodes.method.found import MapAverage, TextRule
from msdiffusion_nodes.method.run import Place, SubjectsRun
from msdiffusion_nodes.method.schedule import Times
from msdiffusion_nodes.method.text import (
    open_text,
    open_text_out,
    phrase_columns,
    phrase_maps,
    text_out,
    text_probabilities,
)

HEADS, DIM, GRID = 2, 4, (5, 7)
CELLS = GRID[0] * GRID[1]
META = torch.device("meta")
LAYOUT = Layout((Region(Box(0, 0, 0.5, 1)), Region(Box(0.2, 0, 1, 1))), 64, 64)


def random(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def applied(**changes):
    tokens = PlacedTokens(SiteTokens(random(HEADS, 5, DIM), random(HEADS, 5, DIM)))
    given = {"layouts": [LAYOUT], "tokens": [[tokens]], "token_counts": [3, 2]} | changes
    return AppliedSubjects(**given)


def run_of(subjects):
    return SubjectsRun(subjects, lambda percent: 10 * (1 - percent))


@pytest.mark.parametrize("overlap", list(Overlap))
def test_nothing_asks_for_a_number(overlap):
    # on "meta" a tensor has a shape and no values: what reads one, a sync on a GPU, raises here
    rule = TextRule([[2], [5, 6]], 77, 0.5, 1, text_in_box=True)
    times = [Times(), Times(0.1, 0.9)]
    subjects = applied(overlap=overlap, text=rule, times=times)
    run, shown = run_of(subjects), []
    run._show = lambda condition, areas: shown.append(areas.shape)
    query, text = random(2, CELLS, HEADS * DIM).to(META), random(2, 77, HEADS * DIM).to(META)
    tokens = subjects.tokens[0][0].on(query)
    for sigma in (9.0, 9.0, 3.0):
        sigmas = torch.full((2,), sigma, device=META)
        place = Place(0, "positive", GRID, sigmas)
        probabilities = text_probabilities(query, text, HEADS)
        out, maps = text_out(probabilities, text), phrase_maps(probabilities, run.columns(77, META))
        areas = run.areas(place, maps, META)
        assert areas.coverage().shape == (2, 2, CELLS)
        out = open_text_out(probabilities, text, run.open_text(areas, 77, META))
        areas.add(out, query, tokens, run.gate(sigmas))
        run.areas(place, None, META).add(out, query, tokens, run.gate(sigmas))
        assert out.shape == query.shape
    assert shown == [(2, 2, *GRID)] * 3


def test_maps_are_the_mean_over_heads_and_tokens_of_the_softmax():
    query, key = random(2, CELLS, HEADS * DIM), random(2, 9, HEADS * DIM, seed=1)
    probabilities = text_probabilities(query, key, HEADS)
    maps = phrase_maps(probabilities, phrase_columns([[2], [4, 5]], 9, 9))
    q = query.numpy().reshape(2, CELLS, HEADS, DIM)
    k = key.numpy().reshape(2, 9, HEADS, DIM)
    logits = np.einsum("bnhd,bthd->bnht", q, k) / np.sqrt(DIM)
    by_hand = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    mean = by_hand.mean(axis=2)
    expected = np.stack([mean[..., 2], (mean[..., 4] + mean[..., 5]) / 2], axis=1)
    assert np.abs(maps.numpy() - expected).max() <= 1e-6
    # a text that ComfyUI has repeated to a longer one's length says the same
    twice = text_probabilities(query, key.repeat(1, 2, 1), HEADS)
    maps = phrase_maps(twice, phrase_columns([[2], [4, 5]], 9, 18))
    assert np.abs(maps.numpy() - expected).max() <= 1e-6


def test_the_output_is_the_attention_over_what_is_open():
    query, key = random(2, CELLS, HEADS * DIM), random(2, 9, HEADS * DIM, seed=1)
    value = random(2, 9, HEADS * DIM, seed=2)
    probabilities = text_probabilities(query, key, HEADS)
    seen = (torch.rand(1, CELLS, 9, generator=torch.Generator().manual_seed(3)) > 0.5).float()
    seen[..., 0] = 1

    def expected(mask=None):
        parts = (each.unflatten(-1, (HEADS, DIM)).transpose(1, 2) for each in (query, key, value))
        made = torch.nn.functional.scaled_dot_product_attention(*parts, mask)
        return made.transpose(1, 2).flatten(-2)

    assert torch.allclose(text_out(probabilities, value), expected(), atol=1e-6)
    made = open_text_out(probabilities.clone(), value, seen)
    assert torch.allclose(made, expected(seen[:, None] > 0), atol=1e-6)


def test_the_average_counts_each_sigma_once_and_takes_over_at_the_step():
    maps = [torch.rand(1, 1, 6, generator=torch.Generator().manual_seed(n)) for n in range(4)]
    average, before = MapAverage(maps[0]), torch.full((1, 1, 6), 0.25)
    sigmas = [9.0, 9.0, 4.0, 1.0]
    taken = []
    for one, sigma in zip(maps, sigmas, strict=True):
        average.update(one, torch.tensor(sigma))
        taken.append(average.coverage(TextRule([[0]], 6, 0.5, 2), before))
    assert torch.equal(taken[0], before) and torch.equal(taken[1], before)
    for number, used in ((2, [0, 2]), (3, [0, 2, 3])):
        mean = sum(maps[n] for n in used) / len(used)
        scaled = (mean - mean.min()) / (mean.max() - mean.min() + 1e-5)
        assert torch.equal(taken[number], (scaled > 0.5).float())


def test_a_share_of_the_schedule_takes_the_place_of_the_step():
    rule = TextRule([[1], [2]], 4, 0.5, 1000, start_percent=0.5)
    run, cpu = run_of(applied(text=rule)), torch.device("cpu")
    maps = random(1, 2, CELLS).softmax(-1)
    boxes = run.areas(place(), None, cpu).coverage()
    for sigma, found in ((9.0, False), (5.1, False), (5.0, True), (1.0, True)):
        here = Place(0, "positive", GRID, torch.tensor([sigma]))
        coverage = run.areas(here, maps, cpu).coverage()
        assert torch.equal(coverage, boxes) is not found


def test_no_share_of_the_schedule_leaves_it_to_the_step():
    run, cpu = run_of(applied(text=TextRule([[1], [2]], 4, 0.5, 2))), torch.device("cpu")
    maps = random(1, 2, CELLS).softmax(-1)
    boxes = run.areas(place(), None, cpu).coverage()
    for sigma, found in ((10.0, False), (9.0, True)):
        here = Place(0, "positive", GRID, torch.tensor([sigma]))
        assert torch.equal(run.areas(here, maps, cpu).coverage(), boxes) is not found


def test_text_in_box_alone_needs_no_noise_level():
    rule = TextRule([[1], [2]], 4, 0.5, 1, areas=False, text_in_box=True, start_percent=0.5)

    def never(percent):
        raise AssertionError("nothing is found")

    subjects = applied(text=rule)
    assert SubjectsRun(subjects, never).gate(None) is None
    assert subjects.keeps_text_in_box and not subjects.finds_areas
    finds = applied(text=TextRule([[1], [2]], 4, 0.5, 1))
    assert finds.finds_areas and not finds.keeps_text_in_box
    assert not applied().finds_areas and not applied().keeps_text_in_box


def test_found_areas_are_shown_of_one_site():
    shown, cpu = [], torch.device("cpu")
    subjects = applied(text=TextRule([[1], [2]], 4, 0.5, 1), shown_site=1)
    run = SubjectsRun(subjects, float, lambda *each: shown.append(each))
    maps = random(1, 2, CELLS).softmax(-1)
    for site in (0, 1, 2):
        areas = run.areas(Place(site, "positive", GRID, torch.ones(1)), maps, cpu)
    ((condition, seen),) = shown
    assert condition == "positive" and seen.dtype == torch.bool
    assert torch.equal(seen, areas.coverage().view(1, 2, *GRID) == 1)
    assert seen.any() and not seen.all()


@pytest.mark.parametrize("overlap", list(Overlap))
@pytest.mark.parametrize("soft", [0, 1, 2])
def test_until_areas_are_found_the_layouts_own_act_as_they_would(overlap, soft):
    """Of two subjects this many have a mask with soft edges."""
    mask = torch.rand(*GRID, generator=torch.Generator().manual_seed(0)).clamp(0.2, 0.9)
    regions = [Region(Box(0, 0, 1, 1), mask if n < soft else None) for n in range(2)]
    text = TextRule([[1], [2]], 4, 0.5, 1, start_percent=0.9)  # only the GPU knows the time
    subjects = applied(layouts=[Layout(tuple(regions), 64, 64)], text=text, overlap=overlap)
    query, cpu, made = random(3, CELLS, HEADS * DIM, seed=4), torch.device("cpu"), []
    run = run_of(subjects)
    for maps in (None, random(3, 2, CELLS).softmax(-1)):
        areas, out = run.areas(place(), maps, cpu), torch.zeros(3, CELLS, HEADS * DIM)
        areas.add(out, query, subjects.tokens[0][0].on(query), None)
        made.append(out)
    assert torch.allclose(*made, atol=1e-5) and made[0].any()
    assert areas._apart is (soft > 0 and overlap is Overlap.TOPMOST), "it costs an attention each"


def test_a_time_needs_a_noise_level():
    with pytest.raises(RuntimeError, match="need `sigmas`"):
        run_of(applied(times=[Times(), Times(0.1, 0.9)])).gate(None)


def test_half_precision_text_attention_stays_half_and_its_maps_are_float32():
    query, key, value = (random(2, n, HEADS * DIM, seed=n) for n in (CELLS, 9, 9))
    columns, seen = phrase_columns([[2], [4, 5]], 9, 9), torch.ones(1, CELLS, 9)
    exact = text_probabilities(query, key, HEADS)
    for precision in (None, torch.float32):
        probabilities = text_probabilities(query.half(), key.half(), HEADS, precision)
        out = text_out(probabilities, value.half())
        assert out.dtype == torch.float16
        assert phrase_maps(probabilities, columns).dtype == torch.float32
        assert torch.allclose(out.float(), text_out(exact, value), atol=1e-2)
        assert open_text_out(probabilities, value.half(), seen).dtype == torch.float16
    assert text_probabilities(query.half(), key.half(), HEADS).dtype == torch.float16
    assert text_probabilities(query.half(), key.half(), HEADS, torch.float32).dtype == torch.float32
    assert open_text(torch.ones(1, 2, CELLS).half(), columns).dtype == torch.float16


def test_what_is_made_once_is_where_the_queries_are():
    subjects = applied(text=TextRule([[2], [5, 6]], 77, 0.5, 2), times=[Times(0.1, 1), Times()])
    run = run_of(subjects)
    assert run.columns(77, META).device == META and run.columns(77, META) is run.columns(77, META)
    assert run.columns(154, META).shape == (154, 2)
    for device in (META, torch.device("cpu")):
        assert run.gate(torch.ones(1, device=device)).tokens.device == device
    cpu = torch.device("cpu")
    assert run.areas(place(), None, META) is not run.areas(place(), None, cpu)
    assert run.areas(place(), None, cpu) is run.areas(place(), None, cpu)


def test_applied_subjects_are_never_copied():
    subjects = applied()
    assert copy.deepcopy({"held": subjects})["held"] is subjects


def test_until_the_areas_can_take_over_the_layouts_own_act():
    run, cpu = run_of(applied(text=TextRule([[1], [2]], 4, 0.5, 3))), torch.device("cpu")
    maps = random(1, 2, CELLS).softmax(-1)
    kinds = []
    for sigma in (9.0, 9.0, 8.0, 7.0):
        here = Place(0, "positive", GRID, torch.tensor([sigma]))
        areas = run.areas(here, maps, cpu)
        kinds.append(type(areas).__name__)
        own = torch.equal(areas.coverage(), run.areas(here, None, cpu).coverage())
        assert own is (sigma > 7.0), "the third noise level is the third step"
    # the second call at one noise level counts nothing, which only the GPU knows
    assert kinds == ["KnownAreas", "KnownAreas", "FoundAreas", "FoundAreas"]


def test_without_a_sigma_every_evaluation_counts():
    average = MapAverage(torch.zeros(1, 1, 3))
    for value in (1.0, 2.0, 6.0):
        average.update(torch.full((1, 1, 3), value), None)
    assert average.count == 3 and torch.allclose(average.mean, torch.full((1, 1, 3), 3.0))


def test_text_of_a_phrase_is_open_in_its_area_only():
    shares = torch.tensor([[[1.0, 0.0, 0.0], [0.0, 0.5, 0.0]]])
    allowed = open_text(shares, phrase_columns([[1], [2, 3]], 5, 10))[0]
    expected = torch.tensor([[1, 1, 0, 0, 1], [1, 0, 1, 1, 1], [1, 0, 0, 0, 1]], dtype=torch.float)
    assert torch.equal(allowed, expected.repeat(1, 2))


def place(condition="positive", pictures=None, window=None, layout=0):
    sigmas = torch.full((1,), 5.0)
    return Place(0, condition, GRID, sigmas, window, pictures, layout)


@pytest.mark.parametrize(
    "other",
    [{"condition": "second"}, {"window": Box(0, 0, 0.5, 1)}, {"layout": 1}],
    ids=["prompt", "part of the picture", "layout"],
)
def test_each_has_maps_of_its_own(other):
    subjects = applied(text=TextRule([[1], [2]], 4, 0.5, 1), layouts=[LAYOUT] * 2)
    maps = [random(1, 2, CELLS, seed=n).softmax(-1) for n in (1, 2)]
    alone = run_of(subjects).areas(place(**other), maps[1], torch.device("cpu"))
    run = run_of(subjects)
    run.areas(place(), maps[0], torch.device("cpu"))
    beside = run.areas(place(**other), maps[1], torch.device("cpu"))
    assert torch.equal(alone.coverage(), beside.coverage())


def test_a_picture_keeps_its_maps_from_window_to_window():
    subjects = applied(text=TextRule([[1], [2]], 4, 0.5, 1))
    first, second, third = (random(1, 2, CELLS, seed=n).softmax(-1) for n in (1, 2, 3))
    cpu = torch.device("cpu")
    alone = run_of(subjects).areas(place(pictures=(1,)), second, cpu)
    run = run_of(subjects)
    run.areas(place(pictures=(0, 1)), torch.cat([first, second]), cpu)
    # the window behind it sees picture 1 once more at the same noise level: that does not count
    made = run.areas(place(pictures=(1, 2)), torch.cat([third, third]), cpu).coverage()
    assert torch.equal(made[:1], alone.coverage())
    assert not torch.equal(made[1:], alone.coverage())


def test_a_time_is_a_range_of_the_sampled_models_noise_levels():
    run = run_of(applied(times=[Times(), Times(0.25, 0.75)]))
    for sigma, second in ((9.0, 0), (7.5, 1), (5.0, 1), (2.5, 1), (2.0, 0)):
        gate = run.gate(torch.tensor([sigma]))
        assert gate.subjects.tolist() == [1, second]
        assert gate.tokens.tolist() == [1, 1, 1, second, second]
    assert run_of(applied(times=[Times(), Times()])).gate(torch.tensor([9.0])) is None


class Device:
    """Counts the copies that are made of a site's tokens."""

    def __init__(self):
        self.copies = 0

    def tokens(self):
        device = self

        class Counted(SiteTokens):
            def to(self, *target):
                device.copies += 1
                return SiteTokens.to(self, *target)

        return PlacedTokens(Counted(random(HEADS, 5, DIM), random(HEADS, 5, DIM)))


def test_tokens_are_copied_once_a_device_and_given_up_at_home():
    device = Device()
    placed = device.tokens()
    for _ in range(5):  # ComfyUI says it before every step, to each GPU
        placed.to(META)
    assert device.copies == 1
    query = torch.zeros(1, CELLS, HEADS * DIM, device=META)
    assert placed.on(query).key.device == META and device.copies == 1
    assert placed.on(torch.zeros(1, 1, 1)).key is placed.home.key and device.copies == 1
    placed.to(torch.device("cpu"))
    assert placed.copies == {}


def test_a_crop_is_the_part_of_the_whole_grid():
    mask = torch.rand(24, 40, generator=torch.Generator().manual_seed(0))
    layout = Layout((Region(Box(0.1, 0.2, 0.65, 0.9)), Region.from_mask(mask)), 400, 240)
    whole = layout.coverage(24, 40)
    part = layout.crop(Box(10 / 40, 6 / 24, 30 / 40, 18 / 24))
    assert torch.allclose(part.coverage(12, 20), whole[:, 6:18, 10:30])
    assert (part.width, part.height) == (200, 120)
    outside = layout.crop(Box(0.7, 0, 1, 1))
    assert outside.regions[0].box == Box(0, 0, 0, 0)
