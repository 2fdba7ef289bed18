"""Areas and text that a site reads from the text attention."""

import pytest
import torch
from comfy.ldm.modules.attention import optimized_attention
from one_site import (
    CELLS,
    DIM,
    GRID,
    HEADS,
    LENGTH,
    WIDTH,
    added,
    by_hand,
    close,
    halved,
    options,
    qkv,
)


def override(function, *arguments, **named):
    """Another pack's attention in place of ComfyUI's: half of it."""
    named.pop("transformer_options")
    return function(*arguments, **named) / 2


ANOTHER = {"optimized_attention_override": override}
WAYS = {"ours": ({}, 1), "another attention": (ANOTHER, 0.5)}  # and its share of the text attention


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("kinds", [(0,), (1, 0), (0, 1), (1, 0, 1)])
def test_found_areas_are_where_a_cell_looks_at_the_phrase(kinds, way, make, rule):
    (more, share), patch, (q, k, v) = way, make(text=rule()), qkv(2 * len(kinds))
    out, plain = patch(q, k, v, options(len(q), kinds, **more)), share * by_hand(q, k, v)
    rows = slice(2 * kinds.index(0), 2 * kinds.index(0) + 2)
    heads_q, heads_k = (x[rows].unflatten(-1, (HEADS, DIM)).transpose(1, 2) for x in (q, k))
    looks = (heads_q @ heads_k.transpose(-1, -2) / DIM**0.5).softmax(-1).mean(1)
    maps = torch.stack([looks[..., 1], looks[..., 2:4].mean(-1)], dim=1)
    least, greatest = maps.amin(-1, keepdim=True), maps.amax(-1, keepdim=True)
    seen = (maps - least) / (greatest - least + 1e-5) > 0.5
    tokens, image = patch.applied.tokens[0][0].home, torch.zeros(2, CELLS, WIDTH)
    key, value = (x.transpose(0, 1).flatten(1)[None] for x in (tokens.key, tokens.value))
    for subjects, owned in (([0], [0, 1, 2]), ([1], [3, 4]), ([0, 1], [0, 1, 2, 3, 4])):
        inside = (seen[:, 0] == (0 in subjects)) & (seen[:, 1] == (1 in subjects))
        assert inside.any()
        image += by_hand(q[rows], key[:, owned], value[:, owned]) * inside[..., None]
    assert close(out[rows], plain[rows] + image)
    rest = [n for n in range(len(q)) if not rows.start <= n < rows.stop]
    assert close(out[rest], plain[rest])


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("areas", [False, True])
@pytest.mark.parametrize("kinds", [(0,), (1, 0, 1)])
def test_text_in_box_closes_a_phrase_to_the_cells_outside(kinds, areas, way, make, rule):
    text = rule(areas=areas, text_in_box=True, start_step=1000)
    (more, share), patch, (q, k, v) = way, make(text=text), qkv(2 * len(kinds))
    out = patch(q, k, v, options(len(q), kinds, **more))
    rows = slice(2 * kinds.index(0), 2 * kinds.index(0) + 2)
    left = (torch.arange(CELLS) % GRID[1] < 3)[:, None]
    place = torch.arange(LENGTH)
    open_to = ~((place == 1) & ~left) & ~(((place == 2) | (place == 3)) & left)
    expected = share * by_hand(q, k, v)
    expected[rows] = share * by_hand(q[rows], k[rows], v[rows], open_to) + added(patch, q[rows])
    assert close(out, expected)


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize(
    "changes", [{}, {"text_in_box": True}, {"text_in_box": True, "areas": False}]
)
def test_a_text_that_comfyui_has_repeated_says_the_same(changes, way, make, rule):
    q, k, v = qkv(2)
    twice = (each.repeat(1, 2, 1) for each in (k, v))
    once = make(text=rule(**changes))(q, k, v, options(2, **way[0]))
    assert close(make(text=rule(**changes))(q, *twice, options(2, **way[0])), once)


def test_another_packs_text_attention_stays_where_areas_are_found(make, rule):
    q, k, v = qkv(2)
    alone, both = make(text=rule()), make(halved, text=rule())
    half = 0.5 * by_hand(q, k, v)
    assert close(both(q, k, v, options(2)), alone(q, k, v, options(2)) - half)


