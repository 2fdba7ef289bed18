"""What the machine itself has to bring, installed by apt where we may: as root on Debian's kin."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from console import SetupError, note, run

APT = ("apt-get", "-o", "DPkg::Lock::Timeout=300")


def may_use_apt() -> bool:
    """Whether packages of the system can be installed without asking anyone."""
    return hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which(APT[0]) is not None


def apt_install(package: str) -> None:
    """Installs a package of the system, with what it depends on and no more.

    Raises:
        SetupError: with apt's last lines.
    """
    note(f"apt-get install {package}")
    fault = f"apt-get could not install {package}."
    install = [*APT, "install", "-y", "--no-install-recommends", package]
    run([*APT, "update"], fault)
    # what is killed here leaves the system's packages half installed
    run(install, fault, env={"DEBIAN_FRONTEND": "noninteractive"}, to_its_end=True)


def ensure_ensurepip() -> None:
    """Sees to it that this Python can make environments: Debian keeps that in a package apart.

    Raises:
        SetupError: says what to install.
    """
    if _has_ensurepip():
        return
    package = "python3-venv"
    if Path(sys.executable).resolve().parent == Path("/usr/bin"):
        package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"  # of this one Python
    if may_use_apt():
        apt_install(package)
    if not _has_ensurepip():
        raise SetupError(
            f"{sys.executable} cannot make environments. On Debian or Ubuntu: apt-get install "
            f"{package}; elsewhere install Python from its official installer."
        )


def _has_ensurepip() -> bool:
    try:
        run([sys.executable, "-c", "import ensurepip"], "no ensurepip")
    except SetupError:
        return False
    return True
