"""Auto layout's rule: which prompts it refuses, and when the areas that it finds take over."""

import pytest
import torch

from msdiffusion_nodes.errors import InputError
from msdiffusion_nodes.method.found import AutoLayoutSettings, MapAverage, TextRule, is_same_text

OWN = torch.randn(1, 4, 6, generator=torch.Generator().manual_seed(0))
LENGTHS = OWN.norm(dim=-1, keepdim=True)
AWAY = torch.zeros(1, 4, 6)
AWAY[..., 0] = 1  # a direction of length 1 for each token


def rule(**changes):
    given = {"positions": [[1]], "length": 4, "threshold": 0.5, "start_step": 2, "prompt": "a dog"}
    return TextRule(**given | changes)


def moved(share, tokens=(0, 1, 2, 3)):
    """The text with some tokens moved by a share of their length."""
    by = torch.zeros(1, 4, 1)
    by[:, list(tokens)] = share
    return OWN + by * LENGTHS * AWAY


@pytest.mark.parametrize(
    ("came", "same"),
    [
        (OWN, True),
        (OWN.half(), True),
        (OWN.expand(3, -1, -1), True),
        (moved(0.0009), True),
        (moved(0.0011), False),
        (moved(0.0011, [2]), False),
        (moved(1.0, [0, 1, 2]), False),
        (-OWN, False),
        (OWN[:, :3], False),
        (OWN[..., :5], False),
        (OWN.repeat(1, 2, 1), False),
        (OWN[:, :1], False),
        (OWN[..., :1], False),
    ],
)
def test_texts_are_the_same_but_for_rounding(came, same):
    assert is_same_text(came, OWN) is same


def test_a_token_of_length_zero_is_equal_to_itself():
    assert is_same_text(torch.zeros(1, 4, 6), torch.zeros(1, 4, 6))


def test_a_prompt_must_be_one_of_auto_layouts():
    accepts = rule(embeddings=[OWN, -OWN])
    accepts.check_prompt(OWN, "it")
    accepts.check_prompt(-OWN, "it")
    for came in (None, 2 * OWN):
        with pytest.raises(InputError, match='^auto_layout: it is not the text .*"a dog"'):
            accepts.check_prompt(came, "it")
    with pytest.raises(InputError, match="^auto_layout: it is not"):
        rule().check_prompt(OWN, "it")
    with pytest.raises(InputError, match=f'"{160 * "x"}…"'):
        rule(prompt=161 * "x").check_prompt(OWN, "it")


@pytest.mark.parametrize(
    ("length", "copies", "said"),
    [
        (4, 1, None),
        (8, 1, None),
        (6, 1, "^auto_layout: its prompt has 4 tokens, and 6 came"),
        (5, 1, "its prompt has 4 tokens, and 5 came"),
        (4, 2, "^auto_layout: another node .attention couple. gives regions"),
    ],
)
def test_the_text_at_a_site_must_be_the_prompt_or_its_repetition(length, copies, said):
    if said is None:
        rule().check_text(length, copies)
        return
    with pytest.raises(InputError, match=said):
        rule().check_text(length, copies)


def test_areas_are_read_and_text_is_left_alone_unless_told():
    for made in (rule(), AutoLayoutSettings("a dog", list, [OWN], 0.5, 2)):
        assert (made.areas, made.text_in_box, made.start_percent) == (True, False, 0.0)


MAPS = torch.tensor([[[0.0, 0.25, 0.5, 1.0]]])
BEFORE = torch.tensor([[[1.0, 0.5, 0.0, 0.0]]])


def test_a_map_is_cut_above_the_threshold_between_its_least_and_greatest_value():
    for least, scale in ((0.0, 1.0), (3.0, 0.125)):
        average = MapAverage(MAPS)
        average.update(least + scale * MAPS, torch.tensor(5.0))
        for threshold, found in ((0.2, [0, 1, 1, 1]), (0.6, [0, 0, 0, 1]), (0.0, [0, 1, 1, 1])):
            made = average.coverage(rule(threshold=threshold, start_step=1), BEFORE)
            assert made.tolist() == [[found]]
    nearly = MapAverage(MAPS)
    nearly.update(1e-5 * MAPS, torch.tensor(5.0))
    assert nearly.coverage(rule(threshold=0.4, start_step=1), BEFORE).tolist() == [[[0, 0, 0, 1]]]
    assert not nearly.coverage(rule(threshold=0.6, start_step=1), BEFORE).any()
    even = MapAverage(MAPS)
    even.update(torch.ones_like(MAPS), torch.tensor(5.0))
    assert not even.coverage(rule(threshold=0.0, start_step=1), BEFORE).any()


@pytest.mark.parametrize("sigma", [0.0, 1.0, 3.0])
def test_the_first_evaluation_counts_at_any_noise_level(sigma):
    average = MapAverage(MAPS)
    average.update(MAPS, torch.tensor(sigma))
    average.update(2 * MAPS, torch.tensor(sigma))
    assert average.count == 1 and torch.equal(average.mean, MAPS)


def test_half_precision_maps_stay_half():
    average = MapAverage(MAPS.half())
    for sigma in (5.0, 4.0):
        average.update(MAPS.half(), torch.tensor(sigma, dtype=torch.float64))
    kept = (average.mean, average.count, average.sigma)
    assert [each.dtype for each in kept] == [torch.float16] * 3
    made = average.coverage(rule(), BEFORE)
    assert made.dtype == torch.float32 and made.tolist() == [[[0, 0, 0, 1]]]


def test_an_average_follows_its_maps_to_another_device():
    average = MapAverage(MAPS)
    average.update(MAPS.to("meta"), torch.tensor(5.0, device="meta"))
    kept = (average.mean, average.count, average.sigma)
    assert [each.device.type for each in kept] == ["meta"] * 3
