"""The converter for the tests: what it reads, where it writes, and how it is run."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from adapter_files import good_state, packed

from msdiffusion_nodes.convert import main

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-m", "msdiffusion_nodes.convert"]


@pytest.fixture
def source(tmp_path) -> Path:
    path = tmp_path / "ms_adapter.bin"
    path.write_bytes(packed(good_state()))
    return path


@pytest.fixture
def folder(tmp_path) -> Path:
    made = tmp_path / "out"
    made.mkdir()
    return made


@pytest.fixture
def target(folder) -> Path:
    return folder / "ms_adapter.safetensors"


def run(*arguments, **options) -> subprocess.CompletedProcess:
    command = [*COMMAND, *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, **options)


def sentence(errors: str) -> str:
    """What stands on the terminal after an error: one line, no traceback."""
    assert errors.startswith("error: ") and errors.count("\n") == 1, errors
    return errors


def refused(capsys, *arguments) -> str:
    assert main([str(argument) for argument in arguments]) == 1
    return sentence(capsys.readouterr().err)


def same_bits(one: torch.Tensor, other: torch.Tensor) -> bool:
    one, other = (tensor.contiguous().view(torch.uint8) for tensor in (one, other))
    return one.shape == other.shape and torch.equal(one, other)
