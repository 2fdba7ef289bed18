"""Running the parts of a test run, and telling how they ended."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from browser import HOW
from console import SetupError, output, start
from packages import ROOT
from parts import Part


class Result(NamedTuple):
    """How a part ended; `said` is what is not yet on the screen."""

    part: Part
    code: int
    seconds: float
    said: str = ""


def run_quietly(parts: Sequence[Part], programs: Path) -> list[Result]:
    """Runs parts one after the other, with nothing on the screen."""
    results = []
    for part in parts:
        began = time.monotonic()
        process = start(command(part, programs), environment(part, os.environ), ROOT)
        said = "".join(output(process))
        results.append(Result(part, process.returncode, time.monotonic() - began, said))
    return results


def run_live(part: Part, programs: Path, env: Mapping[str, str]) -> Result:
    """Runs a part on the screen."""
    headline(part)
    began = time.monotonic()
    ended = subprocess.run(command(part, programs), env=environment(part, env), cwd=ROOT)
    return Result(part, ended.returncode, time.monotonic() - began)


def command(part: Part, programs: Path) -> list[str]:
    """What starts a part, out of a folder of programs."""
    # not `python -m pytest`: it puts the checkout on sys.path, where our nodes.py hides ComfyUI's
    name, *arguments = part.command
    program = shutil.which(name, path=str(programs))
    if program is None:
        folder = programs.parent
        raise SetupError(f"{name} is not in {programs}: delete {folder}, and run this again.")
    return [program, *arguments]


def environment(part: Part, env: Mapping[str, str]) -> dict[str, str]:
    """A part's variables: some have to pass on a machine that has no ComfyUI."""
    left_out = set() if part.comfyui else {"COMFYUI_PATH"}
    made = {key: value for key, value in env.items() if key not in left_out}
    if part.processes > 1:
        made["OMP_NUM_THREADS"] = "1"  # threads of PyTorch that wait for a core cost much more
    return made


def headline(part: Part) -> None:
    print(f"\n===== {part.headline} =====", flush=True)


def summary(results: list[Result], chromium: Path | None) -> int:
    """Prints how each part ended, and what did not run; returns the exit code."""
    print("\n" + "=" * 60)
    for result in results:
        verdict = "passed" if result.code == 0 else "FAILED"
        print(f"{verdict}  {result.seconds:7.1f} s  {result.part.headline}")
    lacking = chromium is None and any(result.part.browser for result in results)
    if lacking:
        print(f"NOT ALL OF IT: without a browser no test that needs one ran. {HOW}")
    return int(lacking or any(result.code for result in results))
