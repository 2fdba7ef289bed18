"""One site by itself, called as ComfyUI calls it: no model, no sampling."""

import copy
from types import SimpleNamespace

import pytest
import torch
from comfy.ldm.modules.attention import optimized_attention

HEADS, DIM, GRID, LENGTH = 2, 4, (4, 6), 5
CELLS, WIDTH, COUNTS = GRID[0] * GRID[1], HEADS * DIM, [3, 2]
KEY = ("input", 4, 0)
HALVES = [(0, 0, 0.5, 1), (0.5, 0, 1, 1)]


def random(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def qkv(rows, length=LENGTH):
    return random(rows, CELLS, WIDTH), *(random(rows, length, WIDTH, seed=n) for n in (1, 2))


def by_hand(q, k, v, mask=None):
    """Attention of q (rows, n, width) to k and v (rows or 1, t, width)."""
    q, k, v = (each.unflatten(-1, (HEADS, DIM)).transpose(1, 2) for each in (q, k, v))
    logits = q @ k.transpose(-1, -2) / DIM**0.5
    if mask is not None:
        logits = logits.masked_fill(~mask, -torch.inf)
    return (logits.softmax(-1) @ v).transpose(1, 2).flatten(2)


@pytest.fixture(scope="module")
def make(pack):
    """`make(…)`: a patch for two subjects in two halves, and anything changed."""
    layout, method = pack.layout, pack.applied

    def site_tokens(seed):
        pair = (random(HEADS, 5, DIM, seed=seed), random(HEADS, 5, DIM, seed=seed + 1))
        return method.PlacedTokens(pack.adapter.SiteTokens(*pair))

    def made(earlier=None, layouts=(HALVES,), **changes):
        regions = [[layout.Region(layout.Box(*box)) for box in boxes] for boxes in layouts]
        applied = method.AppliedSubjects(
            layouts=[layout.Layout(tuple(each), 48, 32) for each in regions],
            tokens=[[site_tokens(10 * n)] for n in range(len(layouts))],
            token_counts=COUNTS,
            **changes,
        )
        bare = pack.run.SubjectsRun(applied, lambda percent: 10 * (1 - percent))
        return pack.site_patch.SitePatch(0, KEY, applied, earlier, bare)

    return made


def added(patch, query, boxes=HALVES, number=0):
    """What two subjects in halves that do not overlap add, cell by cell."""
    tokens, out = patch.applied.tokens[number][0].home, torch.zeros_like(query)
    key, value = (each.transpose(0, 1).flatten(1)[None] for each in (tokens.key, tokens.value))
    for (x0, _, x1, _), part in zip(boxes, (slice(0, 3), slice(3, 5)), strict=True):
        inside = torch.zeros(GRID, dtype=torch.bool)
        inside[:, round(x0 * GRID[1]) : round(x1 * GRID[1])] = True
        all_cells = by_hand(query, key[:, part], value[:, part])
        out += all_cells * inside.flatten()[None, :, None]
    return out


def options(rows, kinds=(0,), **more):
    shape = [rows, 320, *GRID]
    given = {"n_heads": HEADS, "activations_shape": shape, "cond_or_uncond": list(kinds)}
    return {**given, "sigmas": torch.full((rows,), 5.0), **more}


def close(made, expected):
    return torch.allclose(made, expected, atol=1e-5)


@pytest.fixture
def announced(pack):
    """`announced(patch, kinds, pictures, …)`: options of a call within a run."""

    def given(patch, kinds=(0,), pictures=1, rows=None, size=GRID, called=(), **more):
        one = pack.calls.Condition
        conditions = [one(kind, kind == 0, tuple(size)) for kind in kinds]
        call = pack.calls.Call(conditions, list(kinds), pictures, **more)
        state = {patch.applied: patch.bare}.__getitem__
        run = SimpleNamespace(called=None if called is None else set(called), state_of=state)
        evaluation = SimpleNamespace(run=run, call=lambda options: call)
        rows = len(kinds) * pictures if rows is None else rows
        made = options(rows, kinds, original_shape=[rows, 4, *GRID])
        return {**made, pack.runs.EVALUATION: evaluation}

    return given


@pytest.mark.parametrize("kinds", [(0,), (0, 1), (1, 0), (1, 0, 2)])
def test_subjects_are_added_in_positive_rows_and_the_others_stay_bit_for_bit(kinds, make):
    patch, (q, k, v) = make(), qkv(2 * len(kinds))
    out, plain = patch(q, k, v, options(len(q), kinds)), optimized_attention(q, k, v, HEADS)
    positive = slice(2 * kinds.index(0), 2 * kinds.index(0) + 2)
    assert close(out[positive], plain[positive] + added(patch, q[positive]))
    rest = torch.ones(len(q), dtype=torch.bool)
    rest[positive] = False
    assert torch.equal(out[rest], plain[rest])


def test_a_site_tells_its_run_that_it_was_called_while_that_is_asked(pack, make, announced):
    patch, inputs = make(), qkv(1)
    asked = announced(patch)
    patch(*inputs, asked)
    assert asked[pack.runs.EVALUATION].run.called == {(patch.applied, 0)}
    no_longer = announced(patch, called=None)
    patch(*inputs, no_longer)
    assert no_longer[pack.runs.EVALUATION].run.called is None


def test_what_the_call_was_made_with_comes_before_what_it_has_now(pack, make, announced):
    patch, (q, k, v) = make(), qkv(2)
    before = announced(patch, (1, 0))
    before[pack.runs.CALL] = before[pack.runs.EVALUATION].call({})

    def changed(_):
        raise AssertionError("the options may have been changed since")

    before[pack.runs.EVALUATION].call = changed
    out, plain = patch(q, k, v, before), optimized_attention(q, k, v, HEADS)
    assert torch.equal(out[:1], plain[:1]) and close(out[1:], plain[1:] + added(patch, q[1:]))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"pictures": 2, "rows": 1}, "1 rows came for 1 conditions of 2 pictures"),
        ({"size": (8, 6)}, "4×6 cells .* of a latent of 8×6"),
        ({"size": (4, 12)}, "4×6 cells .* of a latent of 4×12"),
    ],
)
def test_what_came_must_be_what_was_announced(changes, said, make, announced):
    patch = make()
    with pytest.raises(ValueError, match=f"^model: another node .*{said}"):
        patch(*qkv(1), announced(patch, **changes))


