"""A queue of rows that painters take from: the quick ones take more.

A painter takes a row when it is free, so no more rows are under way than painters can paint. A
row whose painter fails goes back to the front, for another painter.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Condition, Event, Lock, Thread

from .ends import RowFault, ServerFault, Stopped
from .painters import Painter
from .tasks import Task

FAULTS = 3  # rows with which a painter fails one after the other before it is left out


@dataclass
class Attempt:
    """A task, and the painters on which it has failed with the reasons."""

    task: Task
    failed_on: dict[str, str] = field(default_factory=dict)
    begun: int = 0


@dataclass(frozen=True)
class Ended:
    """How a row ended: with a picture, or with an error."""

    task: Task
    painter: str
    tries: int
    seconds: float
    picture: bytes = b""
    error: str = ""


class Spreading:
    """Paints tasks on painters, each in threads of its own.

    Args:
        painters: which are open.
        keep: is called with each row that ended, in several threads. A ValueError means that the
            picture is not whole.
        tell: is called with a painter's name, what happened to it and why.
        admit: raises ServerFault when a painter that came back cannot paint these tasks.
    """

    def __init__(
        self,
        tasks: Sequence[Task],
        painters: Sequence[Painter],
        keep: Callable[[Ended], None],
        tell: Callable[[str, str, str], None],
        admit: Callable[[Painter], None],
        timeout: float,
        tries: int,
        in_flight: int,
    ) -> None:
        self.painters = painters
        self.keep, self.tell, self.admit = keep, tell, admit
        self.timeout, self.tries, self.in_flight = timeout * in_flight, tries, in_flight
        self.stop = Event()  # also at the end, so that nobody waits for a painter to come back
        self.error: BaseException | None = None
        self._waiting = deque(Attempt(task) for task in tasks)
        self._running = 0
        self._alive: dict[str, int] = {}  # threads by painter
        self._reviving = {painter.name: Lock() for painter in painters}
        self._lives = {painter.name: 0 for painter in painters}  # how often it was revived
        self._changed = Condition()

    def run(self, look: Callable[[], None]) -> None:
        """Paints until all rows have ended or no painter is left; calls `look` now and then.

        What interrupts this thread stops everything: rows under way are taken back.
        """
        threads = [
            Thread(target=self._work, args=(painter,), daemon=True)
            for painter in self.painters
            for _ in range(self.in_flight)
        ]
        self._alive = {painter.name: self.in_flight for painter in self.painters}
        for thread in threads:
            thread.start()
        try:
            while any(thread.is_alive() for thread in threads):
                look()
                time.sleep(0.1)
        finally:
            self.stop.set()
            for thread in threads:
                thread.join(15)
        if self.error is not None:
            raise self.error

    def _work(self, painter: Painter) -> None:
        failed: set[int] = set()  # one row alone may be at fault itself
        try:
            while attempt := self._take(painter):
                life = self._lives[painter.name]
                reason = self._try(painter, attempt)
                if not reason:
                    failed.clear()
                    continue
                failed.add(attempt.task.row)
                self.tell(painter.name, "fault", f"row {attempt.task.row}: {reason}")
                if len(failed) >= FAULTS:
                    self.tell(painter.name, "left out", f"it failed with {FAULTS} rows in a row")
                    return
                self._revive(painter, life)
        except ServerFault as error:
            if not self.stop.is_set():
                self.tell(painter.name, "left out", str(error))
        except Stopped:
            pass
        except BaseException as error:  # a full disk, or a fault of the code
            self.error = error
            self.stop.set()
        finally:
            with self._changed:
                self._alive[painter.name] -= 1
                self._changed.notify_all()

    def _revive(self, painter: Painter, life: int) -> None:
        """Has a painter come back, once for all of its threads."""
        with self._reviving[painter.name]:
            if self._lives[painter.name] == life:
                painter.revive(self.stop)
                self.admit(painter)
                self._lives[painter.name] += 1
                self.tell(painter.name, "back", "it answers again")

    def _try(self, painter: Painter, attempt: Attempt) -> str:
        """Paints one row; returns what is wrong with the painter, if anything."""
        attempt.begun += 1
        began = time.monotonic()
        picture, error, reason = b"", "", ""
        try:
            picture = painter.paint(attempt.task, self.timeout, self.stop)
        except RowFault as fault:
            error = str(fault)
        except ServerFault as fault:
            reason = str(fault)
        except BaseException:
            self._end(attempt, back=True)
            raise
        seconds = time.monotonic() - began
        if not reason:
            reason = self._keep(attempt, painter, seconds, picture, error)
        if reason:
            self._put_back(attempt, painter, seconds, reason)
        return reason

    def _keep(
        self, attempt: Attempt, painter: Painter, seconds: float, picture: bytes, error: str
    ) -> str:
        """Hands a row over; returns why its picture is no picture, if it is none."""
        try:
            ended = Ended(attempt.task, painter.name, attempt.begun, seconds, picture, error)
            self.keep(ended)
        except ValueError as fault:
            return str(fault)
        except BaseException:
            self._end(attempt, back=True)
            raise
        self._end(attempt, back=False)
        return ""

    def _put_back(self, attempt: Attempt, painter: Painter, seconds: float, reason: str) -> None:
        """For another painter, unless enough of them have tried."""
        attempt.failed_on[painter.name] = reason
        if attempt.begun >= self.tries:
            why = "; ".join(f"{name}: {one}" for name, one in attempt.failed_on.items())
            error = f"{attempt.begun} times a server failed with it: {why}"
            self._keep(attempt, painter, seconds, b"", error)
        else:
            self._end(attempt, back=True)

    def _take(self, painter: Painter) -> Attempt | None:
        """The next row for this painter; None when there will be no more."""
        with self._changed:
            while not self.stop.is_set():
                others = {name for name, count in self._alive.items() if count} - {painter.name}
                for attempt in self._waiting:
                    # where it has failed it goes only if nobody else is left to try
                    if painter.name not in attempt.failed_on or others <= attempt.failed_on.keys():
                        self._waiting.remove(attempt)
                        self._running += 1
                        return attempt
                if not self._waiting and not self._running:
                    self.stop.set()
                    break
                self._changed.wait(0.5)
            self._changed.notify_all()
        return None

    def _end(self, attempt: Attempt, back: bool) -> None:
        with self._changed:
            self._running -= 1
            if back:
                self._waiting.appendleft(attempt)
            self._changed.notify_all()
