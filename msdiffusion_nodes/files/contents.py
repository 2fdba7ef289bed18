"""The adapter among a file's contents, or what the file is instead."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from torch import Tensor

from ..errors import InputError
from .kinds import Kind, kind_of
from .listing import shapes_of
from .packaging import is_averaged, official_names

SOURCE = "get ms_adapter.bin from huggingface.co/doge1516/MS-Diffusion again"
DEEPEST = 8  # dicts in dicts


def adapter_in(contents: object, name: str) -> dict[str, Tensor]:
    """The adapter's tensors by their official names; what belongs to no adapter is left out.

    Args:
        contents: of a file, with dicts in it or flat.
        name: the file's, for messages.

    Raises:
        InputError: there is no adapter in it; says what there is.
    """
    if not isinstance(contents, Mapping):
        raise InputError(f"{name} holds a {type(contents).__name__}, not tensors by name; {SOURCE}")
    flat = dict(_flattened(contents))
    names = official_names(flat)
    if not names:
        shapes = {key: tuple(e.shape) for key, e in flat.items() if isinstance(e, Tensor)}
        if kind := kind_of([*contents, *flat], shapes):
            raise InputError(f"{name} {_other(kind, flat or contents)}")
        raise InputError(
            f"{name} is no MS-Diffusion adapter; expected image_proj and ms_adapter, found"
            f" {_first_parts(flat or contents)}: choose ms_adapter.bin"
        )
    if any(map(is_averaged, names.values())):
        logging.info("MS-Diffusion: of %s the averaged weights (EMA) are used", name)
    return {official: flat[given] for official, given in names.items()}


def _flattened(contents: Mapping, front: str = "", depth: int = 0) -> Iterator[tuple[str, object]]:
    """All that is in nested dicts, by names with dots."""
    for key, entry in contents.items():
        if isinstance(entry, Mapping) and depth < DEEPEST:
            yield from _flattened(entry, f"{front}{key}.", depth + 1)
        else:
            yield f"{front}{key}", entry


def refuse_other_kinds(path: Path, torch_files: bool = True) -> None:
    """Say what a file is whose names are another model's, without reading it.

    Args:
        torch_files: otherwise only .safetensors files are looked at, whose lists tell more.

    Raises:
        InputError: names the kind.
    """
    try:
        shapes = shapes_of(path)
        kind = kind_of(shapes, shapes) if torch_files or any(shapes.values()) else None
    except Exception:  # reading it will tell what is wrong
        return
    if kind:  # in a torch file the names of groups and tensors stand among other words
        raise InputError(f"{path.name} {_other(kind, shapes if any(shapes.values()) else ())}")


def _other(kind: Kind, names: Iterable[str] = ()) -> str:
    found = f"; expected image_proj and ms_adapter, found {_first_parts(names)}" if names else ""
    place = f"; it belongs into {kind.folder}" if kind.folder else ""
    return f"is {kind.name}, not MS-Diffusion's adapter{found}{place}; choose ms_adapter.bin"


def _first_parts(names: Iterable[str]) -> str:
    """The different words that names begin with, or what follows if all begin with the same."""
    for length in (1, 2, 3):
        parts = list(dict.fromkeys(".".join(name.split(".")[:length])[:200] for name in names))
        if len(parts) > 1:
            break
    found = ", ".join(f"{part!a:.40}" for part in parts[:4]) or "nothing"
    return found + (", …" if len(parts) > 4 else "")
