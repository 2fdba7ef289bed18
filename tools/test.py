"""Runs every test: library, nodes on ComfyUI's own classes, a real server, a real browser.

Before them: style, and the checks of what would be published.

    python tools/test.py [pytest arguments]

With a path or `-k` among the arguments only one pytest runs, with exactly these.
"""

from __future__ import annotations

import os
import sys
from functools import partial

from browser import chromium_of_the_system, playwrights_own
from checkers import PROGRAMS, ensure_checkers
from console import Aside, Progress, command_line
from front_end import newest_front_end
from packages import COMPILED, group_for_tests
from parts import early_parts, later_parts, selected, selects
from running import headline, run_live, run_quietly, summary
from setup_env import setup
from system import ensure_ensurepip


def main() -> int:
    arguments = sys.argv[1:]
    some = selects(arguments)
    ensure_ensurepip()
    # what takes one core, beside the packages, whose unpacking takes another
    system = Aside(chromium_of_the_system)
    checkers = Aside(ensure_checkers, after=system)
    newest = Aside(partial(newest_front_end, PROGRAMS / "python"), after=checkers)
    parts = [] if some else early_parts(arguments)
    early = Aside(partial(run_quietly, parts, PROGRAMS), after=newest)

    progress = Progress(8)
    python, comfyui = setup(progress, group_for_tests())
    progress.step("Finding Chromium")
    chromium = system.result() or playwrights_own(python)
    progress.step("Installing the checkers of packs")
    checkers.result()
    progress.step("Finding the newest front end")
    front_end = newest.result()

    # an empty CHROMIUM_PATH leaves the tests out that need it
    found = {"COMFYUI_PATH": comfyui, "CHROMIUM_PATH": chromium or "", "FRONT_END_ROOT": front_end}
    env = {**os.environ, **{name: str(path) for name, path in found.items()}}
    if os.environ.get("COMFYUI_PATH"):
        env["PYTHONPYCACHEPREFIX"] = str(COMPILED)  # leave the user's ComfyUI as it is
    results = []
    for result in early.result():
        headline(result.part)
        print(result.said, end="", flush=True)
        results.append(result)
    for part in [selected(arguments)] if some else later_parts(arguments):
        results.append(run_live(part, python.parent, env))
    return summary(results, chromium)


if __name__ == "__main__":
    command_line(main)
