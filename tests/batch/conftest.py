"""The batch tool: its tables and records alone, and with real servers of the toy."""

import os
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
ROOT = TESTS.parent
sys.path[:0] = [str(ROOT / "tools"), str(TESTS)]
os.environ.setdefault("OMP_NUM_THREADS", "1")  # several servers at once share the cores

from PIL import Image  # noqa: E402
from toy_rows import SIZE, row_of  # noqa: E402


@pytest.fixture
def folder(tmp_path):
    """A folder with `cat.png` (plain), `cup.png` (cut out) and `mask.png`, for tables."""
    Image.new("RGB", SIZE, "orange").save(tmp_path / "cat.png")
    cut_out = Image.new("RGBA", SIZE, (0, 0, 0, 0))
    cut_out.paste((0, 0, 255, 255), (20, 20, 60, 60))
    cut_out.save(tmp_path / "cup.png")
    Image.new("L", SIZE, 255).save(tmp_path / "mask.png")
    return tmp_path


@pytest.fixture
def row():
    """A row without faults."""
    return row_of()
