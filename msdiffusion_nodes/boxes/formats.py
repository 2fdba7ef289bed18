"""The formats in which detectors hand out the boxes of a picture: a table of named readers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

from ..errors import InputError, shown
from . import lists, records, things
from .raw import EXPECTED, Picture, is_number, limited, plain
from .rows import is_box, read_rows
from .texts import read_text

DEEPEST = 8  # dicts and lists around the boxes


class Format(NamedTuple):
    """A way to write the boxes of one picture."""

    name: str
    recognise: Callable[[Any], bool]
    read: Callable[[Any], Picture]


def read_output(value: object) -> Picture:
    """The boxes of the one picture that has some.

    Args:
        value: one of FORMATS, a dict or list around such, or a text of it.

    Raises:
        InputError: there is no box, there are too many or those of several pictures, or what is
            wrong with a box, by its number (from 1).
    """
    notes: tuple[str, ...] = ()
    if isinstance(value, list | tuple) and value and all(isinstance(one, str) for one in value):
        value = value if all(map(is_number, value)) else "\n".join(value)
    if isinstance(value, str):
        value, notes = read_text(value)
    pictures = [value] if isinstance(value, Picture) else _pictures(value, DEEPEST)
    filled = [picture for picture in pictures if picture.boxes]
    if not filled:
        raise InputError("the detector found nothing; lower its threshold or ask for other things")
    if len(filled) > 1:
        raise InputError(
            f"boxes of {len(filled)} pictures came; the boxes of one are needed: show the detector"
            " one picture"
        )
    return replace(filled[0], notes=filled[0].notes + notes)


def format_of(value: object) -> Format | None:
    """The first format that recognises this as the boxes of one picture."""
    return next((known for known in FORMATS if known.recognise(value)), None)


def _pictures(value: object, depth: int) -> list[Picture]:
    """What came, picture by picture."""
    value = plain(value)
    if isinstance(value, list | tuple) and value and all(map(things.is_thing, limited(value))):
        return [things.read_thing(one) for one in value]
    known = format_of(value)
    if known:
        return [known.read(value)]
    if isinstance(value, dict):
        return _in_dict(value, depth)
    if depth == 0 or not all(isinstance(plain(one), list | tuple | dict) for one in limited(value)):
        raise _too_deep(value)
    if not any(map(format_of, map(plain, value))) and not any(
        isinstance(one, dict) for one in value
    ):
        raise _too_deep(value)
    return [picture for one in value for picture in _pictures(one, depth - 1)]


def _in_dict(value: dict, depth: int) -> list[Picture]:
    """The boxes somewhere in a dict of other things, such as {"objects": [...]}."""
    if depth == 0:
        raise _too_deep(value)
    inside = records.wrapped(value)
    text = records.text_in(value) if inside is None else ""
    if text:
        inside, notes = read_text(text)
        pictures = [inside] if isinstance(inside, Picture) else _pictures(inside, depth - 1)
        return [replace(picture, notes=picture.notes + notes) for picture in pictures]
    if inside is None:
        raise InputError(f"{shown(value)} came, without boxes in it; {EXPECTED}")
    size = records.size_in(value)
    classes = records.classes_in(value)
    if classes and isinstance(inside, list | tuple) and lists.is_rows(inside):
        found = [read_rows(inside, classes)]
    else:
        found = _pictures(inside, depth - 1)
    return [replace(picture, size=picture.size or size) for picture in found]


def _too_deep(value: object) -> InputError:
    return InputError(f"{shown(value)} is nested too deeply; {EXPECTED}, listed by picture")


def read_one(value: object) -> Picture:
    return read_rows([value])


FORMATS = (  # the first that recognises a value reads it
    Format("results of a detector's library", things.is_thing, things.read_thing),
    Format("lists side by side", lists.is_side_by_side, lists.read_side_by_side),
    Format("COCO file", records.is_coco, records.read_coco),
    Format("a box", is_box, read_one),
    Format("boxes by name", lists.is_by_name, lists.read_by_name),
    Format("boxes in groups", lists.is_grouped, lists.read_grouped),
    Format("boxes, scores, names", lists.is_split, lists.read_split),
    Format("SEGS", lists.is_segs, lists.read_segs),
    Format("a list of boxes", lists.is_rows, read_rows),
)
