"""What is published, and the programs that check it; no ComfyUI is needed."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

from checkers import checkers_are_there  # noqa: E402


@pytest.fixture(scope="session")
def checkers():
    """That the programs which check packs are installed."""
    if not checkers_are_there():
        raise pytest.UsageError("the checkers are not installed: run tools/test.py once")