def test_queries_must_be_the_grids_cells(make):
    with pytest.raises(ValueError, match="^model: .* 24 queries came for 4×5 cells.*ToMe"):
        make()(*qkv(1), options(1, activations_shape=[1, 320, 4, 5]))


@pytest.fixture(scope="module")
def rule(pack):
    def made(**changes):
        given = {"positions": [[1], [2, 3]], "length": LENGTH, "threshold": 0.5, "start_step": 1}
        return pack.found.TextRule(**given | changes)

    return made


def test_a_text_in_which_phrases_stand_elsewhere_is_refused_where_they_are_read(make, rule):
    q, k, v = qkv(1, 7)
    assert make()(q, k, v, options(1)).isfinite().all()
    with pytest.raises(ValueError, match="^auto_layout: its prompt has 5 tokens, and 7 came"):
        make(text=rule())(q, k, v, options(1))
    with pytest.raises(ValueError, match="^auto_layout: another node .attention couple."):
        make(text=rule())(*qkv(2), {**options(2), "activations_shape": [1, 320, *GRID]})


def halved(q, k, v, extra_options):
    return optimized_attention(q, k, v, extra_options["n_heads"]) / 2


def doubled(q, k, v, extra_options):
    return optimized_attention(q, k, v, extra_options["n_heads"]) * 2


def test_another_packs_patch_gives_the_text_attention(make, rule, announced):
    q, k, v = qkv(1)
    plain = optimized_attention(q, k, v, HEADS)
    for earlier, replaced, share in (
        (halved, {}, 0.5),
        (None, {KEY[:2]: doubled}, 2),  # one for the whole block, which ComfyUI would not ask
        (halved, {KEY[:2]: doubled}, 0.5),
        (None, {("input", 5): doubled, KEY: doubled}, 1),
    ):
        patch = make(earlier)
        out = patch(q, k, v, announced(patch, replaced=replaced))
        assert close(out, share * plain + added(patch, q))
    keeps = make(text=rule(areas=False, text_in_box=True))
    with pytest.raises(ValueError, match="^auto_layout: text_in_box needs the text attention"):
        keeps(q, k, v, announced(keeps, replaced={KEY[:2]: doubled}))
    finds = make(text=rule())
    assert finds(q, k, v, announced(finds, replaced={KEY[:2]: doubled})).isfinite().all()


def test_another_packs_tensor_is_not_written_to(make):
    kept = []

    def keeps(*arguments):
        kept.append(halved(*arguments))
        return kept[0]

    q, k, v = qkv(1)
    make(keeps)(q, k, v, options(1))
    assert torch.equal(kept[0], halved(q, k, v, {"n_heads": HEADS}))


