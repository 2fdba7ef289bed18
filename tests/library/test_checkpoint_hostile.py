"""Adapter files made to run code, to take all memory or to keep the reader busy: none of it works.

What could harm the tests' own process is read in children of another one.
"""

import builtins
import json
import os
import pickle
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
import torch
from adapter_files import FIX, changed, flat, good_state, packed, packed_as_before_2020
from refusing import READABLE

from msdiffusion_nodes.errors import InputError
from msdiffusion_nodes.files.checkpoint import read_checkpoint
from msdiffusion_nodes.files.listing import looks_like_adapter

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
ROOT = Path(__file__).resolve().parents[2]
SOON, FEW = 1, 300  # seconds; MiB of memory besides what the file takes
END = b"."


# --- nothing runs -------------------------------------------------------------------------------


class Calls:
    """Unpickling it calls a function."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


CALLS = {
    "system": lambda marker: Calls(os.system, f"touch {marker}"),
    "exec": lambda marker: Calls(builtins.exec, f"open({marker!r}, 'w').close()"),
    "open": lambda marker: Calls(open, marker, "w"),
    "check_call": lambda marker: Calls(subprocess.check_call, ["touch", marker]),
}
TORCH_FORMS = {"zip": packed, "old": packed_as_before_2020}
PLAIN_FORMS = {f"protocol {n}": lambda obj, n=n: pickle.dumps(obj, n) for n in range(6)}
FORMS = TORCH_FORMS | PLAIN_FORMS


@pytest.mark.parametrize("name", ["a.bin", "a.safetensors"])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("what", CALLS)
def test_no_function_in_a_file_is_called(tmp_path, name, form, what):
    marker, path = tmp_path / "called", tmp_path / name
    extra = CALLS[what](str(marker))
    path.write_bytes(FORMS[form]({**good_state(), "extra": extra}))
    with pytest.raises(InputError) as caught:
        read_checkpoint(path)
    looks_like_adapter(path)
    assert not marker.exists()
    if name == "a.bin" and form in TORCH_FORMS:
        assert f".{what}'" in str(caught.value)
        assert "nothing in it was executed" in str(caught.value)
    pickle.loads(pickle.dumps(extra))
    assert marker.exists(), "the trap must work"


# --- nothing takes memory or time ---------------------------------------------------------------


def raw_zip(*entries: tuple, repeat: int = 1) -> bytes:
    """A zip of (name, content, method, claimed size), its directory repeated."""
    body, directory = b"", b""
    for name, content, method, claimed in entries:
        numbers = (20, 0, method, 0, 0, zlib.crc32(content), len(content), claimed, len(name), 0)
        numbers = struct.pack("<5H3I2H", *numbers)
        directory += b"PK\1\2\x14\0" + numbers + struct.pack("<3H2I", 0, 0, 0, 0, len(body)) + name
        body += b"PK\3\4" + numbers + name + content
    directory *= repeat
    count = min(len(entries) * repeat, 0xFFFF)
    end = struct.pack("<4H2IH", 0, 0, count, count, len(directory), len(body), 0)
    return body + directory + b"PK\5\6" + end


def stored(pickled: bytes, **records: bytes) -> bytes:
    """A torch file with this pickle in it."""
    records = {"data.pkl": b"\x80\x02" + pickled + END, "byteorder": b"little"} | records
    records["version"] = b"3\n"
    return raw_zip(*((f"a/{n}".encode(), data, 0, len(data)) for n, data in records.items()))


def old(pickled: bytes) -> bytes:
    """A torch file of before 2020 with this pickle in it."""
    empty = b"\x80\x02}q\0."
    assert packed_as_before_2020({}).count(empty) == 1
    return packed_as_before_2020({}).replace(empty, b"\x80\x02" + pickled + END)


def header(entries: dict) -> bytes:
    encoded = json.dumps(entries, separators=(",", ":")).encode()
    return len(encoded).to_bytes(8, "little") + encoded


LIST = (b"a/data.pkl", b"\x80\x02}.", 0, 4)
BYTEARRAY = b"c__builtin__\nbytearray\n(J\xff\xff\xff\x7ftR"  # of 2 GB
TWICE = b"q\1h\1"
DOUBLED = b"c_codecs\nencode\nq\0X\1\0\0\0xX\6\0\0\0latin1\x86Rq\1"
DOUBLED += b"h\0h\1X\3\0\0\0hex\x86Rq\1" * 31
SHARED_TUPLES = b"})" + (TWICE + b"\x86") * 35 + b"Ns"  # a key with 2 ** 35 parts
DEEP_TUPLES = b"})" + b"\x85" * 240_000 + b"Ns"
ORDERED = b"ccollections\nOrderedDict\nq\0"
NUMBERS = b"}(" + b"".join(b"M" + struct.pack("<H", n) + b"N" for n in range(30_000)) + b"uq\1"
NAMES = b"}(" + b"".join(b"X\4\0\0\0%04dN" % n for n in range(9000)) + b"uq\1"
MILLION = zlib.compressobj(9, zlib.DEFLATED, -15)
MILLION = MILLION.compress(bytes(2**20)) + MILLION.flush(zlib.Z_FULL_FLUSH)
STORAGE = b"ctorch.storage\nUntypedStorage\n\x8a\6\0\0\0\0\0\1\x85R"  # of 1 TB
NONE = {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}
BIG = {"dtype": "F32", "shape": [10**9, 10**9], "data_offsets": [0, 4 * 10**18]}
LAYERS = {f"image_proj.layers.{n}.x": torch.zeros(1) for n in range(2500)}
BOMBS = {  # made when they are needed: some are big
    "bytearray.bin": lambda: stored(BYTEARRAY),
    "bytearray_old.bin": lambda: old(BYTEARRAY),
    "bytearray_first.bin": lambda: b"\x80\x02" + BYTEARRAY + END,
    "doubled.bin": lambda: stored(DOUBLED),
    "shared_tuples.bin": lambda: stored(SHARED_TUPLES),
    "shared_tuples_old.bin": lambda: old(SHARED_TUPLES),
    "deep_tuples.bin": lambda: stored(DEEP_TUPLES),
    "copied_dict.bin": lambda: stored(ORDERED + NUMBERS + b"h\0h\1\x85R" * 15_000),
    "dict_of_attributes.bin": lambda: stored(ORDERED + NAMES + b"h\0)Rh\1b" * 15_000),
    "terabyte_storage.bin": lambda: stored(STORAGE),
    "long_text.bin": lambda: stored(b"X\xff\xff\xff\xffabc"),
    "many_opcodes.bin": lambda: stored(b"N" * 249_000),
    "long_pickle.bin": lambda: stored(b"]0" * 10_000_000),
    "long_record.bin": lambda: stored(b"}", byteorder=bytes(1_000_000)),
    "inflates.bin": lambda: raw_zip(LIST, (b"a/data/0", MILLION * 4096, 8, 2**32 - 16)),
    "inflates_at_once.bin": lambda: raw_zip((b"a/data.pkl", MILLION * 4096, 8, 2**32 - 16)),
    "claims.bin": lambda: raw_zip((b"a/data.pkl", b"\x80\x02}.", 0, 2**32 - 16)),
    "long_directory.bin": lambda: raw_zip(LIST, repeat=400_000),
    "two_lists.bin": lambda: raw_zip(LIST, (b"A/DATA.PKL", b"\x80\x02}.", 0, 4)),
    "terabyte_header.safetensors": lambda: (10**12).to_bytes(8, "little") + b'{"a":',
    "endless_header.safetensors": lambda: b"\xff" * 8 + b'{"a":',
    "long_header.safetensors": lambda: header({f"ms_adapter.{n}": NONE for n in range(500_000)}),
    "big_shape.safetensors": lambda: header({"image_proj.a": BIG}),
    "many_layers.safetensors": lambda: flat(changed(LAYERS)),
    "much_float8.safetensors": lambda: flat(
        changed({"image_proj.a": torch.zeros(2**27, dtype=torch.float8_e4m3fn)})
    ),
}
READ_ALL = """
import json, os, resource, signal, sys, time, warnings
sys.path.insert(0, os.path.join(os.getcwd(), "tests", "library"))
import conftest
from msdiffusion_nodes.method.adapter import Adapter
from msdiffusion_nodes.files.checkpoint import read_checkpoint
from msdiffusion_nodes.files.listing import looks_like_adapter

