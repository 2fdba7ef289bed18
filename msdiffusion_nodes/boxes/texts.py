"""Boxes in a text: JSON, perhaps in a fence with words around, or numbers with commas."""

from __future__ import annotations

import json
import re

from ..errors import InputError, shown

TEXT_LIMIT = 1_000_000  # characters


def from_text(text: str) -> object:
    """What a text says, as the lists and dicts that detectors give.

    Raises:
        InputError: it is too long, or holds no boxes.
    """
    if len(text) > TEXT_LIMIT:
        raise InputError(f"text of {len(text)} characters came; at most {TEXT_LIMIT} are read")
    _, fence, fenced = text.partition("```")
    if fence:  # as language models answer, perhaps with words around
        text = re.sub("^json", "", fenced.partition("```")[0], flags=re.IGNORECASE)
    if not text.strip():
        return []
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        rows = [row.strip(" \t\r[]()") for row in re.split("[;\n]", text) if row.strip()]
    try:
        return [[float(number) for number in row.split(",")] for row in rows]
    except ValueError as error:
        raise InputError(
            f"{shown(text)} is neither JSON nor x0,y0,x1,y1;…; connect a detector's output, or ask"
            ' a language model for [{"bbox_2d": [x0, y0, x1, y1], "label": "…"}] alone'
        ) from error
