"""What a detector calls each box, under whatever key; and which texts were left unread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from typing import Any

from ..errors import InputError, listed, shown
from .keys import BOXES, NAMES, OTHERS, TOP_FIRST, WEAK, Fields, flat
from .raw import number_in, plain

ClassMap = Mapping[str, str]


def read_names(
    rows: Sequence[Fields], classes: ClassMap | None = None
) -> tuple[list[str], tuple[str, ...]]:
    """A name for each row, "" where it has none, and notes.

    Args:
        rows: the fields beside each box.
        classes: names of class numbers.

    Raises:
        InputError: a label is no text and no number.
    """
    keys = [_name_key(row) for row in rows]
    names = []
    for number, (key, row) in enumerate(zip(keys, rows, strict=True), start=1):
        name = _text_of(row.get(key)) if key else ""
        if name is None:
            raise InputError(f"box {number} has the {key} {shown(row[key])}; expected text")
        names.append((classes or {}).get(name, name))
    if any(map(_holds_words, names)):
        unread = _unread(rows, keys, WEAK)
        return names, (f"not read beside the boxes: {_as_came(unread)}",) if unread else ()
    unread = _unread(rows, keys, set()) or []
    telling = [key for key in unread if len({str(row.get(key)) for row in rows}) > 1] or unread
    if not unread:
        return names, ()
    if len(telling) > 1:
        came = _as_came(unread)
        return names, (f"no names; not read beside the boxes: {came}; call the name label",)
    names = [_text_of(row.get(telling[0])) or "" for row in rows]
    left = [key for key in unread if key not in telling]
    rest = (f"not read beside the boxes: {_as_came(left)}",) if left else ()
    return names, (f"names from {_as_came(telling)}", *rest)


def has_name(row: Mapping[str, Any]) -> bool:
    """Whether a box brings a name of its own, more than a number."""
    fields = flat(row)
    return _holds_words(fields.get(_name_key(fields)))


def class_map(value: object) -> ClassMap:
    """Names of class numbers: {0: "cat"}, ["cat", …] or COCO's [{"id": 1, "name": "cat"}, …]."""
    value = plain(value)
    if isinstance(value, dict):
        return {str(key): name for key, name in value.items() if isinstance(name, str)}
    if not isinstance(value, list | tuple):
        return {}
    names: dict[str, str] = {}
    for number, entry in enumerate(value):
        if isinstance(entry, str):
            names[str(number)] = entry
        elif isinstance(entry, dict) and isinstance(entry.get("name"), str):
            names[str(entry.get("id", number))] = entry["name"]
    return names


def _name_key(row: Fields) -> str:
    """The key of a row's name: a text where there is one, else a number."""
    held = [key for key in NAMES if key in row and _is_something(row[key])]
    texts = [key for key in held if _holds_words(row[key])]
    return next(iter(texts or held), "")


def _is_something(value: object) -> bool:
    value = plain(value)
    return value is not None and value != "" and value != []


def _holds_words(value: object) -> bool:
    text = _text_of(value)
    return bool(text) and number_in(text) is None


def _text_of(value: object) -> str | None:
    """A name as text; that in a list or dict too; None where there is none."""
    value = plain(value)
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return None
    if isinstance(value, Integral):
        return shown(value)
    if isinstance(value, Real) and float(value).is_integer():  # a class number out of an array
        return str(int(value))
    if isinstance(value, dict):
        fields = flat(value)
        key = _name_key(fields) if len(fields) < 20 else ""
        return _text_of(fields[key]) if key and not isinstance(fields[key], dict) else None
    if isinstance(value, list | tuple) and 0 < len(value) < 20:
        inside = [None if isinstance(part, list | tuple) else _text_of(part) for part in value]
        return None if None in inside else ", ".join(inside)
    return None


def _unread(rows: Sequence[Fields], keys: Sequence[str], quiet: set[str]) -> list[str]:
    """Keys that hold words in some row, were not taken there and are not to be kept quiet."""
    unread: dict[str, None] = {}
    for row, taken in zip(rows, keys, strict=True):
        name = _text_of(row.get(taken)) if taken else ""
        for key, value in row.items():
            known = key == taken or key in BOXES or key in TOP_FIRST or key in OTHERS | quiet
            if known or not isinstance(value, str | dict) or not _holds_words(value):
                continue
            if _text_of(value) != name:
                unread[key] = None
    return list(unread)


def _as_came(keys: Sequence[str]) -> str:
    return listed([getattr(key, "came", key) for key in keys])
