"""What every command here needs: clear errors, progress lines, running a program."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, wait
from pathlib import Path
from threading import Thread, local
from typing import Any, Generic, TypeVar

Result = TypeVar("Result")
_aside = local()  # `notes` in the thread of an `Aside`
_running: set[subprocess.Popen[str]] = set()


class SetupError(Exception):
    """An expected fault. Its text says what happened and what to do about it."""


class Progress:
    """Prints the steps of a command: `[2/6] Installing PyTorch …`."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.done = 0

    def step(self, text: str) -> None:
        self.done += 1
        print(f"[{self.done}/{self.total}] {text} …", flush=True)


def note(text: str) -> None:
    """Prints a line below the current step; from an `Aside`, once its step has come."""
    held = getattr(_aside, "notes", None)
    if held is None:
        print(f"      {text}", flush=True)
    else:
        held.append(text)


class Aside(Generic[Result]):
    """Work beside the steps on the screen; it begins at once."""

    def __init__(self, work: Callable[[], Result], after: Aside[Any] | None = None) -> None:
        """
        Args:
            after: what has to end first, well or not.
        """
        self._notes: list[str] = []
        self._done: Future[Result] = Future()
        Thread(target=self._run, args=(work, after), daemon=True).start()

    def result(self) -> Result:
        """Waits for the end; prints the work's notes, and returns or raises what it did."""
        try:
            return self._done.result()
        finally:
            for text in self._notes:
                note(text)
            self._notes.clear()

    def _run(self, work: Callable[[], Result], after: Aside[Any] | None) -> None:
        _aside.notes = self._notes
        if after is not None:
            wait([after._done])
        try:
            self._done.set_result(work())
        except BaseException as error:
            self._done.set_exception(error)


def run(
    command: Sequence[str | Path],
    fault: str,
    *,
    show: tuple[str, ...] = (),
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    to_its_end: bool = False,
) -> str:
    """Runs a program quietly and returns what it printed.

    Args:
        fault: what to tell the user when the program fails.
        show: lines that begin with one of these are passed on to the screen as they come.
        env: variables to add to this process's own.
        to_its_end: whether it may go on when this process stops early.

    Raises:
        SetupError: `fault` followed by the program's last lines.
    """
    lines: deque[str] = deque(maxlen=2000)
    try:
        process = start(command, {**os.environ, **(env or {})}, cwd)
        for line in output(process, to_its_end):
            lines.append(line.rstrip())
            if show and line.lstrip().startswith(show):
                note(line.strip()[:100])
    except OSError as error:
        raise SetupError(f"{fault}\n{command[0]} does not start: {error}") from error
    if process.returncode:
        tail = "\n".join(f"    {line}" for line in list(lines)[-12:])
        raise SetupError(f"{fault} The last lines were:\n{tail}")
    return "\n".join(lines)


def start(
    command: Sequence[str | Path], env: Mapping[str, str], cwd: Path | None = None
) -> subprocess.Popen[str]:
    """Starts a program that is asked nothing; `output` reads what it says."""
    return subprocess.Popen(
        [str(part) for part in command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        env={"PYTHONIOENCODING": "utf-8", **env},
        cwd=cwd,
    )


def output(process: subprocess.Popen[str], to_its_end: bool = False) -> Iterator[str]:
    """The lines of a started program until it ends; unless it may go on, it ends with us."""
    if not to_its_end:
        _running.add(process)
    with process:
        try:
            yield from process.stdout or ()
        except BaseException:
            if not to_its_end:
                process.kill()
            raise
        finally:
            _running.discard(process)


def become(command: Sequence[str]) -> None:
    """Runs a program in place of this one."""
    sys.stdout.flush()
    if os.name == "nt":  # there this process would end at once, before the program
        raise SystemExit(subprocess.call(command))
    os.execv(command[0], command)


def count(text: str) -> int:
    """For argparse: a whole number from 1.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} came, expected a whole number from 1")
    return int(text)


def command_line(main: Callable[[], int]) -> None:
    """Runs `main` and exits with its code; expected faults become one message, not a traceback."""
    # SIGTERM becomes SystemExit, so that `with` blocks stop the server they started
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # a Windows console may lack a character
    try:
        code = main()
    except (SetupError, OSError) as error:  # OSError: a full disk, a folder without rights
        print(f"\nStopped: {error}", file=sys.stderr)
        code = 1
    except KeyboardInterrupt:
        print("\nStopped by Ctrl-C.", file=sys.stderr)
        code = 130
    finally:
        for process in list(_running):  # of an `Aside`, whose thread ends with this one
            process.kill()
    sys.exit(code)
