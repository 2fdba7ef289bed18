"""Checks what would be published, with the registry's checker and two of the community's.

    python tools/check_pack.py [validate] [lint] [nodesafe]

`python tools/test.py` installs the checkers and runs this.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from checkers import run_checker
from console import SetupError, command_line, note
from published import copy_published, forgotten_files

PASSED = "All validation checks passed"
GRAVE = ("critical", "high")


def validate(pack: Path, home: Path) -> list[str]:
    """`comfy node validate`: pyproject.toml, and eval, exec and two statements on one line.

    It ends well after a mere warning, such as of a classifier that the registry drops; here
    a warning is a fault.
    """
    arguments = ("--skip-prompt", "--no-enable-telemetry", "node", "validate")
    code, said = run_checker("comfy", *arguments, cwd=pack, home=home)
    clean = code == 0 and PASSED in said and "Warning" not in said
    return [] if clean else said.splitlines()


def lint(pack: Path, home: Path) -> list[str]:
    """`comfy-test lint`: what breaks on other systems, or other packs in the same page."""
    code, said = run_checker("comfy-test", "lint", "--strict", str(pack), cwd=pack, home=home)
    return [] if code == 0 else said.splitlines()


def nodesafe(pack: Path, home: Path) -> list[str]:
    """`nodesafe`: patterns of malicious code. What it calls suspicious does not count."""
    arguments = ("scan", ".", "--fail-on", "malicious", "--format", "json")
    code, said = run_checker("nodesafe", *arguments, cwd=pack, home=home)
    try:
        report = json.loads(said)
    except ValueError:
        return said.splitlines() or [f"nodesafe ended with code {code} and said nothing"]
    grave = [one for one in report["findings"] if one["severity"] in GRAVE]
    if code == 0 and not grave:
        return []
    places = (f"{one['file']}:{one['line']} {one['title']}: {one['snippet']}" for one in grave)
    return [f"nodesafe calls it {report['verdict']['label']}", *places]


CHECKS: dict[str, Callable[[Path, Path], list[str]]] = {
    "validate": validate,
    "lint": lint,
    "nodesafe": nodesafe,
}


def check(pack: Path, name: str) -> list[str]:
    """What the check finds fault with in a folder; nothing when it is clean."""
    with tempfile.TemporaryDirectory() as home:
        return CHECKS[name](pack, Path(home))


def main() -> int:
    names = sys.argv[1:] or list(CHECKS)
    if unknown := sorted(set(names) - set(CHECKS)):
        raise SetupError(f"There is no check {unknown[0]}; there are {', '.join(CHECKS)}.")
    if forgotten := forgotten_files():
        note(f"not tracked by git, so neither checked nor published: {', '.join(forgotten)}")
    failed = False
    # outside the checkout, whose ignored folders ruff and nodesafe pass over
    with tempfile.TemporaryDirectory() as temporary:
        pack = copy_published(Path(temporary) / "pack")
        for name in names:
            faults = check(pack, name)
            failed |= bool(faults)
            print("\n".join((f"{name}: {'FAILED' if faults else 'clean'}", *faults)), flush=True)
    return int(failed)


if __name__ == "__main__":
    command_line(main)
