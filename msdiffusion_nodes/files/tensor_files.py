"""Tensors from files that may be anything: nothing is executed, no memory taken on a claim.

torch's `weights_only` executes nothing either, but a few bytes can ask it for gigabytes (a
bytearray) or for ever (the hash of tuples of tuples): pickles are looked through before it reads.
"""

from __future__ import annotations

import io
import os
import pickle
import pickletools
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

import torch
from safetensors.torch import load_file

from ..errors import InputError, reason_of

LONGEST_LIST = 250_000  # bytes; an adapter's list of tensors takes some 20,000
MOST_TUPLES = 5000  # torch.save writes four a tensor
OLD_PICKLES = 5  # in files of before 2020: three for the format, the tensors, their storages
# all that torch.save names for tensors in dicts
HARMLESS = (
    r"collections OrderedDict|torch\._utils _rebuild_(tensor_v[23]|parameter)"
    r"|torch \w+Storage|torch\.storage UntypedStorage|torch float8_\w+"
)
LEAVES = ("GLOBAL", "BINUNICODE", "SHORT_BINSTRING", "LONG1")  # they hold nothing else


def read_tensors(path: str | Path) -> Mapping:
    """What a torch or a .safetensors file holds, on the CPU.

    The tensors are mapped from the file, but for torch files of before 2020.

    Raises:
        InputError: says what is wrong, to be put behind the file's name: "is empty (0 bytes)".
    """
    _require_file(path)
    try:
        contents = list_of_tensors(path)
        if contents.startswith(b"{"):
            return load_file(path)
        if str(path).endswith(".safetensors"):
            raise InputError("it is a torch file under the wrong name: rename it to .bin")
        is_zip = zipfile.is_zipfile(path)
        pickles = io.BytesIO(contents)
        for _ in range(1 if is_zip else OLD_PICKLES):
            _check_pickle(pickles)
        return torch.load(path, map_location="cpu", weights_only=True, mmap=is_zip)
    except pickle.UnpicklingError as error:
        raise InputError(
            f"is refused ({reason_of(error)}): it is broken or holds code besides tensors, and"
            " nothing in it was executed"
        ) from error
    except PermissionError as error:
        raise InputError(f"may not be read ({reason_of(error)}): allow it, or") from error
    except Exception as error:  # a broken file makes the parsers fail in any way
        raise InputError(f"is broken or cut short ({reason_of(error)})") from error


def list_of_tensors(path: str | Path) -> bytes:
    """The part of a file that names its tensors: JSON in a .safetensors file, else a pickle.

    Raises:
        Exception: of any kind, for a file that is broken.
    """
    _require_file(path)
    with _ShortReads(path) as file:
        start = file.read(LONGEST_LIST)
        if start[:4] == b"PK\3\4":
            return _list_in_zip(file)
        _refuse_text(start[:512])
        if start[8:9] == b"{":
            length = int.from_bytes(start[:8], "little")
            _check_length(length)
            return start[8 : 8 + length]
        if start[:1] == b"\x80":
            return start
        raise InputError("it is neither a torch nor a .safetensors file")


class _ShortReads(io.FileIO):
    """A file that gives no more at once than a list of tensors may take, whatever it claims."""

    def read(self, size: int | None = -1) -> bytes:
        _check_length(size or 0)
        return super().read(size)


def _check_length(length: int) -> None:
    if length > LONGEST_LIST:
        raise InputError(f"its list of tensors takes {length} bytes; an adapter's some 20,000")


def _list_in_zip(file: BinaryIO) -> bytes:
    with zipfile.ZipFile(file) as archive:
        entries = archive.infolist()
        if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
            raise InputError("it is compressed, which torch.save never does")
        if sum(entry.file_size for entry in entries) > os.fstat(file.fileno()).st_size:
            raise InputError("it claims more weights than the file holds")
        if min(entry.header_offset for entry in entries) > 0:
            raise InputError("it is a zip behind something else")
        records = [entry for entry in entries if "/data/" not in entry.filename]
        _check_length(max(entry.file_size for entry in records))  # torch reads these as a whole
        # torch finds a name in any case
        lists = [entry for entry in records if entry.orig_filename.lower().endswith("/data.pkl")]
        if len(lists) != 1:
            raise InputError(f"it holds {len(lists)} lists of tensors, expected one data.pkl")
        return archive.read(lists[0])


def _check_pickle(file: BinaryIO) -> None:
    """Refuse a pickle with more in it than tensors, or that needs more work than it has bytes.

    Without a list, tuple, dict or tensor that is used twice the work is in proportion.

    Raises:
        pickle.UnpicklingError: it does not look like one of torch.save.
    """
    leaves, before, tuples = set(), "", 0
    for opcode, argument, _ in pickletools.genops(file):
        tuples += opcode.name.startswith("TUPLE")
        if opcode.name == "GLOBAL" and not re.fullmatch(HARMLESS, argument):
            raise pickle.UnpicklingError(f"it asks for {argument.replace(' ', '.')!r:.80}")
        if opcode.name in ("GET", "BINGET", "LONG_BINGET") and argument not in leaves:
            raise pickle.UnpicklingError("it uses a part of itself twice")
        if tuples > MOST_TUPLES:
            raise pickle.UnpicklingError("it holds more tuples than any adapter")
        if opcode.name in ("PUT", "BINPUT", "LONG_BINPUT"):
            (leaves.add if before in LEAVES else leaves.discard)(argument)
        else:
            before = "GLOBAL" if opcode.name.endswith("GET") else opcode.name


def _refuse_text(start: bytes) -> None:
    control = any(byte < 32 and byte not in b"\t\n\f\r" for byte in start)
    if control or start.decode("utf-8", "replace").count("\ufffd") > 1:  # one may be cut
        return
    if start.startswith(b"version https://git-lfs"):
        raise InputError("it is a Git LFS pointer, not the weights: git lfs pull fetches them")
    if start.lstrip().startswith(b"<"):
        raise InputError("it is a web page, not weights: the download went wrong")
    raise InputError(f"it is text, not weights: {start[:40].decode('ascii', 'backslashreplace')}")


def _require_file(path: str | Path) -> None:
    if os.path.isfile(path):
        if os.path.getsize(path) == 0:
            raise InputError("is empty (0 bytes)")
    elif os.path.isdir(path):
        raise InputError("is a folder, not a file")
    elif os.path.exists(path):  # reading would wait for ever
        raise InputError("is a pipe or a device, not a file")
    else:
        link = os.path.islink(path)
        raise InputError("is a link to what is not there" if link else "is not there")
