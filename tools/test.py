"""Runs every test: library, nodes on ComfyUI's own classes, a real server, a real browser.

Before them: style, and the checks of what would be published.

    python tools/test.py [pytest arguments]

With a path or `-k` among the arguments only one pytest runs, with exactly these.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from browser import find_chromium
from checkers import ensure_checkers
from console import Progress, SetupError, command_line
from front_end import newest_front_end
from packages import ROOT, group_for_tests
from setup_env import setup

WITHOUT_COMFYUI = ("tests/library", "tests/publish")  # pass on a machine that has no ComfyUI
# ComfyUI lies there: git ignores it, but a checkout from a ZIP file has no git
NOT_OURS = ("--config", 'extend-exclude = [".comfyui"]')
# most of its tests keep one core busy; -n0 among the arguments takes one process again
TWO_PROCESSES = ("tests/comfyui", "-n2", "--dist=loadfile")
CHECKS = {"comfy node validate": "validate", "comfy-test lint": "lint", "nodesafe": "nodesafe"}


@dataclass(frozen=True)
class Part:
    """One program of the run, out of `.venv`."""

    headline: str
    command: tuple[str, ...]
    comfyui: bool = True


def main() -> int:
    arguments = sys.argv[1:]
    progress = Progress(8)
    python, comfyui = setup(progress, group_for_tests())
    progress.step("Finding Chromium")
    chromium = find_chromium(python)
    progress.step("Finding the newest front end")
    front_end = newest_front_end(python)
    progress.step("Installing the checkers of packs")
    ensure_checkers()

    found = {"COMFYUI_PATH": comfyui, "CHROMIUM_PATH": chromium, "FRONT_END_ROOT": front_end}
    env = {**os.environ, **{name: str(path) for name, path in found.items()}}
    if os.environ.get("COMFYUI_PATH"):
        env["PYTHONDONTWRITEBYTECODE"] = "1"  # leave the user's ComfyUI as it is
    parts = [selected(arguments)] if selects(arguments) else every_part(arguments)
    results = [run_part(part, python, env) for part in parts]
    print("\n" + "=" * 60)
    for part, (code, seconds) in zip(parts, results, strict=True):
        print(f"{'passed' if code == 0 else 'FAILED'}  {seconds:7.1f} s  {part.headline}")
    return int(any(code for code, _ in results))


def every_part(arguments: list[str]) -> list[Part]:
    """Style, checks and all tests; the arguments (`-x`, `-v`) go to each pytest."""
    checks = CHECKS.items()
    return [
        Part("ruff check", ("ruff", "check", ".", *NOT_OURS)),
        Part("ruff format", ("ruff", "format", "--check", ".", *NOT_OURS)),
        *(Part(name, ("python", "tools/check_pack.py", check), False) for name, check in checks),
        *(Part(folder, ("pytest", folder, *arguments), False) for folder in WITHOUT_COMFYUI),
        Part("tests/comfyui", ("pytest", *TWO_PROCESSES, *arguments)),
        Part("tests/server", ("pytest", "tests/server", *arguments)),
    ]


def selects(arguments: list[str]) -> bool:
    """Whether the arguments choose tests, by path or with -k."""
    return bool(paths(arguments)) or any(argument.startswith("-k") for argument in arguments)


def selected(arguments: list[str]) -> Part:
    """One pytest with these arguments."""
    chosen = paths(arguments)
    folders = () if chosen else ("tests",)
    without = [(ROOT / folder).resolve() for folder in WITHOUT_COMFYUI]
    comfyui = not chosen or not all(
        any(path.is_relative_to(folder) for folder in without) for path in chosen
    )
    return Part("pytest " + " ".join(arguments), ("pytest", *folders, *arguments), comfyui)


def paths(arguments: list[str]) -> list[Path]:
    """The arguments that name an existing file or folder, with or without `::test`."""
    named = (ROOT / one.split("::")[0] for one in arguments if not one.startswith("-"))
    return [path.resolve() for path in named if path.exists()]


def run_part(part: Part, python: Path, env: dict[str, str]) -> tuple[int, float]:
    """Runs a part on the screen; returns its exit code and how many seconds it took."""
    print(f"\n===== {part.headline} =====", flush=True)
    began = time.monotonic()
    left_out = set() if part.comfyui else {"COMFYUI_PATH"}
    env = {key: value for key, value in env.items() if key not in left_out}
    # not `python -m pytest`: it puts the checkout on sys.path, where our nodes.py hides ComfyUI's
    program = shutil.which(part.command[0], path=str(python.parent))
    if program is None:
        raise SetupError(f"{part.command[0]} is not in {python.parent}: delete .venv, run again.")
    code = subprocess.run([program, *part.command[1:]], env=env, cwd=ROOT).returncode
    return code, time.monotonic() - began


if __name__ == "__main__":
    command_line(main)
