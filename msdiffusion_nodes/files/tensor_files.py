"""Tensors from files that may be anything: nothing is executed, no memory taken on a claim.

torch's `weights_only` executes nothing either, but a few bytes can ask it for gigabytes (a
bytearray) or for ever (the hash of tuples of tuples): pickles are looked through before it reads.
"""

from __future__ import annotations

import io
import os
import pickle
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

import torch
from safetensors.torch import load_file

from ..errors import InputError, reason_of
from .listing import bytes_of, list_of_tensors, opcodes, require_file
from .progress import readable

MOST_TUPLES = 10_000  # torch.save writes four a tensor; a UNet with an adapter has some 2,000
OLD_PICKLES = 5  # in files of before 2020: three for the format, the tensors, their storages
# all that torch.save names for tensors in dicts
HARMLESS = (
    r"collections OrderedDict|torch\._utils _rebuild_(tensor_v[23]|parameter)"
    r"|torch \w+Storage|torch\.storage UntypedStorage|torch float8_\w+"
)
LEAVES = ("GLOBAL", "BINUNICODE", "SHORT_BINSTRING", "LONG1")  # they hold nothing else


class Misnamed(InputError):
    """A whole file under the wrong name."""


class CutShort(InputError):
    """A file that ends before its tensors do."""


def read_tensors(path: str | Path) -> Mapping:
    """What a torch or a .safetensors file holds, on the CPU.

    The tensors are mapped from the file, but for torch files of before 2020: whoever keeps them
    copies them, or the process dies when somebody writes into the file.

    Raises:
        Misnamed: the file is to be renamed, as the error says.
        InputError: says what is wrong, to be put behind the file's name: "is empty (0 bytes)".
    """
    require_file(path)
    try:
        contents = list_of_tensors(path)
        if contents.startswith(b"{"):
            _check_end(path, contents)
            return load_file(path)
        if str(path).endswith(".safetensors"):
            raise Misnamed("is a torch file under the wrong name: rename it to .bin")
        is_zip = zipfile.is_zipfile(path)
        pickles = io.BytesIO(contents)
        for _ in range(1 if is_zip else OLD_PICKLES):
            _check_pickle(pickles)
        return torch.load(path, map_location="cpu", weights_only=True, mmap=is_zip)
    except (Misnamed, CutShort):
        raise
    except pickle.UnpicklingError as error:
        raise InputError(
            f"is refused ({reason_of(error)}); it is broken or holds code besides tensors, and"
            " nothing in it was executed"
        ) from error
    except PermissionError as error:
        raise InputError(f"may not be read ({reason_of(error)}): allow it, or") from error
    except Exception as error:  # a broken file makes the parsers fail in any way
        raise InputError(f"is broken or cut short ({reason_of(error)})") from error


def _check_end(path: str | Path, contents: bytes) -> None:
    size, there = bytes_of(contents), os.path.getsize(path)
    if there < size:
        state = f"{readable(there)} of {readable(size)} are there"
        raise CutShort(f"is cut short: {state}, the download broke off")


def _check_pickle(file: BinaryIO) -> None:
    """Refuse a pickle with more in it than tensors, or that needs more work than it has bytes.

    Without a list, tuple, dict or tensor that is used twice the work is in proportion.

    Raises:
        pickle.UnpicklingError: it does not look like one of torch.save.
    """
    leaves, before, tuples = set(), "", 0
    for name, argument in opcodes(file):
        tuples += name.startswith("TUPLE")
        if name == "GLOBAL" and not re.fullmatch(HARMLESS, argument):
            raise pickle.UnpicklingError(f"it asks for {argument.replace(' ', '.')!r:.80}")
        if name in ("GET", "BINGET", "LONG_BINGET") and argument not in leaves:
            raise pickle.UnpicklingError("it uses a part of itself twice")
        if tuples > MOST_TUPLES:
            raise pickle.UnpicklingError("it holds more tuples than any adapter")
        if name in ("PUT", "BINPUT", "LONG_BINPUT"):
            (leaves.add if before in LEAVES else leaves.discard)(argument)
        else:
            before = "GLOBAL" if name.endswith("GET") else name
