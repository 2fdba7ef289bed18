"""The newest front end of ComfyUI, for the browser tests: users update it before anything else."""

from __future__ import annotations

import os
from pathlib import Path

from console import SetupError, note
from packages import STATE
from wheels import fetch

PACKAGE = "comfyui-frontend-package"  # not pinned: the tests are to meet what users get today
INSIDE_WHEEL = "comfyui_frontend_package/static/"


def newest_front_end(python: Path) -> Path:
    """The folder of a front end's index.html: `FRONT_END_ROOT`, else PyPI's newest (30 MB).

    Once downloaded it is kept, and said to be; deleting its folder gets the newest again.

    Args:
        python: whose pip downloads.

    Raises:
        SetupError: when there is no index.html, or the download fails.
    """
    if named := os.environ.get("FRONT_END_ROOT"):
        folder = Path(named).expanduser().resolve()
        if not (folder / "index.html").is_file():
            raise SetupError(
                f"FRONT_END_ROOT is {folder}, which has no index.html. Set it to the `static` "
                f"folder of {PACKAGE}, or unset it to have the newest downloaded."
            )
        return folder

    folder = STATE / "front_end"
    there = folder.exists()
    wheel = fetch(python, PACKAGE, INSIDE_WHEEL, folder)
    if not (folder / "index.html").is_file():
        raise SetupError(f"{wheel} holds no {INSIDE_WHEEL}index.html: set FRONT_END_ROOT instead.")
    note(f"{PACKAGE} {wheel.split('-')[1]}")
    if there:
        note(f"as downloaded earlier; for the newest of today delete {folder}")
    return folder
