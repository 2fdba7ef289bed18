"""What the tests of the benchmark share."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# the checkout at the end: its nodes.py must not hide ComfyUI's
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "tests")]
sys.path.append(str(ROOT))

from small_checkout import make_checkout  # noqa: E402


@pytest.fixture
def checkout(tmp_path):
    """3 beings, 2 objects and a scene: 3, 6, 3 and 1 combinations; 6, 12, 3 and 1 pictures."""
    return make_checkout(tmp_path / "official")


@pytest.fixture(scope="session")
def models(tmp_path_factory):
    """A folder of tiny encoders with random weights, for `--models`."""
    from tiny_encoders import save_encoders

    return save_encoders(tmp_path_factory.mktemp("encoders"))
