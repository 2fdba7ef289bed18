"""The parts of a whole run of the tests, or the one that the arguments choose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from packages import ROOT

# ComfyUI lies there: git ignores it, but a checkout from a ZIP file has no git
NOT_OURS = ("--config", 'extend-exclude = [".comfyui"]')
CHECKS = {"comfy node validate": "validate", "comfy-test lint": "lint", "nodesafe": "nodesafe"}
EARLY = "tests/publish"  # needs no package of ComfyUI's
# then one after the other, each in so many processes; -n0 among the arguments takes one
LATER = {
    "tests/page": 1,
    "tests/library": 2,
    "tests/comfyui": 2,
    "tests/batch": 1,  # two servers of its own keep both cores busy
    "tests/msbench": 2,
    "tests/server": 2,
}
WITHOUT_COMFYUI = ("tests/library", "tests/publish", "tests/page")  # a machine may have none
WITH_BROWSER = "tests/server"
# a page under load loses a click now and then: what passes the second time is listed as such
ONCE_MORE = ("--reruns=1", "-rfER")


@dataclass(frozen=True)
class Part:
    """One program of the run."""

    headline: str
    command: tuple[str, ...]
    comfyui: bool = True
    browser: bool = False  # whether some of its tests need one
    processes: int = 1  # that keep a core busy


def early_parts(arguments: Sequence[str]) -> list[Part]:
    """Style, checks and their tests, with the checkers' own Python: they need no other package."""
    return [
        Part("ruff check", ("ruff", "check", ".", *NOT_OURS), False),
        Part("ruff format", ("ruff", "format", "--check", ".", *NOT_OURS), False),
        *(
            Part(name, ("python", "tools/check_pack.py", check), False)
            for name, check in CHECKS.items()
        ),
        Part(EARLY, ("pytest", EARLY, *arguments), False),
    ]


def later_parts(arguments: Sequence[str]) -> list[Part]:
    """All other tests; the arguments (`-x`, `-v`) go to each pytest."""
    return [
        Part(
            folder,
            (
                "pytest",
                folder,
                *_in_processes(processes),
                *(ONCE_MORE if folder == WITH_BROWSER else ()),
                *arguments,
            ),
            folder not in WITHOUT_COMFYUI,
            folder == WITH_BROWSER,
            processes,
        )
        for folder, processes in LATER.items()
        if (ROOT / folder).is_dir()
    ]


def selects(arguments: Sequence[str]) -> bool:
    """Whether the arguments choose tests, by path or with -k."""
    return bool(_paths(arguments)) or any(argument.startswith("-k") for argument in arguments)


def selected(arguments: Sequence[str]) -> Part:
    """One pytest with these arguments."""
    chosen = _paths(arguments)
    folders = () if chosen else ("tests",)
    comfyui = not chosen or not all(_in(path, WITHOUT_COMFYUI) for path in chosen)
    return Part("pytest " + " ".join(arguments), ("pytest", *folders, *arguments), comfyui, comfyui)


def _in_processes(count: int) -> tuple[str, ...]:
    """Options for pytest; the tests of a file stay together."""
    return (f"-n{count}", "--dist=loadfile") if count > 1 else ()


def _paths(arguments: Sequence[str]) -> list[Path]:
    """The arguments that name an existing file or folder, with or without `::test`."""
    named = (ROOT / one.split("::")[0] for one in arguments if not one.startswith("-"))
    return [path.resolve() for path in named if path.exists()]


def _in(path: Path, folders: Sequence[str]) -> bool:
    return any(path.is_relative_to((ROOT / folder).resolve()) for folder in folders)
