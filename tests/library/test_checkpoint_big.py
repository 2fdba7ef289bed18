"""Adapter files of full size: how the work on them is done."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from adapter_files import good_state, packed

ROOT = Path(__file__).resolve().parents[2]
READ_AND_CONVERT = """
import os, sys
from pathlib import Path
from msdiffusion_nodes.convert import convert
from msdiffusion_nodes.files.checkpoint import read_checkpoint

def threads(): return len(os.listdir("/proc/self/task"))

source = Path(sys.argv[1])
before = threads()
read_checkpoint(source)
read = threads()
convert(source, source.with_name("new.safetensors"), fp16=True)
print("threads", before, read, threads())
"""


@pytest.mark.skipif(not os.path.isdir("/proc/self/task"), reason="threads are counted in /proc")
def test_reading_and_converting_wait_for_no_other_threads(tmp_path, source):
    """On a busy machine, thousands of pieces shared out among threads took ten times as long."""
    path = tmp_path / "a.bin"
    path.write_bytes(packed(good_state([20_000, 20_000])))
    command = [sys.executable, "-c", READ_AND_CONVERT, str(path)]
    env = os.environ | {"OMP_NUM_THREADS": "4"}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    before, read, converted = done.stdout.splitlines()[-1].split()[1:]
    assert before == read == converted
