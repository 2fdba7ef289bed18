"""The measures of obeyed boxes, on pictures whose answer is known."""

import numpy as np
import pytest
import torch
from tiny_world.named import named
from tiny_world.obedience.measures import measure
from tiny_world.obedience.records import add, read, table
from tiny_world.obedience.trials import CELLS, KINDS, TWICE, alike, trial
from tiny_world.training.scenes import COLOURS, shrink

RGB = {name: torch.tensor(colour) for name, colour in COLOURS.items()}
SHIFT = 8  # cells
CLEAR = 2  # a trial whose emoji have other colours than its background


def painted(trial, kind, shift=0, names=None):
    """The emoji pasted into their boxes over a gradient: (CELLS, CELLS, 3)."""
    by_name = {one.name: one.picture for one in named()}
    along = torch.linspace(-0.1, 0.1, CELLS)[:, None, None]
    picture = (RGB[trial.colour] + along).expand(CELLS, CELLS, 3).clone()
    for box, name in zip(trial.layouts[kind], names or trial.names, strict=True):
        x0, y0, x1, y1 = (round(CELLS * edge) for edge in box)
        cut = by_name[name].permute(2, 0, 1)
        cut = torch.cat([cut[:3] * cut[3:], cut[3:]])
        small = shrink(cut, y1 - y0, x1 - x0).permute(1, 2, 0)
        rows, columns = ((torch.arange(a, b) + shift) % CELLS for a, b in ((y0, y1), (x0, x1)))
        part = picture[rows[:, None], columns]
        picture[rows[:, None], columns] = part * (1 - small[..., 3:]) + small[..., :3]
    return picture.clamp(0, 1)


def found(picture, trial, kind):
    return measure(picture, trial.layouts[kind], trial.names, named(), RGB, trial.colour)


@pytest.mark.parametrize("kind", KINDS)
def test_emoji_in_their_boxes_are_seen_there(kind):
    boxes = []
    for number in range(6):
        wanted = trial(number)
        boxes += found(painted(wanted, kind), wanted, kind)
    assert all(box.background and box.own < 0.03 for box in boxes)
    assert np.mean([box.right for box in boxes]) > 0.9  # seven cells do not show everything
    # some emoji are hardly to be seen before a background of their own colour
    assert np.median([box.iou for box in boxes]) > 0.5


def test_emoji_beside_their_boxes_are_not():
    wanted = trial(CLEAR)
    there = found(painted(wanted, "usual"), wanted, "usual")
    beside = found(painted(wanted, "usual", SHIFT), wanted, "usual")
    for one, other in zip(there, beside, strict=True):
        assert other.iou < one.iou / 2 and other.own > 2 * one.own


def test_swapped_emoji_are_in_boxes_but_not_their_own():
    wanted = trial(CLEAR)
    swapped = painted(wanted, "usual", names=wanted.names[::-1])
    for box in found(swapped, wanted, "usual"):
        assert box.iou > 0.4 and not box.right and box.other < box.own


def test_another_background_is_noticed():
    wanted = trial(0)
    shown = painted(wanted, "usual")
    other = next(name for name in COLOURS if name != wanted.colour)
    boxes = measure(shown, wanted.layouts["usual"], wanted.names, named(), RGB, other)
    assert not any(box.background for box in boxes)


def test_trials_have_every_kind_and_the_same_emoji_twice_now_and_then():
    trials = [trial(number) for number in range(2 * TWICE)]
    assert [each.twice for each in trials] == ([False] * (TWICE - 1) + [True]) * 2
    assert all(set(each.layouts) == set(KINDS) for each in trials)
    assert trial(5) == trial(5) != trial(6)
    one, other = alike(0).names
    assert one != other


def test_a_stopped_run_keeps_what_was_finished(tmp_path):
    path = tmp_path / "some.jsonl"
    boxes = [found(painted(trial(0), kind), trial(0), kind) for kind in KINDS]
    records = [{"number": 0, "boxes": [box.record() for box in each]} for each in boxes]
    add(path, records)
    with path.open("a") as file:
        file.write('{"number": 1, "boxes": [{"iou"')  # where it was stopped
    assert read(path) == records and read(tmp_path / "none.jsonl") == []
    head, _, row = table({"pasted": read(path), "nothing": []})
    assert row.startswith("| pasted | 0.") and row.endswith("| 8 |") and "IoU" in head
