"""Boxes in a text: what people type, what language models answer, what label files hold."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, NamedTuple

from ..errors import InputError, shortened, shown
from . import marked, typed
from .loose_json import pieces_of
from .raw import are_numbers

TEXT_LIMIT = 1_000_000  # characters
ASK = (
    "connect a detector's output, write x0,y0,x1,y1 a line, or ask a language model for"
    ' [{"bbox_2d": [x0, y0, x1, y1], "label": "…"}] alone'
)
THINKING = re.compile(r"(?i)<(?:think|thinking|thought|reasoning)>")
THOUGHT = re.compile(r"(?i)</(?:think|thinking|thought|reasoning)>")
POINTS = re.compile(r"<points?\b|point_2d")


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
    found, words = pieces_of(_fenced(text))
    if found:
        value, notes = _of_pieces(found)
        return value, notes + _unread(words, value)
    problem = "has points, no boxes" if POINTS.search(text) else "is neither JSON nor x0,y0,x1,y1;…"
    raise InputError(f"{shown(text)} {problem}; {ASK}")


def _answer(text: str) -> str:
    """A language model's answer, without what it thought before.

    Raises:
        InputError: it only thought.
    """
    before = THINKING.split(text, maxsplit=1)[0]
    after = THOUGHT.split(text)[-1]
    unfinished = len(THINKING.split(after)) > 1
    text = after if after.strip() and not unfinished else before
    if unfinished and not text.strip():
        raise InputError(
            f"the text ends before the model's thinking does; let it write more; {ASK}"
        )
    inside = re.split("(?i)<answer>", text)[-1]
    return re.split("(?i)</answer>", inside)[0]


def _fenced(text: str) -> str:
    """What stands between ``` and ```, where something with numbers does."""
    blocks = [re.sub(r"^[ \t]*\w*", "", block, count=1) for block in text.split("```")[1::2]]
    blocks = [block for block in blocks if re.search(r"\d|\[\s*\]|\{\s*\}", block)]
    return "\n".join(blocks) or text


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _of_pieces(found: list[tuple[str, object]]) -> tuple[object, tuple[str, ...]]:
    """One value of all that stood in brackets: boxes one by one, or the last list of them."""
    named = [_named(before, value) for before, value in found]
    if len(found) == 1 and (named[0] is None or not named[0]["label"]):
        return found[0][1], ()
    boxes = [one for one in named if one is not None]
    others = [value for (_, value), one in zip(found, named, strict=True) if one is None]
    if boxes and not any(map(_holds_much, others)):
        return _by_model(boxes)
    dicts = [value for _, value in found if isinstance(value, dict)]
    if len(dicts) == len(found):
        return dicts, ()
    lists = [value for _, value in found if _holds_much(value)]
    if not lists:
        return found[-1][1], ()
    return lists[-1], (f"the last of {len(lists)} lists",) if len(lists) > 1 else ()


def _by_model(boxes: list[dict[str, Any]]) -> tuple[object, tuple[str, ...]]:
    """Boxes with words in front of each; [[…]] right behind a word is InternVL's and CogVLM's."""
    if all(box["nested"] and box["label"] for box in boxes):
        rows = [(box["label"], box["bbox"]) for box in boxes]
        return marked.in_thousandths(rows), ()
    return [{"bbox": box["bbox"], "label": box["label"]} for box in boxes], ()


def _unread(words: str, value: object) -> tuple[str, ...]:
    """A note on words beside boxes that have no names."""
    words = " ".join(re.findall(r"[^\W\d][\w']*", words))
    bare = isinstance(value, list) and all(isinstance(one, list) for one in value)
    return (f"words not read beside the boxes: {shortened(words)}",) if words and bare else ()


def _named(before: str, value: object) -> dict[str, Any] | None:
    """A single box in brackets, and what it is called in front of them."""
    nested = isinstance(value, list) and len(value) == 1 and are_numbers(value[0], 4)
    if not nested and not are_numbers(value, 4):
        return None
    label = typed.name_in(before)
    adjacent = nested and not re.search(r"[:=]\s*$", before)
    return {"bbox": value[0] if nested else value, "label": label, "nested": adjacent}


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
