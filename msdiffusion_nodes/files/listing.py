"""The list of tensors of a file that may be anything; plain Python, without torch.

Nothing is executed, and no memory or time is taken on a file's mere claim.
"""

from __future__ import annotations

import io
import json
import os
import pickletools
import struct
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from ..errors import InputError

LONGEST_PICKLE = 900_000  # bytes; an adapter's takes some 20,000, an SDXL checkpoint's 600,000
LONGEST_JSON = 4_000_000  # bytes; an SDXL checkpoint's takes some 350,000, more with EMA
MOST_OPCODES = 150_000  # of a pickle; torch.save writes some 40 a tensor
DATA = "/data/"  # where a torch file keeps its numbers
BEGINNING = 250_000  # bytes


def list_of_tensors(path: str | Path) -> bytes:
    """The part of a file that names its tensors: JSON in a .safetensors file, else a pickle.

    Raises:
        Exception: of any kind, for a file that is broken.
    """
    require_file(path)
    with _ShortReads(path) as file:
        start = file.read(BEGINNING)
        if start[:4] == b"PK\3\4":
            return _list_in_zip(file)
        _refuse_text(start[:512])
        if start[8:9] == b"{":
            length = int.from_bytes(start[:8], "little")
            file.most = LONGEST_JSON
            file.seek(8)
            return file.read(length)
        if start[:1] == b"\x80":
            return start
        raise InputError("it is neither a torch nor a .safetensors file")


def shapes_of(path: str | Path) -> dict[str, tuple[int, ...]]:
    """Shapes of tensors by name; of a torch file all names in it, each with an empty shape.

    A torch file keeps its tensors in groups: a name and its group's stand beside each other.

    Raises:
        Exception: of any kind, for a file that is broken.
    """
    contents = list_of_tensors(path)
    if contents.startswith(b"{"):
        return {name: tuple(entry["shape"]) for name, entry in _entries(contents).items()}
    return dict.fromkeys(_words(contents), ())


def looks_like_adapter(path: str | Path) -> bool:
    """Whether a file names an adapter's tensors, read from its table of contents only."""
    try:
        contents = list_of_tensors(path)
    except Exception:  # whatever is wrong with it, it is no adapter to offer
        return False
    return b"to_k_ip" in contents and b"grounding_latents" in contents


def bytes_of(contents: bytes) -> int:
    """How long a .safetensors file must be, by its list of tensors."""
    ends = [entry["data_offsets"][1] for entry in _entries(contents).values()]
    return 8 + len(contents) + max(ends, default=0)


def runs_of_numbers(path: str | Path) -> dict[int, int]:
    """Where runs of numbers begin in a file, and their bytes; a tensor is one, or a part of one.

    Empty if it has no list of them (torch files of before 2020), or has them in another machine's
    byte order.

    Raises:
        Exception: of any kind, for a file that is broken.
    """
    contents = list_of_tensors(path)
    if contents.startswith(b"{"):
        start = 8 + len(contents)
        places = [entry["data_offsets"] for entry in _entries(contents).values()]
        return {start + begin: end - begin for begin, end in places}
    if not zipfile.is_zipfile(path):
        return {}
    runs = {}
    with open(path, "rb") as file, zipfile.ZipFile(file) as archive:
        for entry in archive.infolist():
            if entry.filename.endswith("/byteorder"):
                if archive.read(entry) != sys.byteorder.encode():
                    return {}
            elif DATA in entry.filename:
                file.seek(entry.header_offset + 26)  # the lengths of what stands in between
                name, extra = struct.unpack("<HH", file.read(4))
                runs[entry.header_offset + 30 + name + extra] = entry.file_size
    return runs


def _entries(contents: bytes) -> dict[str, dict]:
    """What a .safetensors file's list of tensors says of each."""
    entries = json.loads(contents)
    entries.pop("__metadata__", None)
    return entries


def opcodes(pickled: BinaryIO) -> Iterator[tuple[str, object]]:
    """The instructions of a pickle and their arguments, as far as one of an adapter may go."""
    for count, (opcode, argument, _) in enumerate(pickletools.genops(pickled)):
        if count > MOST_OPCODES:
            raise InputError("its list of tensors is longer than any adapter's")
        yield opcode.name, argument


def _words(pickled: bytes) -> Iterator[str]:
    file = io.BytesIO(pickled)
    while file.tell() < len(pickled):  # files of before 2020 have several pickles, then numbers
        try:
            for name, argument in opcodes(file):
                if name.endswith(("UNICODE", "BINSTRING")):
                    yield str(argument)
        except ValueError:
            return


def require_file(path: str | Path) -> None:
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


class _ShortReads(io.FileIO):
    """A file that gives no more at once than a list of tensors may take, whatever it claims."""

    most = LONGEST_PICKLE

    def read(self, size: int | None = -1) -> bytes:
        _check_length(size or 0, self.most)
        return super().read(size)


def _check_length(length: int, most: int) -> None:
    if length > most:
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
        records = [entry for entry in entries if DATA not in entry.filename]
        # torch reads these as a whole
        _check_length(max(entry.file_size for entry in records), LONGEST_PICKLE)
        # torch finds a name in any case
        lists = [entry for entry in records if entry.orig_filename.lower().endswith("/data.pkl")]
        if len(lists) != 1:
            raise InputError(f"it holds {len(lists)} lists of tensors, expected one data.pkl")
        return archive.read(lists[0])


def _refuse_text(start: bytes) -> None:
    control = any(byte < 32 and byte not in b"\t\n\f\r" for byte in start)
    if control or start.decode("utf-8", "replace").count("\ufffd") > 1:  # one may be cut
        return
    if start.startswith(b"version https://git-lfs"):
        raise InputError("it is a Git LFS pointer, not the weights: git lfs pull fetches them")
    if start.lstrip().startswith(b"<"):
        raise InputError("it is a web page, not weights: the download went wrong")
    raise InputError(f"it is text, not weights: {start[:40].decode('ascii', 'backslashreplace')}")
