"""The queue alone: who gets a row when something goes wrong. Servers are in test_servers."""

import time
from threading import Event, Thread

import pytest
from batching.ends import RowFault, ServerFault
from batching.spreading import Spreading
from batching.tasks import Task


class Painter:
    """Paints by a function of the task and of how often this painter has been asked."""

    def __init__(self, name, paint=lambda task: b"picture", revive=lambda: None):
        self.name, self.act, self.back = name, paint, revive
        self.asked = []

    def paint(self, task, timeout, stop):
        self.asked.append(task.row)
        return self.act(task)

    def revive(self, stop):
        self.back()


def fails(reason):
    def paint(task=None):
        raise reason

    return paint


def spread(painters, rows=6, keep=None, tries=3, in_flight=1):
    """Spreads rows; returns how they ended and what was told."""
    ended, told = [], []
    tasks = [Task(row, str(row), {}) for row in range(1, rows + 1)]
    spreading = Spreading(
        tasks,
        painters,
        keep or ended.append,
        lambda *event: told.append(event),
        lambda painter: None,
        1,
        tries,
        in_flight,
    )
    runner = Thread(target=spreading.run, args=(lambda: None,))
    if keep is None:
        runner.start()
        runner.join(20)
        assert not runner.is_alive(), "it waits for ever"
    else:
        spreading.run(lambda: None)
    return ended, told


def rows_of(ended):
    return sorted(one.task.row for one in ended)


def test_each_row_is_painted_once():
    painters = [Painter("a"), Painter("b")]
    ended, told = spread(painters, rows=50, in_flight=2)
    assert rows_of(ended) == list(range(1, 51)) and told == []
    assert sorted(painters[0].asked + painters[1].asked) == list(range(1, 51))


def test_a_row_that_every_server_fails_with_does_not_take_the_servers_along():
    """One row is too large for the only server there is."""

    def paint(task):
        if task.row == 2:
            raise ServerFault("out of memory")
        return b"picture"

    painter = Painter("a", paint)
    ended, told = spread([painter])
    assert rows_of(ended) == [1, 2, 3, 4, 5, 6]
    (bad,) = [one for one in ended if one.error]
    assert (bad.task.row, bad.tries) == (2, 3) and "out of memory" in bad.error
    assert painter.asked.count(2) == 3
    assert [event for _, event, _ in told] == ["fault", "back"] * 3


def test_a_row_goes_to_another_server_even_if_the_first_is_back_sooner():
    gone = Painter("gone", fails(ServerFault("no")))
    slow = Painter("slow", lambda task: time.sleep(0.05) or b"picture")
    ended, told = spread([gone, slow], rows=5)
    assert rows_of(ended) == [1, 2, 3, 4, 5] and not any(one.error for one in ended)
    assert len(set(gone.asked)) == len(gone.asked) == 3
    assert ("gone", "left out", "it failed with 3 rows in a row") in told


def test_a_rows_own_fault_is_not_tried_again():
    painters = [
        Painter("a", fails(RowFault("bad mask"))),
        Painter("b", fails(RowFault("bad mask"))),
    ]
    ended, told = spread(painters)
    assert [one.error for one in ended] == ["bad mask"] * 6
    assert {one.tries for one in ended} == {1} and told == []


def test_a_server_that_does_not_come_back_is_left_out_and_the_rest_stays():
    def paint(task):
        if task.row > 2:
            raise ServerFault("gone")
        return b"picture"

    ended, told = spread([Painter("a", paint, fails(ServerFault("still gone")))])
    assert rows_of(ended) == [1, 2]
    assert told[-1] == ("a", "left out", "still gone")


def test_a_picture_that_is_not_whole_is_painted_again():
    torn = []

    def keep(ended):
        if not torn:
            torn.append(ended)
            raise ValueError("torn")
        kept.append(ended)

    kept = []
    spread([Painter("a")], rows=2, keep=keep)
    assert rows_of(kept) == [1, 2] and not any(one.error for one in kept)


def test_a_full_disk_ends_the_batch():
    def keep(ended):
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        spread([Painter("a"), Painter("b")], keep=keep)


def test_a_server_with_several_rows_is_revived_once_for_all_of_them():
    both, revived = Event(), []

    def paint(task):
        if revived:
            return b"picture"
        waiting.append(task)
        if len(waiting) == 2:
            both.set()
        both.wait(5)
        raise ServerFault("gone")

    waiting = []
    ended, told = spread([Painter("a", paint, lambda: revived.append(1))], rows=4, in_flight=2)
    assert rows_of(ended) == [1, 2, 3, 4]
    assert len(revived) == 1
