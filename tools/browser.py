"""Finding a Chromium for the browser tests."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from console import SetupError, note, run
from packages import STATE

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MACOS = ("Chromium", "Google Chrome", "Microsoft Edge")
WINDOWS = ("Google/Chrome/Application/chrome.exe", "Microsoft/Edge/Application/msedge.exe")
WINDOWS_ROOTS = ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA")

WHERE = """
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    print(playwright.chromium.executable_path)
"""


def find_chromium(python: Path) -> Path:
    """`CHROMIUM_PATH`, an installed browser, else Playwright's own, downloaded into the checkout.

    Raises:
        SetupError: when there is none and the download fails too.
    """
    if named := os.environ.get("CHROMIUM_PATH"):
        if not Path(named).is_file():
            raise SetupError(f"CHROMIUM_PATH is {named}, which is no file.")
        return Path(named)
    for name in (*NAMES, "msedge"):
        if found := shutil.which(name):
            return Path(found)
    for path in usual_places():
        if path.is_file():
            return path
    return playwrights_own(python)


def usual_places() -> list[Path]:
    """Where macOS and Windows keep their browsers, which are not on PATH there."""
    applications = (Path("/Applications"), Path.home() / "Applications")
    roots = [Path(os.environ[name]) for name in WINDOWS_ROOTS if name in os.environ]
    return [
        *(root / f"{name}.app/Contents/MacOS/{name}" for root in applications for name in MACOS),
        *(root / path for root in roots for path in WINDOWS),
    ]


def playwrights_own(python: Path) -> Path:
    """The Chromium that Playwright downloads, kept in `.comfyui/browsers`."""
    env = {"PLAYWRIGHT_BROWSERS_PATH": str(STATE / "browsers")}
    fault = (
        "No Chromium was found, and Playwright could not download its own. Install Chromium (on "
        "Debian or Ubuntu: apt-get install chromium) or set CHROMIUM_PATH to its executable."
    )
    browser = Path(run([python, "-c", WHERE], fault, env=env).splitlines()[-1])
    if not browser.exists():
        note("downloading Playwright's Chromium, as none is installed")
        run([python, "-m", "playwright", "install", "chromium"], fault, env=env)
    return browser
