"""Which files the registry gets: those that git tracks, less what .comfyignore names.

`comfy node publish` packs by this rule; here it needs no packages, and no git either.
"""

from __future__ import annotations

import os
import shutil
import zipfile
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from console import SetupError, run
from packages import ROOT


def published_files(root: Path = ROOT) -> list[str]:
    """The files of the zip, with forward slashes, sorted."""
    patterns = _patterns(root / ".comfyignore")
    return [name for name in tracked_files(root) if not is_named(name, patterns)]


def tracked_files(root: Path = ROOT) -> list[str]:
    """What git tracks; without git, all that .gitignore does not name. Sorted."""
    names = _git_files(root) or _files_without_git(root)
    return sorted(name for name in names if (root / name).is_file())


def forgotten_files(root: Path = ROOT) -> list[str]:
    """Files that would be published if git tracked them; none where there is no git."""
    patterns = _patterns(root / ".comfyignore")
    others = _git_files(root, "--others", "--exclude-standard") if _git_files(root) else []
    return sorted(name for name in others if not is_named(name, patterns))


def copy_published(target: Path, root: Path = ROOT) -> Path:
    """Copies the published files into a new folder; returns it."""
    for name in published_files(root):
        copy = target / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / name, copy)
    return target


def write_zip(path: Path, root: Path = ROOT) -> Path:
    """Writes the zip that the registry would hand out; returns its path."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in published_files(root):
            archive.write(root / name, name)
    return path


def is_named(name: str, patterns: Sequence[str]) -> bool:
    """Whether a pattern names the file or a folder above it.

    Understands what our ignore files use: `name/` anywhere, `/from/the/top`, and `*` in a name.
    """
    parts = name.split("/")
    above = ["/".join(parts[: depth + 1]) for depth in range(len(parts))]
    for pattern in patterns:
        plain = pattern.strip("/")
        fits = above if "/" in pattern.rstrip("/") else parts
        if any(fnmatchcase(one, plain) for one in fits):
            return True
    return False


def _patterns(path: Path) -> list[str]:
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def _git_files(root: Path, *options: str) -> list[str]:
    """What `git ls-files` names; nothing where there is no git or no checkout."""
    try:
        listed = run(["git", "ls-files", "-z", *options], "no checkout", cwd=root)
    except SetupError:
        return []
    return [name for name in listed.split("\0") if name]


def _files_without_git(root: Path) -> Iterator[str]:
    ignored = [".git/", *_patterns(root / ".gitignore")]
    for folder, folders, files in os.walk(root):
        inside = Path(folder).relative_to(root)
        folders[:] = [one for one in folders if not is_named((inside / one).as_posix(), ignored)]
        names = ((inside / one).as_posix() for one in files)
        yield from (name for name in names if not is_named(name, ignored))
