"""Which painters take part: those that answer and have all that the rows need."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from console import SetupError, note

from .ends import ServerFault
from .faults import refuse
from .fitting import faults_of, misfits
from .painters import Painter
from .records import Log, now
from .tasks import Task

Tell = Callable[[str, str, str], None]  # a painter's name, what happened to it, why


def telling(log: Log, say: Callable[[str], None] = note) -> Tell:
    """Writes what happens to servers into a log, and says it on the screen."""

    def tell(server: str, event: str, reason: str) -> None:
        log.add({"time": now(), "server": server, "event": event, "reason": reason})
        say(f"{server}: {event}: {reason}")

    return tell


def open_all(painters: Sequence[Painter], stack: ExitStack, tell: Tell) -> list[Painter]:
    """Opens painters side by side, and closes them with the stack; returns those that are open.

    Raises:
        SetupError: there is none.
    """

    def opened(painter: Painter) -> str:
        try:
            painter.open()
        except ServerFault as error:
            return str(error)
        return ""

    for painter in painters:
        stack.callback(painter.close)
    with ThreadPoolExecutor(len(painters)) as threads:
        reasons = list(threads.map(opened, painters))
    found = []
    for painter, reason in zip(painters, reasons, strict=True):
        if reason:
            tell(painter.name, "left out", reason)
        else:
            found.append(painter)
    if not found:
        raise SetupError(f"No server can be used:\n{_lines(painters, reasons)}")
    return found


def admit(
    table: Path, tasks: Sequence[Task], painters: Sequence[Painter], tell: Tell
) -> list[Painter]:
    """The painters that have all that the tasks need.

    What one lacks and another has leaves the first one out. What none has is a fault of the table.

    Raises:
        SetupError: lists the faults; or there is no painter that has all.
    """
    lacking = [_misfits(painter, tasks) for painter in painters]
    common = set.intersection(*map(set, lacking))
    faults = faults_of(tasks, {wish: lacking[0][wish] for wish in common})
    refuse(table, faults)
    reasons = ["; ".join(one.values()) for one in lacking]
    for painter, reason in zip(painters, reasons, strict=True):
        if reason:
            tell(painter.name, "left out", reason)
    found = [painter for painter, reason in zip(painters, reasons, strict=True) if not reason]
    if not found:
        raise SetupError(f"No server has all that the rows need:\n{_lines(painters, reasons)}")
    return found


def readmit(painter: Painter, tasks: Sequence[Task]) -> None:
    """Looks at a painter that came back, maybe as another one.

    Raises:
        ServerFault: it lacks something now.
    """
    if reasons := misfits(tasks, painter.object_info()):
        raise ServerFault("; ".join(reasons.values()))


def _misfits(painter: Painter, tasks: Sequence[Task]) -> dict:
    try:
        return misfits(tasks, painter.object_info())
    except ServerFault as error:
        return {("", "", ""): str(error)}


def _lines(painters: Sequence[Painter], reasons: Sequence[str]) -> str:
    pairs = zip(painters, reasons, strict=True)
    return "\n".join(f"    {painter.name}: {reason}" for painter, reason in pairs)
