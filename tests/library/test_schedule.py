"""Shares of the schedule and the noise levels that they become."""

import pytest
import torch

from msdiffusion_nodes.errors import InputError
from msdiffusion_nodes.method.schedule import SigmaRange, Times, check_schedule


@pytest.mark.parametrize(
    ("start", "end", "always"),
    [(0, 1, True), (-1, 2, True), (0.1, 1, False), (0, 0.9, False), (0.1, 0.9, False)],
)
def test_only_the_whole_schedule_needs_no_noise_levels(start, end, always):
    times = Times(start, end)
    assert times.always is always
    levels = None if always else SigmaRange(10 * (1 - start), 10 * (1 - end))
    assert times.sigmas(lambda percent: 10 * (1 - percent)) == levels


def test_something_acts_always_unless_told():
    assert Times() == Times(0.0, 1.0)


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        ((0.0, 1.0), (0.2, 0.8), (0.2, 0.8)),
        ((0.0, 0.5), (0.2, 0.8), (0.2, 0.5)),
        ((0.0, 0.2), (0.5, 1.0), (0.5, 0.2)),  # never
    ],
)
def test_two_times_act_where_both_do(one, other, both):
    assert Times(*one).within(Times(*other)) == Times(*both)
    assert Times(*other).within(Times(*one)) == Times(*both)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_both_ends_of_a_range_count(dtype):
    acts = SigmaRange(7.5, 2.5)
    for sigma, gate in ((7.6, 0), (7.5, 1), (5.0, 1), (2.5, 1), (2.4, 0)):
        made = acts.gate(torch.tensor([sigma, 100.0]), dtype)
        assert (made.tolist(), made.dtype) == ([gate], dtype)


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        (float("nan"), 1.0, "^start_percent: nan came; expected a finite number"),
        (0.0, float("inf"), "^end_percent: inf came; expected a finite number"),
        (0.6, 0.5, "^start_percent: 0.6 comes after end_percent 0.5; swap them"),
    ],
)
def test_a_time_that_cannot_be_is_refused(start, end, said):
    with pytest.raises(InputError, match=said):
        check_schedule(start, end)
    check_schedule(0.5, 0.5)
    check_schedule(0.0, 1.0)
