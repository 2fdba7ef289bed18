"""How far work on a file is, on a terminal."""

from __future__ import annotations

import sys
import time


class Progress:
    """How far a stage is, on one line of a terminal; elsewhere only that it has begun."""

    def __init__(self, stage: str, tensors: int, size: int) -> None:
        self.stage, self.tensors, self.bytes = stage, tensors, size
        self.bytes_done = self.tensors_done = 0
        self.shown = 0.0
        if not sys.stdout.isatty():
            print(f"{stage} {self.tensors} tensors, {readable(self.bytes)}", flush=True)

    def add(self, more_bytes: int = 0, more_tensors: int = 0) -> None:
        self.bytes_done += more_bytes
        self.tensors_done += more_tensors
        done = self.tensors_done == self.tensors
        if not sys.stdout.isatty() or (time.monotonic() - self.shown < 0.1 and not done):
            return
        self.shown = time.monotonic()
        state = f"{100 * self.bytes_done // self.bytes:3} %, {self.tensors_done} of {self.tensors}"
        state += f" tensors, {readable(self.bytes_done)} of {readable(self.bytes)}"
        print(f"\r{self.stage} {state}  ", end="\n" * done, flush=True)


def readable(size: int) -> str:
    """Bytes for people."""
    return f"{size / 1e9:.2f} GB" if size >= 1e9 else f"{size / 1e6:.1f} MB"
