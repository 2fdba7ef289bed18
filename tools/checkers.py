"""The programs that check node packs, in an environment of their own below `.comfyui`.

Their requirements are not ComfyUI's. They are installed once; then they need no network.
Beside them lie ruff and pytest: style and `tests/publish` need not wait for ComfyUI's packages.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from console import SetupError, note, run
from packages import (
    ROOT,
    STATE,
    make_state,
    make_venv,
    pip_install,
    read_requirements,
    write_whole,
)

CHECKERS = STATE / "checkers"
STAMP = CHECKERS / "installed"  # written last: without it the environment is made anew
REQUIREMENTS = ROOT / "tests" / "publish" / "requirements.txt"
PROGRAMS = CHECKERS / ("Scripts" if os.name == "nt" else "bin")
NOWHERE = "http://127.0.0.1:9"  # nothing listens there
PROXIES = ("http_proxy", "https_proxy", "all_proxy")
HOMES = ("HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")
LONGEST = 120  # seconds


def ensure_checkers() -> None:
    """Installs the checkers, unless that was done before."""
    if checkers_are_there():
        note("already there")
        return
    make_state()
    shutil.rmtree(CHECKERS, ignore_errors=True)
    make_venv(CHECKERS)
    wanted = _wanted()
    pip_install(PROGRAMS / "python", "checkers", wanted.splitlines(), "The programs that check")
    write_whole(STAMP, wanted)


def checkers_are_there() -> bool:
    """Whether the wanted versions are installed, and their Python still works."""
    if not STAMP.is_file() or STAMP.read_text(encoding="utf-8") != _wanted():
        return False
    try:
        run([PROGRAMS / "python", "-c", "import comfy_cli, comfy_test, nodesafe, pytest"], "broken")
    except SetupError:
        return False
    return True


def run_checker(name: str, *arguments: str, cwd: Path, home: Path) -> tuple[int, str]:
    """Runs a checker; returns its exit code and what it printed.

    It asks nothing, reaches no network and leaves nothing outside `home`.

    Raises:
        SetupError: when it is not installed or does not end.
    """
    program = shutil.which(name, path=str(PROGRAMS))
    if program is None:
        raise SetupError(f"{name} is not in {PROGRAMS}: run python tools/test.py to install it.")
    kept = {key: value for key, value in os.environ.items() if key.lower() not in PROXIES}
    env = {
        **{key: value for key, value in kept.items() if key.lower() != "no_proxy"},
        **dict.fromkeys(PROXIES, NOWHERE),
        **dict.fromkeys(HOMES, str(home)),
        "DO_NOT_TRACK": "1",
        "PYTHONIOENCODING": "utf-8",
    }
    try:
        ended = subprocess.run(
            [program, *arguments],
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=LONGEST,
        )
    except subprocess.TimeoutExpired as error:
        raise SetupError(f"{name} did not end within {LONGEST} seconds.") from error
    return ended.returncode, ended.stdout.decode("utf-8", errors="replace")


def _wanted() -> str:
    return "\n".join(read_requirements(REQUIREMENTS))