def test_areas_take_over_at_a_new_noise_level(make, rule):
    patch, (q, k, v) = make(text=rule(start_step=2)), qkv(1)
    boxes = by_hand(q, k, v) + added(patch, q)
    for sigma, found in ((9.0, False), (9.0, False), (8.0, True)):
        out = patch(q, k, v, options(1, sigmas=torch.tensor([sigma])))
        assert close(out, boxes) is not found


def test_subjects_out_of_their_time_leave_the_text_attention(pack, make):
    times, (q, k, v) = pack.schedule.Times, qkv(1)
    patch = make(times=[times(0.0, 0.5), times(0.5, 1.0)])
    for sigma, left, right in ((9.0, 1, 0), (1.0, 0, 1)):
        acting = torch.tensor([left, right])[(torch.arange(CELLS) % GRID[1] >= 3).long()]
        expected = by_hand(q, k, v) + added(patch, q) * acting[:, None]
        assert close(patch(q, k, v, options(1, sigmas=torch.tensor([sigma]))), expected)


def test_half_precision_text_in_box_stays_half(make, rule):
    for more, _ in WAYS.values():
        patch = make(text=rule(areas=False, text_in_box=True))
        q, k, v = (each.half() for each in qkv(1))
        made = patch(q, k, v, options(1, **more))
        exact = patch(q.float(), k.float(), v.float(), options(1, **more))
        assert made.dtype == torch.float16
        assert (made.float() - exact).abs().max() <= 2e-2


@pytest.fixture
def computed(pack, monkeypatch):
    """The rows and the arguments of each text attention that ComfyUI's code computes."""
    calls = []

    def recorded(q, *rest, **named):
        calls.append((len(q), named))
        return optimized_attention(q, *rest, **named)

    monkeypatch.setattr(pack.site_text, "optimized_attention", recorded)
    return calls


@pytest.mark.parametrize(
    ("kinds", "rows"),
    [((0,), []), ((0, 1), [2]), ((1, 0), [2]), ((1, 0, 2), [2, 2]), ((0, 0), []), ((1, 0, 0), [2])],
)
def test_rows_whose_areas_come_from_the_text_are_computed_once(kinds, rows, computed, make, rule):
    make(text=rule())(*qkv(2 * len(kinds)), options(2 * len(kinds), kinds))
    assert [count for count, _ in computed] == rows
    computed.clear()
    make()(*qkv(2 * len(kinds)), options(2 * len(kinds), kinds))
    assert [count for count, _ in computed] == [2 * len(kinds)], "nothing is read: all at once"


def test_closed_text_is_made_from_the_maps_that_are_there(computed, make, rule):
    make(text=rule(text_in_box=True))(*qkv(2), options(2))
    assert computed == []


def test_a_negative_prompt_alone_is_computed_at_once(computed, make, rule):
    make(text=rule())(*qkv(2), options(2, (1,)))
    assert [count for count, _ in computed] == [2]


def test_another_packs_attention_gets_all_rows_at_once(computed, make, rule):
    make(text=rule())(*qkv(4), options(4, (1, 0), **ANOTHER))
    assert [count for count, _ in computed] == [4]


def test_comfyuis_attention_gets_what_comfyui_would_give_it(computed, make):
    given = options(1, attn_precision=torch.float32)
    make()(*qkv(1), given)
    ((_, named),) = computed
    assert named["attn_precision"] == torch.float32
    assert named["transformer_options"] is given and named["mask"] is None


def test_maps_are_computed_in_the_precision_that_comfyui_asks_for(pack, make, rule, monkeypatch):
    asked = []

    def recorded(*arguments):
        asked.append(arguments[-1])
        return pack.text.text_probabilities(*arguments)

    monkeypatch.setattr(pack.site_text, "text_probabilities", recorded)
    make(text=rule())(*qkv(1), options(1, attn_precision=torch.float32))
    make(text=rule())(*qkv(1), options(1))
    assert asked == [torch.float32, None]
