"""Boxes in a text: what people type, what language models answer, what label files hold."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, NamedTuple

from ..errors import InputError, shortened, shown
from . import marked, typed
from .loose_json import pieces_of
from .raw import Picture, are_numbers

TEXT_LIMIT = 1_000_000  # characters
ASK = (
    "connect a detector's output, write x0,y0,x1,y1 a line, or ask a language model for"
    ' [{"bbox_2d": [x0, y0, x1, y1], "label": "…"}] alone'
)
THINKING = r"(?i)<(?:think|thinking|thought|reasoning)>"
THOUGHT = r"(?i)</(?:think|thinking|thought|reasoning)>"
POINTS = r"<points?\b|point_2d"


class Writing(NamedTuple):
    """A way to write boxes as text."""

    name: str
    recognise: Callable[[str], bool]
    read: Callable[[str], object]


def read_text(text: str) -> tuple[object, tuple[str, ...]]:
    """What a text says, as a Picture or as the lists and dicts that detectors give, and notes.

    Raises:
        InputError: it is too long, or holds no boxes.
    """
    if len(text) > TEXT_LIMIT:
        raise InputError(f"text of {len(text)} characters came; at most {TEXT_LIMIT} are read")
    text = _answer(text)
    if not text.strip():
        return [], ()
    for writing in WRITINGS:
        if writing.recognise(text):
            value = writing.read(text)
            inner = isinstance(value, str) and len(value) < len(text)  # JSON in JSON
            return read_text(value) if inner else (value, ())
    fenced, outside = _fenced(text)
    found, words = pieces_of(fenced)
    if found:
        value, notes = _of_pieces(found)
        return value, notes + _unread(f"{outside} {words}", value)
    problem = (
        "has points, no boxes" if re.search(POINTS, text) else "is neither JSON nor x0,y0,x1,y1;…"
    )
    raise InputError(f"{shown(text)} {problem}; {ASK}")


def _answer(text: str) -> str:
    """A language model's answer, without what it thought before.

    Raises:
        InputError: it only thought.
    """
    before = re.split(THINKING, text, maxsplit=1)[0]
    after = re.split(THOUGHT, text)[-1]
    unfinished = len(re.split(THINKING, after)) > 1
    text = after if after.strip() and not unfinished else before
    if unfinished and not text.strip():
        raise InputError(
            f"the text ends before the model's thinking does; let it write more; {ASK}"
        )
    inside = re.split("(?i)<answer>", text)[-1]
    return re.split("(?i)</answer>", inside)[0]


def _fenced(text: str) -> tuple[str, str]:
    """What stands between ``` and ```, where something with numbers does, and the rest."""
    parts = text.split("```")
    blocks = [re.sub(r"^[ \t]*\w*", "", block, count=1) for block in parts[1::2]]
    blocks = [block for block in blocks if re.search(r"\d|\[\s*\]|\{\s*\}", block)]
    return ("\n".join(blocks), " ".join(parts[::2])) if blocks else (text, "")


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


class Named(NamedTuple):
    """A single box in brackets.

    Attributes:
        name: the words in front of it, "" where there are none.
        marked: whether [[…]] follows the words, as InternVL and CogVLM write it.
    """

    numbers: list[Any]
    name: str
    marked: bool


def _named(before: str, value: object) -> Named | None:
    nested = isinstance(value, list) and len(value) == 1 and are_numbers(value[0], 4)
    if not nested and not are_numbers(value, 4):
        return None
    name = typed.name_in(before)
    marked = nested and bool(name) and not re.search(r"[:=]\s*$", before)
    return Named(value[0] if nested else value, name, marked)


def _of_pieces(found: list[tuple[str, object]]) -> tuple[object, tuple[str, ...]]:
    """One value of all that stood in brackets: boxes one by one, or the last list of them."""
    named = [_named(before, value) for before, value in found]
    boxes = [one for one in named if one is not None]
    values = [value for _, value in found]
    if len(found) == 1 and not any(one.name for one in boxes):
        return values[0], ()
    others = [value for value, one in zip(values, named, strict=True) if one is None]
    if boxes and not any(map(_holds_much, others)):
        if all(box.marked for box in boxes):
            return marked.in_thousandths((box.name, box.numbers) for box in boxes), ()
        return [{"bbox": box.numbers, "label": box.name} for box in boxes], ()
    if all(isinstance(value, dict) for value in values):
        return values, ()
    lists = list(filter(_holds_much, values)) or values[-1:]
    return lists[-1], (f"the last of {len(lists)} lists",) if len(lists) > 1 else ()


def _unread(words: str, value: object) -> tuple[str, ...]:
    """A note on words beside boxes that have no names."""
    words = " ".join(re.findall(r"[^\W\d][\w']*", words))
    nameless = not isinstance(value, Picture) and not _holds_text(value)
    return (f"words not read beside the boxes: {shortened(words)}",) if words and nameless else ()


def _holds_text(value: object) -> bool:
    """Whether some row of what was read holds a text."""
    rows = value if isinstance(value, list) else [value]
    return any(isinstance(row, dict) and _texts(row) for row in rows)


def _texts(row: dict[str, Any]) -> bool:
    others = (one for one in row.values() if not are_numbers(one))
    return any(isinstance(one, str | dict | list) and one for one in others)


def _holds_much(value: object) -> bool:
    """Whether a value in brackets is more than a footnote."""
    return (
        isinstance(value, dict)
        or isinstance(value, list)
        and any(isinstance(one, dict | list) for one in value)
    )


WRITINGS = (  # the first that recognises a text reads it; where none does, brackets are looked for
    Writing("JSON", _is_json, json.loads),
    Writing("tags of a language model", marked.is_tagged, marked.read_tagged),
    Writing("location tokens", marked.is_tokens, marked.read_tokens),
    Writing("VOC's XML", marked.is_xml, marked.read_xml),
    Writing("CSS", marked.is_css, marked.read_css),
    Writing("lines of numbers", typed.is_lines, typed.read_lines),
    Writing("lines of fields (YAML)", typed.is_fields, typed.read_fields),
    Writing("a table with a head", typed.is_table, typed.read_table),
)
