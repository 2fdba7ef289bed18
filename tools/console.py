"""What every command here needs: clear errors, progress lines, running a program."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path


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
    """Prints a line below the current step."""
    print(f"      {text}", flush=True)


def run(
    command: Sequence[str | Path],
    fault: str,
    *,
    show: tuple[str, ...] = (),
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> str:
    """Runs a program quietly and returns what it printed.

    Args:
        fault: what to tell the user when the program fails.
        show: lines that begin with one of these are passed on to the screen as they come.
        env: variables to add to this process's own.

    Raises:
        SetupError: `fault` followed by the program's last lines.
    """
    lines: deque[str] = deque(maxlen=2000)
    try:
        process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            env={**os.environ, "PYTHONIOENCODING": "utf-8", **(env or {})},
            cwd=cwd,
        )
    except OSError as error:
        raise SetupError(f"{fault}\n{command[0]} does not start: {error}") from error
    with process:
        try:
            for line in process.stdout or ():
                lines.append(line.rstrip())
                if show and line.lstrip().startswith(show):
                    note(line.strip()[:100])
        except BaseException:
            process.kill()
            raise
    if process.returncode:
        tail = "\n".join(f"    {line}" for line in list(lines)[-12:])
        raise SetupError(f"{fault} The last lines were:\n{tail}")
    return "\n".join(lines)


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
    sys.exit(code)
