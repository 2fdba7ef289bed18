"""What every refusal of a file has in common, and what nothing may do that stands in one."""

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from msdiffusion_nodes.errors import InputError

READABLE = 500  # characters; a message longer than this is a dump


def refusal(read: Callable[[Path], object], path: Path, fixes: Sequence[str]) -> str:
    """Why a file is refused: soon, in a sentence that names the file and says what to do."""
    began = time.thread_time()
    with pytest.raises(InputError) as caught:
        read(path)
    assert time.thread_time() - began < 1
    message = str(caught.value)
    assert type(caught.value) is InputError
    assert path.name in message
    assert any(fix in message for fix in fixes), message
    assert len(message) < READABLE and "\n" not in message
    return message


class Hostile(str):
    """Unpickling it creates a folder of this name."""

    def __reduce__(self):
        return os.mkdir, (str(self),)
