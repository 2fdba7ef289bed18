"""One site by itself, called as ComfyUI calls it: no model, no sampling."""

import copy

import pytest
import torch
from comfy.ldm.modules.attention import optimized_attention
from one_site import GRID, HALVES, HEADS, KEY, added, close, halved, options, qkv


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


def test_a_text_in_which_phrases_stand_elsewhere_is_refused_where_they_are_read(make, rule):
    q, k, v = qkv(1, 7)
    assert make()(q, k, v, options(1)).isfinite().all()
    with pytest.raises(ValueError, match="^auto_layout: its prompt has 5 tokens, and 7 came"):
        make(text=rule())(q, k, v, options(1))
    with pytest.raises(ValueError, match="^auto_layout: another node .attention couple."):
        make(text=rule())(*qkv(2), {**options(2), "activations_shape": [1, 320, *GRID]})


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
