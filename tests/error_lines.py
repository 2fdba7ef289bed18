"""The text of every error: a first sentence that says what is wrong, and then what to do."""

import re

FIRST = 120  # characters that a page can show whole
# a sentence ends here; what is quoted or in brackets may hold the same signs
END = r"""\"[^\"]*\"|(?<!\w)'[^']*'|\([^()]*\)|\[[^\[\]]*\]|(?P<end>; |\. )"""


def first_sentence(message):
    """What is wrong, without what to do; it is short."""
    ends = (found.start() for found in re.finditer(END, message) if found["end"])
    first = message[: next(ends, None)]
    assert len(first) <= FIRST and "\n" not in first, f"{first!r} cannot be shown whole"
    return first
