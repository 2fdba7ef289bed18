"""JSON as people and language models write it: among words, with quotes and brackets of Python."""

from __future__ import annotations

import json
import re

from ..errors import InputError, shown
from .raw import EXPECTED, LIMIT

TRIES = 50  # brackets that open no JSON, before a text is given up
LONGEST = 300  # digits of a number
TOKEN = r"""(?xs)
      (?P<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')
    | (?P<comment>//[^\n]*|\#[^\n]*|/\*.*?\*/)
    | (?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?:\s*%|px\b)?)
    | (?P<call>[^\W\d][\w.]*\()
    | (?P<open>[\[{(])
    | (?P<close>[\]})])
    | (?P<word>-?[^\W\d]\w*)
    | (?P<mark>[,:])
    | (?P<space>\s+)
    | (?P<other>.)
"""
ARGUMENT = r",\s*[^\W\d]\w*\s*=\s*[\w.:'\"]+(?=\s*[,)])"  # of a call: dtype=float32
WORDS = {"true": "true", "false": "false", "null": "null", "none": "null", "nan": "NaN"}
WORDS |= {"infinity": "Infinity", "inf": "Infinity", "-infinity": "-Infinity", "-inf": "-Infinity"}
NO_COMMA = tuple("0123456789]}")
CLOSED_BY = {"[": "]", "(": ")", "{": "}"}


class EndsEarly(ValueError):
    """A text ends before its brackets do."""


def pieces_of(text: str) -> tuple[list[tuple[str, object]], str]:
    """All values in brackets of a text, each with the words in front of it on its line.

    Returns:
        Them, and all words that stand outside, comments too.

    Raises:
        InputError: the text ends in the middle of one, or one is nested too deeply.
    """
    if "=" in text:
        text = re.sub(ARGUMENT, "", text)
    pieces: list[tuple[str, object]] = []
    words: list[str] = []
    before, rest, tries = "", text, 0
    while tries < TRIES and (opening := re.search(r"[\[{(]", rest)):
        if len(pieces) == LIMIT:
            raise InputError(f"a text with more than {LIMIT} lists came; give it the boxes alone")
        before, rest = before + rest[: opening.start()], rest[opening.start() :]
        try:
            value, end, comments = _piece(rest)
        except EndsEarly as error:
            if re.search(r"\d", rest) is None:
                break
            raise InputError(
                f"{shown(rest)} is JSON that ends early; let the model write more, or ask"
                ' it for [{"bbox_2d": [x0, y0, x1, y1], "label": "…"}] alone'
            ) from error
        except RecursionError as error:
            raise InputError(f"{shown(text)} is nested too deeply; {EXPECTED}") from error
        except ValueError:
            tries, before, rest = tries + 1, before + rest[0], rest[1:]
            continue
        pieces.append((before.rpartition("\n")[2], value))
        words += [before, *comments]
        before, rest = "", rest[end:]
    return pieces, " ".join([*words, before, rest])


def _piece(text: str) -> tuple[object, int, list[str]]:
    """The value that a text begins with, where it ends, and the comments in it.

    Raises:
        ValueError: it is no JSON, however loosely one reads.
    """
    written: list[str] = []
    comments: list[str] = []
    opened: list[tuple[str, int]] = []  # the bracket or "call", and where it is in `written`
    for token in re.finditer(TOKEN, text):
        kind, what = token.lastgroup, token.group()
        if kind in ("open", "call", "number") and written and written[-1][-1:] in NO_COMMA:
            written.append(",")  # NumPy writes none
        if kind in ("open", "call"):
            opened.append((what[-1] if kind == "open" else "call", len(written)))
            written.append("" if kind == "call" else "{" if what == "{" else "[")
        elif kind == "close":
            _close(written, *opened.pop(), what)
            if not opened:
                ending = re.match(r"[,;]?[ \t]*((?://|#)[^\n]*)", text[token.end() :][:2000])
                comments += [ending[1]] if ending else []
                end = token.end() + (ending.end() if ending else 0)
                return json.loads("".join(written), strict=False), end, comments
        elif kind == "mark":
            if what == "," and opened[-1][0] == "call":  # of several values: a list
                written[opened[-1][1]] = "["
            _mark(written, what)
        elif kind == "comment":
            comments.append(what)
        elif kind != "space":
            written.append(_value(kind, what))
    raise EndsEarly


def _close(written: list[str], bracket: str, place: int, closing: str) -> None:
    if CLOSED_BY.get(bracket, ")") != closing:
        raise ValueError
    if written[-1] == ",":
        written.pop()
    if bracket == "call":
        written.append("]" if written[place] else "")
    else:
        written.append("}" if closing == "}" else "]")


def _mark(written: list[str], mark: str) -> None:
    if mark == ":" and not written[-1].startswith('"'):  # {0: "cat"}
        written[-1] = json.dumps(written[-1])
    written.append(mark)


def _value(kind: str, what: str) -> str:
    if kind == "text":
        if what[0] == '"':
            return what
        return json.dumps(re.sub(r"\\(.)", r"\1", what[1:-1]))
    if kind == "number":
        if not what[-1].isdigit() and what[-1] != ".":  # 64px, 10%
            return json.dumps(what)
        if len(what) > LONGEST:
            return "Infinity"
        return str(float(what) if set(what) & set(".eE") else int(what)).replace("inf", "Infinity")
    if kind == "word":
        return WORDS.get(what.lower()) or json.dumps(what)
    raise ValueError(what)
