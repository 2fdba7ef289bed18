"""Where in the text context a subject's phrase stands."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import torch

from ..errors import InputError, shortened

END = 49407  # CLIP's end of text, also its padding

Tokenize = Callable[[str], list[list[tuple]]]

# Singular and plural endings, tried both ways: policeman and policemen, leaf and leaves, …
ENDINGS = (
    ("", "s"),
    ("", "es"),
    ("y", "ies"),
    ("f", "ves"),
    ("fe", "ves"),
    ("man", "men"),
    ("child", "children"),
    ("person", "people"),
    ("mouse", "mice"),
    ("foot", "feet"),
    ("goose", "geese"),
    ("tooth", "teeth"),
)
LETTERS = r"[^\W\d_]+"
# CLIP makes a word of each Chinese or Japanese character, so these are no parts of a word.
SPACED_WORDS = r"[^\W\d_\u2e80-\U0003ffff]+"
LAST_WORD = rf"({LETTERS})\W*$"
SHORT, LONG = 40, 160  # characters of a phrase or of the prompt in an error


def phrase_positions(prompt: str, phrases: Sequence[str], tokenize: Tokenize) -> list[list[int]]:
    """The positions of each phrase's tokens in the prompt's text context.

    The same phrase again means its next occurrence. A phrase that also stands in a longer one
    ("dog" and "dog house") means the place outside of it, where there is one. A phrase that is
    not in the prompt may stand there in its plural or singular.

    Args:
        tokenize: a text to ComfyUI's CLIP-L tokens: chunks of 77 (token, weight, …), where a
            token is an id, or a tensor or dict of a textual inversion.

    Returns:
        For each phrase the indices into the concatenated chunks, ascending. A phrase over the
        end of a chunk skips its end, padding and the next start token.

    Raises:
        InputError: a phrase is not in the prompt, or not as often as there are subjects with it.
    """
    chunks = tokenize(prompt)
    positions = _text_positions(chunks)
    tokens = _text_tokens(chunks)
    inside_words = _unfinished_tokens(prompt, tokenize)
    spans = [_spans(phrase, tokens, inside_words, tokenize) for phrase in phrases]
    found = []
    for index, phrase in enumerate(phrases):
        if not spans[index]:
            raise InputError(
                f'"{_shortened(phrase, SHORT)}" is not in the prompt "{_shortened(prompt, SHORT)}";'
                " write it into the prompt, or change the subject's phrase to words of the prompt"
            )
        subjects = spans.count(spans[index])
        if len(spans[index]) < subjects:
            raise InputError(
                f'"{_shortened(phrase, SHORT)}" is in the prompt {_times(len(spans[index]))}, but'
                f" {subjects} subjects have that name; write it {_times(subjects)} into the"
                f' prompt "{_shortened(prompt, LONG)}", or give the subjects different phrases'
            )
        alone = [span for span in spans[index] if not _in_longer(span, spans)]
        places = alone if len(alone) >= subjects else spans[index]
        start, end = places[spans[:index].count(spans[index])]
        found.append(positions[start:end])
    return found


def prompt_length(prompt: str, tokenize: Tokenize) -> int:
    """The tokens of the prompt's text context, padding included: 77 a chunk."""
    return sum(len(chunk) for chunk in tokenize(prompt))


def _text_length(chunk: list[tuple]) -> int:
    """Where a chunk's text ends; its place 0 is the start token."""
    tokens = (entry[0] for entry in chunk)
    ends = (place for place, token in enumerate(tokens) if _same(token, END))
    return next(ends, len(chunk))


def _text_tokens(chunks: list[list[tuple]]) -> list[object]:
    """The text's tokens without start, end and padding."""
    return [entry[0] for chunk in chunks for entry in chunk[1 : _text_length(chunk)]]


def _text_positions(chunks: list[list[tuple]]) -> list[int]:
    """The place of each of the text's tokens in the concatenated chunks."""
    positions, offset = [], 0
    for chunk in chunks:
        positions.extend(range(offset + 1, offset + _text_length(chunk)))
        offset += len(chunk)
    return positions


def _unfinished_tokens(prompt: str, tokenize: Tokenize) -> set[int]:
    """The tokens after which a word of the prompt goes on.

    CLIP marks the end of a word in its last token but not the start in its first: "man" would
    be found in "super|man".
    """
    unfinished = set()
    for word in set(re.findall(SPACED_WORDS, prompt)):
        tokens = _text_tokens(tokenize(word))
        unfinished.update(token for token in tokens[:-1] if isinstance(token, int))
    return unfinished


def _spans(
    phrase: str, tokens: list[object], inside_words: set[int], tokenize: Tokenize
) -> list[tuple[int, int]]:
    """Every [start, end) of the phrase in `tokens`; else of its plural or singular."""
    for text in (phrase, *_other_numbers(phrase)):
        wanted = _text_tokens(tokenize(text))
        spans = _occurrences(wanted, tokens, inside_words)
        if spans:
            return spans
    return []


def _occurrences(
    wanted: list[object], tokens: list[object], inside_words: set[int]
) -> list[tuple[int, int]]:
    spans, start = [], 0
    while wanted and start + len(wanted) <= len(tokens):
        end = start + len(wanted)
        before = tokens[start - 1] if start else None
        in_word = isinstance(before, int) and before in inside_words
        if not in_word and all(map(_same, wanted, tokens[start:end])):
            spans.append((start, end))
            start = end
        else:
            start += 1
    return spans


def _same(first: object, second: object) -> bool:
    """Equal tokens; those of textual inversions hold tensors, which are loaded anew each time."""
    if isinstance(first, torch.Tensor) and isinstance(second, torch.Tensor):
        return first.dtype == second.dtype and torch.equal(first, second)
    if isinstance(first, dict) and isinstance(second, dict):
        return first.keys() == second.keys() and all(_same(first[k], second[k]) for k in first)
    return type(first) is type(second) and first == second


def _other_numbers(phrase: str) -> list[str]:
    """The phrase with its last word in the plural or singular, as far as endings tell."""
    match = re.search(LAST_WORD, phrase)
    if not match:
        return []
    word = match[1].lower()
    others = []
    for one, many in ENDINGS:
        for old, new in ((one, many), (many, one)):
            other = word.removesuffix(old) + new
            # No plural ends in "ss": a princess is not one of the princes.
            plausible = other and not max(word, other, key=len).endswith("ss")
            if word.endswith(old) and plausible:
                others.append(phrase[: match.start(1)] + other + phrase[match.end(1) :])
    return others


def _in_longer(span: tuple[int, int], spans: list[list[tuple[int, int]]]) -> bool:
    """Whether another phrase that is longer covers the span."""
    start, end = span
    others = (other for places in spans for other in places)
    return any(other != span and other[0] <= start and end <= other[1] for other in others)


def _shortened(text: str, most: int) -> str:
    return shortened(" ".join(text.split()), most)


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
