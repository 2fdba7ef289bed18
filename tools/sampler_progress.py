"""How far a server's sampler is, read from its log: tqdm's bars and what models it loads."""

from __future__ import annotations

import re
import sys
import time
from pathlib import Path

BAR = r"\d+%\|[^|\r\n]*\|\s*(\d+)/(\d+) \[([\d:]+)<([\d:?]+)"
LOADING = r"Requested to load (\w+)"
SECONDS = 10  # between two lines where there is no terminal
LONGEST = 200_000  # bytes looked at in one go


class SamplerProgress:
    """Shows what is new in a log, on one line of a terminal; elsewhere some lines."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self.place = log.stat().st_size if log.exists() else 0
        self.shown, self.time, self.open = "", 0.0, False

    def look(self) -> None:
        """Reads on and shows the newest, if it is another than before."""
        with self.log.open("rb") as file:
            file.seek(self.place)
            read = file.read(LONGEST)
        self.place += max(read.rfind(b"\r"), read.rfind(b"\n")) + 1  # the rest is read again
        if state := latest(read.decode("utf-8", "replace")):
            self._show(state)

    def end(self) -> None:
        """Leaves the line."""
        if self.open:
            print(flush=True)
        self.open = False

    def _show(self, state: str) -> None:
        terminal = sys.stdout.isatty()
        new_kind = state.split()[0] != self.shown.split(" ")[0]
        now = time.monotonic()
        if state == self.shown or not (terminal or new_kind or now - self.time > SECONDS):
            return
        self.shown, self.time, self.open = state, now, terminal
        if terminal:
            print(f"\r      {state:60}", end="", flush=True)
        else:
            print(f"      {state}", flush=True)


def latest(text: str) -> str | None:
    """What the end of a log says: a step of the sampler, or a model that is loaded."""
    found = list(re.finditer(f"{BAR}|{LOADING}", text))
    if not found:
        return None
    step, steps, gone, left, model = found[-1].groups()
    if model:
        return f"loading {model}"
    return f"step {step} of {steps}, {gone} gone" + (f", {left} to go" if "?" not in left else "")