def most(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

def read(path):
    began, before = time.process_time(), most()
    looks_like_adapter(path)
    try:
        Adapter(read_checkpoint(path))
        kind, message = None, "it is accepted"
    except Exception as error:
        kind, message = type(error).__name__, str(error)
    return {"seconds": time.process_time() - began, "memory": most() - before,
            "size": os.path.getsize(path) / 2**20, "kind": kind, "message": message}

warnings.simplefilter("ignore")
for name in sorted(os.listdir(sys.argv[1])):
    path = os.path.join(sys.argv[1], name)
    if not (child := os.fork()):  # one that the machine survives
        size = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (size + 4 * 2**30,) * 2)
        signal.alarm(10)
        print(json.dumps({"name": name, **read(path)}), flush=True)
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    if status:
        died = f"the reader died of signal {status & 127}"
        print(json.dumps({"name": name, "kind": None, "message": died}), flush=True)
"""


@pytest.fixture(scope="module")
def readings(tmp_path_factory) -> dict[str, dict]:
    """What came of reading each bomb, and a pipe, in a process of its own."""
    folder = tmp_path_factory.mktemp("bombs")
    for name, make in BOMBS.items():
        (folder / name).write_bytes(make())
    os.mkfifo(folder / "pipe.bin")
    command = [sys.executable, "-c", READ_ALL, str(folder)]
    env = os.environ | {"OMP_NUM_THREADS": "1"}  # threads that wait for work cost time as well
    result = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
    for name in BOMBS:
        (folder / name).unlink()
    assert result.returncode == 0, result.stderr
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    return {line.pop("name"): line for line in lines}


@pytest.mark.parametrize("name", [*BOMBS, "pipe.bin"])
def test_no_file_takes_memory_or_time(readings, name):
    reading = readings[name]
    assert reading["kind"] == "InputError", reading["message"]
    assert reading["seconds"] < SOON
    assert reading["memory"] < FEW + reading["size"]
    message = reading["message"]
    assert name in message and any(fix in message for fix in FIX)
    assert len(message) < READABLE and "\n" not in message