class Earlier:
    """Another pack's patch with all that ComfyUI may call on it."""

    def __init__(self):
        self.targets, self.cleaned, self.moved = [], 0, object()

    def to(self, target):
        self.targets.append(target)
        return self.moved

    def models(self):
        return ["needed"]

    def cleanup(self):
        self.cleaned += 1


def test_an_earlier_patch_is_told_what_comfyui_says(make):
    earlier = Earlier()
    patch = make(earlier)
    assert patch.models() == ["needed"]
    patch.cleanup()
    assert earlier.cleaned == 1
    assert patch.to(torch.float16) is patch
    assert patch.earlier is earlier.moved and earlier.targets == [torch.float16]
    for plain in (make(), make(halved)):
        plain.cleanup()
        assert plain.models() == [] and plain.to(torch.float16) is plain


def test_tokens_follow_the_model_to_a_device_but_to_no_other_type(make):
    patch = make(layouts=[HALVES, HALVES])
    patch.to(torch.float16)
    assert [placed.copies for placed in patch.tokens] == [{}, {}]
    patch.to(torch.device("meta"))
    assert [len(placed.copies) for placed in patch.tokens] == [1, 1]
    patch.to(torch.device("cpu"))
    assert [placed.copies for placed in patch.tokens] == [{}, {}]


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda patch: patch.copy()])
def test_a_copy_has_its_own_list_and_the_same_tensors(copied, make):
    patch = make(halved)
    patch.add(print)
    twin = copied(patch)
    twin.add(repr)
    assert [callback for callback, _ in patch.added] == [print]
    assert [callback for callback, _ in twin.added] == [print, repr]
    for name in ("site", "key", "applied", "earlier", "bare"):
        assert getattr(twin, name) is getattr(patch, name)


@pytest.mark.parametrize(
    ("arguments", "acts"),
    [
        ({}, True),
        ({"sigma_start": 6.0, "sigma_end": 4.0}, True),
        ({"sigma_start": 4.0, "sigma_end": 2.0}, False),
        ({"sigma_start": 9.0, "sigma_end": 6.0}, False),
        ({"sigma_start": 4.0}, True),
        ({"sigma_end": 6.0}, True),
    ],
)
def test_another_packs_addition_acts_in_its_time_alone(arguments, acts, make):
    def callback(out, q, k, v, extra_options, strength, **named):
        assert named == arguments and extra_options["n_heads"] == HEADS
        assert v.shape == k.shape
        return strength * (out + q).double()

    patch, (q, k, v) = make(), qkv(1)
    alone = patch(q, k, v, options(1))
    patch.add(callback, strength=0.5, **arguments)
    made = patch(q, k, v, options(1))
    assert made.dtype == torch.float32
    assert close(made, alone + 0.5 * (alone + q) if acts else alone)


LEFT_RIGHT = [HALVES, [(0.5, 0, 1, 1), (0, 0, 0.5, 1)], [(0, 0, 0.5, 1), (0.5, 0, 1, 1)]]


@pytest.mark.parametrize(
    ("which", "pictures", "expected"), [(None, 3, (0, 1, 2)), ((2, 1), 2, (2, 1)), ((1,), 1, (1,))]
)
def test_each_picture_has_its_own_layout(which, pictures, expected, make, announced):
    patch, (q, k, v) = make(layouts=LEFT_RIGHT), qkv(2 * pictures)
    out = patch(q, k, v, announced(patch, (1, 0), pictures, which=which))
    plain = optimized_attention(q, k, v, HEADS)
    assert torch.equal(out[:pictures], plain[:pictures])
    for row, number in enumerate(expected, start=pictures):
        one = slice(row, row + 1)
        assert close(out[one], plain[one] + added(patch, q[one], LEFT_RIGHT[number], number))


def test_each_pictures_copies_have_its_layout(make, announced):
    patch, (q, k, v) = make(layouts=LEFT_RIGHT), qkv(6)
    out = patch(q, k, v, announced(patch, (0,), 3, rows=3))
    plain = optimized_attention(q, k, v, HEADS)
    for row in range(6):
        one, number = slice(row, row + 1), row % 3
        assert close(out[one], plain[one] + added(patch, q[one], LEFT_RIGHT[number], number))


def test_as_many_pictures_as_layouts_must_come_unless_somebody_says_which(make):
    with pytest.raises(ValueError, match="^layout: there are 3 layouts for 2 pictures"):
        make(layouts=LEFT_RIGHT)(*qkv(2), options(2))


# --- areas and text that are read from the text --------------------------------------------------


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
