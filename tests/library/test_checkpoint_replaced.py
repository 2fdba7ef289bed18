"""Files that change while they are read, or while their adapter lives, end no process."""

import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from adapter_files import flat, good_state, packed

from msdiffusion_nodes.files.checkpoint import read_flat

ROOT = Path(__file__).resolve().parents[2]
FORMS = {"a.bin": packed, "a.safetensors": flat}


def ran(script: str, *arguments: object) -> tuple[int, str, str]:
    """The exit code of a Python, what it printed, and its errors."""
    command = [sys.executable, "-c", script, *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


CUT_WHILE_IT_IS_READ = """
import os, sys
from pathlib import Path
from msdiffusion_nodes.errors import InputError
from msdiffusion_nodes.files import checkpoint

path, pieces, real = Path(sys.argv[1]), [], checkpoint.is_finite

def is_finite(piece):
    pieces.append(piece)
    if len(pieces) == 3:
        os.truncate(path, 5000)
    return real(piece)

checkpoint.is_finite = is_finite
try:
    checkpoint.read_checkpoint(path)
except InputError as error:
    print(error)
"""
CUT_WHILE_IT_IS_CONVERTED = """
import os, sys
from msdiffusion_nodes import convert

class Progress(convert.Progress):
    def add(self, **more):
        if self.tensors_done == 0:
            os.truncate(sys.argv[1], 5000)
        super().add(**more)

convert.Progress = Progress
sys.exit(convert.main(sys.argv[1:]))
"""


@pytest.fixture(params=FORMS)
def big(request, tmp_path):
    path = tmp_path / request.param
    path.write_bytes(FORMS[request.param](good_state([2000, 2000])))
    return path


def test_a_file_that_is_cut_short_while_it_is_read_is_an_error(big):
    code, shown, errors = ran(CUT_WHILE_IT_IS_READ, big)
    assert (code, errors) == (0, "")
    assert shown == f"{big.name} was written to while it was read; run again when it is done\n"


def test_a_file_that_is_cut_short_while_it_is_converted_is_an_error(big, folder):
    code, _, errors = ran(CUT_WHILE_IT_IS_CONVERTED, big, folder / "new.safetensors")
    assert code == 1 and f"error: {big.name} has become shorter while it was read" in errors
    assert os.listdir(folder) == []


def test_numbers_in_another_machines_byte_order_are_read(tmp_path):
    with (
        zipfile.ZipFile(io.BytesIO(packed(good_state()))) as ours,
        zipfile.ZipFile(tmp_path / "a.bin", "w") as theirs,
    ):
        for name in ours.namelist():
            data = ours.read(name)
            if "/data/" in name:
                data = np.frombuffer(data, np.float32).byteswap().tobytes()
            other = b"big" if sys.byteorder == "little" else b"little"
            theirs.writestr(name, other if name.endswith("/byteorder") else data)
    (tmp_path / "b.bin").write_bytes(packed(good_state()))
    expected = read_flat(tmp_path / "b.bin")
    for copied in (False, True):
        read = read_flat(tmp_path / "a.bin", copied)
        assert all(torch.equal(read[name], tensor) for name, tensor in expected.items())


WRITE_OVER = """
import sys
from pathlib import Path
from msdiffusion_nodes.files.checkpoint import read_checkpoint
from msdiffusion_nodes.method.adapter import Adapter

path, other = map(Path, sys.argv[1:])
adapter = Adapter(read_checkpoint(path))
before = float(sum(tensor.double().sum() for tensor in adapter.state_dict().values()))
with open(path, "r+b") as file:  # as cp and many downloads do
    file.truncate(0)
    file.write(other.read_bytes())
after = float(sum(tensor.double().sum() for tensor in adapter.state_dict().values()))
assert before == after
path.write_bytes(b"")
assert before == float(sum(tensor.double().sum() for tensor in adapter.state_dict().values()))
print("alive")
"""


@pytest.mark.parametrize("name", FORMS)
def test_a_file_may_be_written_over_while_its_adapter_lives(tmp_path, name):
    path, other = tmp_path / name, tmp_path / f"other_{name}"
    path.write_bytes(FORMS[name](good_state()))
    other.write_bytes(FORMS[name](doubled(good_state())))
    code, shown, errors = ran(WRITE_OVER, path, other)
    assert (code, shown) == (0, "alive\n"), errors


def doubled(state: dict) -> dict:
    return {
        name: doubled(entry) if isinstance(entry, dict) else 2 * entry
        for name, entry in state.items()
    }
