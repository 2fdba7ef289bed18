"""Finding a Chromium for the browser tests, or getting one."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from console import SetupError, note, run
from packages import STATE
from system import apt_install, may_use_apt

NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "msedge",
)
MACOS = ("Chromium", "Google Chrome", "Microsoft Edge")
WINDOWS = ("Google/Chrome/Application/chrome.exe", "Microsoft/Edge/Application/msedge.exe")
WINDOWS_ROOTS = ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA")
DEBIANS = "chromium"
HOW = (
    "Install Chromium (on Debian: apt-get install chromium), or set CHROMIUM_PATH to the "
    "executable of a Chromium, Chrome or Edge."
)

WHERE = """
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    print(playwright.chromium.executable_path)
"""


def chromium_of_the_system() -> Path | None:
    """`CHROMIUM_PATH`, an installed browser, else Debian's, installed now if we may.

    Raises:
        SetupError: `CHROMIUM_PATH` names no file.
    """
    if named := os.environ.get("CHROMIUM_PATH"):
        if not Path(named).is_file():
            raise SetupError(f"CHROMIUM_PATH is {named}, which is no file.")
        return Path(named)
    found = installed()
    if found is None and may_use_apt():
        try:
            apt_install(DEBIANS)
        except SetupError as error:
            note(str(error))
        found = installed()
    return found


def installed() -> Path | None:
    """A browser on PATH or in a usual place that starts."""
    on_path = [Path(found) for name in NAMES if (found := shutil.which(name))]
    others = [path for path in usual_places() if path.is_file()]
    return next((one for one in (*on_path, *others) if starts(one)), None)


def usual_places() -> list[Path]:
    """Where macOS and Windows keep their browsers, which are not on PATH there."""
    applications = (Path("/Applications"), Path.home() / "Applications")
    roots = [Path(os.environ[name]) for name in WINDOWS_ROOTS if name in os.environ]
    return [
        *(root / f"{name}.app/Contents/MacOS/{name}" for root in applications for name in MACOS),
        *(root / path for root in roots for path in WINDOWS),
    ]


def playwrights_own(python: Path) -> Path | None:
    """The Chromium that Playwright downloads into `.comfyui/browsers`; None where it cannot.

    Args:
        python: has the package playwright.
    """
    env = {"PLAYWRIGHT_BROWSERS_PATH": str(STATE / "browsers")}
    playwright = [python, "-m", "playwright"]
    try:
        browser = Path(run([python, "-c", WHERE], "no Playwright", env=env).splitlines()[-1])
        if not browser.exists():
            note("downloading Playwright's Chromium, as none is installed")
            run([*playwright, "install", "chromium"], "The download failed.", env=env)
        if not starts(browser) and may_use_apt():
            note("installing the libraries that it needs")
            run([*playwright, "install-deps", "chromium"], "Its libraries are missing.", env=env)
    except SetupError as error:
        note(str(error))
        return None
    return browser if starts(browser) else None


def starts(browser: Path) -> bool:
    """Whether a browser starts. On Linux it may lack libraries, or be a stub that asks for snap."""
    if not sys.platform.startswith("linux"):
        return True  # where asking for the version may open a window
    try:
        run([browser, "--version"], f"{browser} does not start.")
    except SetupError as error:
        note(str(error))
        return False
    return True
