"""The packages that ComfyUI and the tests run with, in `.venv`.

Installing may be repeated at any time: what is there is skipped, what was interrupted goes on.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from console import SetupError, note, run
from system import ensure_ensurepip

ROOT = Path(__file__).resolve().parent.parent
STATE = ROOT / ".comfyui"
VENV = ROOT / ".venv"
COMPILED = STATE / "compiled"  # Python's, where a ComfyUI is not ours
BATCH = ROOT / "tools" / "requirements-batch.txt"
SCORING = ROOT / "msbench" / "requirements.txt"
OLDEST_PYTHON = (3, 10)
PIP_HELP = (
    "Check the network connection and the free disk space (7 GB on Linux), then run the same "
    "command again."
)


@dataclass(frozen=True)
class Group:
    """Packages that are installed together. `lines` are those of a requirements.txt."""

    name: str
    label: str
    lines: tuple[str, ...]


TORCH = Group("torch", "PyTorch (a few GB the first time)", ("torch", "torchvision"))
PHOTOGRAPHS = Group("photographs", "scikit-image (its photographs)", ("scikit-image",))


def ensure_venv(*requirements: Group) -> Path:
    """Makes `.venv` with the running interpreter and installs the groups that it lacks.

    Returns:
        The Python of `.venv`.
    """
    if sys.version_info < OLDEST_PYTHON:
        found = ".".join(map(str, sys.version_info[:3]))
        raise SetupError(f"This is Python {found}; Python 3.10 or newer is needed.")
    python = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    version = _venv_version(python)
    if version is None:
        make_venv(VENV)
        version = _venv_version(python)
        if version is None:
            raise SetupError(f"{python} does not work: delete {VENV} and run this command again.")

    stamp = VENV / "installed-groups.json"
    installed: dict[str, str] = json.loads(stamp.read_text()) if stamp.exists() else {}
    for group in requirements:
        digest = hashlib.sha256("\n".join((version, *group.lines)).encode()).hexdigest()
        if installed.get(group.name) == digest:
            note("already there")
            continue
        pip_install(python, group.name, group.lines, group.label)
        installed[group.name] = digest
        write_whole(stamp, json.dumps(installed, indent=1))
    return python


def make_venv(folder: Path) -> None:
    """Makes an environment with the running interpreter."""
    ensure_ensurepip()
    run([sys.executable, "-m", "venv", folder], f"{folder} could not be made.")


def pip_install(python: Path, name: str, packages: Sequence[str], label: str) -> None:
    """Installs packages; those of different names may be installed at the same time.

    Raises:
        SetupError: `label` could not be installed.
    """
    fault = f"{label} could not be installed. {PIP_HELP}"
    show = ("Downloading", "Installing collected")
    # Python compiles what it imports, which is far less than all
    command = [*pip_command(python), "install", "--no-compile", *packages]
    with pip_env(name) as env:
        run(command, fault, show=show, env=env)


def comfyui_group(comfyui: Path) -> Group:
    """What ComfyUI and this pack need, without torch and without torchaudio (it starts without)."""
    lines = [*read_requirements(comfyui / "requirements.txt"), "requests"]
    if (ROOT / "requirements.txt").exists():
        lines += read_requirements(ROOT / "requirements.txt")
    left_out = re.compile(r"(torch|torchvision|torchaudio)(?![\w.-])", re.IGNORECASE)
    kept = (line for line in lines if not left_out.match(line))
    return Group("comfyui", "ComfyUI's packages", tuple(kept))


def group_for_tests() -> Group:
    """What the tests need on top, that of batches and of scoring among it."""
    files = (ROOT / "tests" / "requirements.txt", BATCH, SCORING)
    lines = [line for file in files for line in read_requirements(file)]
    return Group("tests", "what the tests need", tuple(lines))


def group_for_batch(ray: bool) -> tuple[Group, ...]:
    """What tools/batch.py needs on top; Ray, which few need, in a group of its own."""
    lines = read_requirements(BATCH)
    own = tuple(line for line in lines if not line.startswith("ray"))
    groups = [Group("batch", "what batches need", own)]
    if ray:
        groups.append(Group("ray", "Ray", tuple(line for line in lines if line not in own)))
    return tuple(groups)


def group_for_scoring() -> Group:
    """What `python -m msbench score` needs besides PyTorch."""
    return Group("msbench", "what scoring needs", tuple(read_requirements(SCORING)))


def read_requirements(path: Path) -> list[str]:
    """The lines of a requirements.txt that name a package, without comments."""
    if not path.is_file():
        raise SetupError(f"{path} does not exist, so its packages cannot be installed.")
    text = re.sub(r"(^|\s)#.*", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("-")]


def pip_command(python: Path) -> list[str | Path]:
    """How to call pip so that it asks nothing."""
    return [python, "-m", "pip", "--disable-pip-version-check", "--no-input"]


@contextmanager
def pip_env(name: str) -> Iterator[dict[str, str]]:
    """Keeps pip's downloads and temporary files inside the checkout.

    What was downloaded before an error or an interruption is there the next time.
    """
    make_state()
    folder = STATE / f"pip-{name}"
    temporary = folder / "tmp"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    cache = os.environ.get("PIP_CACHE_DIR", str(folder / "cache"))
    yield {"PIP_CACHE_DIR": cache, **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(temporary))}
    shutil.rmtree(folder, ignore_errors=True)


def make_state() -> None:
    """Makes the folder of everything generated, which git and ruff are to ignore."""
    STATE.mkdir(exist_ok=True)
    (STATE / ".gitignore").write_text("*\n")


def write_whole(path: Path, text: str) -> None:
    """Writes a file whole or not at all."""
    part = path.with_name(path.name + ".part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


def _venv_version(python: Path) -> str | None:
    """`3.11` when this Python exists and has pip, else None."""
    try:
        version = "import pip, sys; print('%d.%d' % sys.version_info[:2])"
        return run([python, "-c", version], "no pip").splitlines()[-1]
    except SetupError:
        return None
