"""Boxes as lines of text: numbers, perhaps with a name among them; YOLO's files; tables."""

from __future__ import annotations

import csv
import re

from .keys import BOXES, EDGES, flat_key
from .raw import LIMIT, Picture, limited, number_in
from .rows import read_rows

SEPARATORS = r"[,\s|]+"
WORD = r"[^\W\d]"
NO_NAMES = {"box", "boxes", "bbox", "bboxes", "bounding", "coordinates", "coords", "position"}
NO_NAMES |= {"detections", "objects", "output", "result", "results", "answer", "final", "json"}


def name_in(text: str) -> str:
    """What a box is called in the words in front of it, without bullets and marks."""
    text = re.sub(r"^[\s\-*•>#]*(?:\d+[.)]\s)?", "", text.rpartition(";")[2])
    text = re.sub(r"[*_`\"'<>|]", " ", text).strip(" \t\r:=-–—,.;([")
    words = [word for word in text.split() if word.strip(":,.").casefold() not in NO_NAMES]
    return " ".join(words) if re.search(WORD, text) else ""


def _rows(text: str) -> list[str]:
    return [row.strip() for row in re.split(r"[;\n]", text) if row.strip(" \t\r,`")]


def is_lines(text: str) -> bool:
    """Every line is four to seven numbers, perhaps with a name before or behind; or YOLO's."""
    rows = _rows(text)
    return bool(rows) and all(_numbers(row) is not None for row in rows[: LIMIT + 1])


def _numbers(row: str) -> tuple[str, list[str]] | None:
    """The name and the numbers of a line; None where it is something else."""
    if re.search(r"[{}<>]|\[\s*\[|\]\s*,?\s*\[", row):
        return None
    row = re.sub(r"[\[\]()]", " ", re.sub(r"^[-*•]\s+", "", row))
    before, mark, after = row.rpartition(":") if ":" in row else row.rpartition("=")
    if mark and re.search(WORD, before):
        numbers, name = [part for part in re.split(SEPARATORS, after) if part], before
    else:
        parts = [part for part in re.split(SEPARATORS, row) if part]
        if len(parts) > LIMIT:
            return None
        places = [place for place, part in enumerate(parts) if number_in(part) is not None]
        if not places:
            return None
        numbers = parts[places[0] : places[-1] + 1]
        name = " ".join(parts[: places[0]] or parts[places[-1] + 1 :])
    if len(numbers) < 2 or any(number_in(part) is None for part in numbers):
        return None
    name = name_in(name)
    return None if name and len(numbers) not in (4, 5) else (name, numbers)


def read_lines(text: str) -> Picture:
    rows = [_numbers(row) for row in limited(_rows(text))]
    rows = [row for row in rows if row is not None]
    if any(name for name, _ in rows):
        entries = [
            {"bbox": numbers[:4], "label": name, "score": (numbers[4:] or [None])[0]}
            for name, numbers in rows
        ]
        return read_rows(entries)
    outlines = [_outline(numbers) for _, numbers in rows]
    if all(outlines):  # YOLO's segments: a class and points
        return read_rows(outlines)
    return read_rows([numbers for _, numbers in rows])


def _outline(numbers: list[str]) -> dict[str, object] | None:
    if len(numbers) < 7 or len(numbers) % 2 == 0 or not numbers[0].isdigit():
        return None
    if not all(0 <= number_in(number) <= 1 for number in numbers[1:]):
        return None
    return {"points": list(zip(numbers[1::2], numbers[2::2], strict=True)), "classid": numbers[0]}


def _lines(text: str) -> list[str]:
    """The lines of a table, without those that only draw it."""
    lines = (line.strip().strip("|").strip() for line in text.splitlines())
    return [line for line in lines if line.strip("-|:+= \t")]


def is_table(text: str) -> bool:
    """A first line of words, such as label,xmin,ymin,xmax,ymax, and lines of values."""
    lines = _lines(text)
    if len(lines) < 2:
        return False
    head = [flat_key(word) for word in re.split(r"[,;\t|]", lines[0])]
    known = {key for _, roles in EDGES for role in roles for key in role.split()}
    return len(known.intersection(head)) >= 4 and len(head) == len(set(head))


def read_table(text: str) -> Picture:
    lines = _lines(text)
    mark = next(mark for mark in ",;\t|" if mark in lines[0])
    rows = csv.DictReader(lines, delimiter=mark, skipinitialspace=True)
    return read_rows([_stripped(row) for row in rows])


def _stripped(row: dict[str, str]) -> dict[str, str]:
    return {key.strip(): value.strip() for key, value in row.items() if key and value}


FIELD = r"^\s*(-\s*)?([^\W\d][\w -]{0,40}?)\s*[:=]\s*(.+?),?\s*$"


def is_fields(text: str) -> bool:
    """Lines of a key and a value each, as YAML has them, some of them boxes."""
    fields = [re.match(FIELD, line) for line in text.splitlines() if line.strip(" -\t\r")]
    if len(fields) < 2 or not all(fields):
        return False
    keys = {flat_key(field[2]) for field in fields}
    return bool(keys & set(BOXES)) and len(keys) < len(fields) or len(keys & set(BOXES)) == 1


def read_fields(text: str) -> Picture:
    rows: list[dict[str, str]] = []
    for line in text.splitlines():
        field = re.match(FIELD, line)
        if field is None:
            continue
        if not rows or field[1] or field[2] in rows[-1]:
            rows.append({})
        rows[-1][field[2]] = field[3].strip("\"'")
    return read_rows(rows)
