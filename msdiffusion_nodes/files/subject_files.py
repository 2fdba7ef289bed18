"""Encoded subjects in a file: whoever loads them needs no CLIP vision model."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Sequence
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load, save
from torch import Tensor

from ..errors import InputError, naming, reason_of
from ..subjects import TENSORS, Subject, require_same_encoder

SUFFIX = ".safetensors"
KEY = "msdiffusion_subjects"  # in the file's metadata: what is no tensor, as JSON
VERSION = 1
LONGEST_HEADER = 1_000_000  # bytes; a subject takes some hundreds
AGAIN = "save the subjects again with Save Subjects"
UPDATE = "update ComfyUI-MSDiffusion, or save the subjects again with this version"


def save_subjects(path: str | Path, subjects: Sequence[Subject]) -> None:
    """Write subjects to one .safetensors file, whole or not at all; a file of that name goes.

    Raises:
        InputError: there are no subjects, or `load_subjects` would refuse them.
        OSError: the file cannot be written.
    """
    _check_subjects(subjects)
    tensors = {
        # a copy of each: safetensors refuses tensors that share memory or are not contiguous
        f"{number}.{name}": getattr(subject, name)
        .detach()
        .cpu()
        .clone(memory_format=torch.contiguous_format)
        for number, subject in enumerate(subjects)
        for name in TENSORS
    }
    entries = [{name: getattr(subject, name) for name in _plain_fields()} for subject in subjects]
    contents = json.dumps({"version": VERSION, "subjects": entries})
    path = Path(path)
    part = path.with_name(f"{uuid.uuid4().hex}.part")
    try:
        part.write_bytes(save(tensors, {KEY: contents}))
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def load_subjects(path: str | Path) -> list[Subject]:
    """Read what `save_subjects` wrote, on the CPU. Nothing in the file is executed.

    Raises:
        InputError: the file is missing, broken, of another version or holds no subjects; names it.
    """
    path = Path(path)
    with naming(path.name):
        contents, tensors = _read(path)
        entries = _entries(contents)
        _check_names(tensors, len(entries))
        subjects = []
        for number, entry in enumerate(entries):
            with naming(f"subject {number + 1}"):
                own = {name: tensors[f"{number}.{name}"] for name in TENSORS}
                subjects.append(Subject(**_plain_values(entry), **own))
        _check_subjects(subjects)
        return subjects


def holds_subjects(path: str | Path) -> bool:
    """Whether a file says that it holds subjects, read from its header only."""
    try:
        return KEY in _metadata(path)
    except Exception:  # whatever is wrong with it, it is no file to offer
        return False


def _read(path: Path) -> tuple[str, dict[str, Tensor]]:
    """The JSON and the tensors of a file."""
    if not path.is_file():
        raise InputError(f"it is not there or not a file; choose another one, or {AGAIN}")
    if path.stat().st_size == 0:
        raise InputError(f"it is empty (0 bytes); {AGAIN}")
    try:
        contents = _metadata(path).get(KEY)
        # read rather than mapped into memory: the file may be replaced while its tensors live
        tensors = {} if contents is None else load(path.read_bytes())
    except Exception as error:  # a broken file makes the parsers fail in any way
        raise InputError(
            f"it is broken or cut short, or none of ours ({reason_of(error)}); {AGAIN}"
        ) from error
    if contents is None:
        raise InputError(
            f"it holds no subjects (no {KEY} in its metadata); choose a file made by Save Subjects"
        )
    return contents, tensors


def _metadata(path: str | Path) -> dict[str, str]:
    with open(path, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if length > LONGEST_HEADER:
            raise InputError(f"its header claims {length} bytes")
        header = json.loads(file.read(length))
    return dict(header.get("__metadata__", {}))


def _entries(contents: str) -> list[dict[str, Any]]:
    """The subjects' fields that are no tensors, as they stand in the file."""
    try:
        read = json.loads(contents)
        version, entries = read["version"], read["subjects"]
    except Exception as error:  # no JSON, too deep, too long a number, no such entry
        raise InputError(f"its {KEY} are not as Save Subjects writes them; {AGAIN}") from error
    if version != VERSION:
        raise InputError(f"it has version {version!r:.20}; expected {VERSION}: {UPDATE}")
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise InputError(f"its subjects are no list of names and values; {AGAIN}")
    return entries


def _check_names(tensors: dict[str, Tensor], count: int) -> None:
    expected = {f"{number}.{name}" for number in range(count) for name in TENSORS}
    for odd in sorted(expected ^ set(tensors)):
        state = "is missing" if odd in expected else "is too many"
        raise InputError(f"tensor {odd!r:.60} {state} for {count} subjects; {AGAIN}")


def _plain_fields() -> list[str]:
    return [field.name for field in fields(Subject) if field.name not in TENSORS]


def _plain_values(entry: dict[str, Any]) -> dict[str, Any]:
    """A subject's fields from the file; those which an older version did not know are left out."""
    for name in entry:
        if name not in _plain_fields():
            raise InputError(f"this version does not know its field {name!r:.60}; {UPDATE}")
    for field in fields(Subject):
        optional = field.default is not MISSING or field.default_factory is not MISSING
        if field.name not in entry and field.name not in TENSORS and not optional:
            raise InputError(f"its field {field.name} is missing; {AGAIN}")
    # JSON knows no tuples, a frozen subject has no lists
    return {
        name: tuple(value) if isinstance(value, list) else value for name, value in entry.items()
    }


def _check_subjects(subjects: Sequence[Subject]) -> None:
    if not subjects:
        raise InputError("there are no subjects; expected one at least, from Encode Subjects")
    require_same_encoder(subjects)
