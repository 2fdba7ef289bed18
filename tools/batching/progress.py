"""The progress bar: pictures a minute and the time that is left."""

from __future__ import annotations

import sys
import time
from typing import Any

from tqdm import tqdm

FORMAT = (
    "{percentage:3.0f}% |{bar}| {n_fmt}/{total_fmt} [{elapsed} gone, {remaining} to go, "
    "{per_minute}{postfix}]"
)
SELDOM = 30  # seconds between lines where there is no terminal


class Bar(tqdm):
    """A bar of pictures. It must not be garbage for as long as something is painted."""

    def __init__(self, total: int, done: int) -> None:
        """
        Args:
            done: what was there before, which tells nothing of the speed.
        """
        terminal = sys.stderr.isatty()
        super().__init__(
            total=total,
            initial=done,
            bar_format=FORMAT,
            mininterval=0.2 if terminal else SELDOM,
            smoothing=0.1,
            dynamic_ncols=terminal,
            ncols=None if terminal else 100,
        )
        self.failed = 0
        self._every = 0.2 if terminal else SELDOM
        self._shown = time.monotonic()

    @property
    def format_dict(self) -> dict[str, Any]:
        """What the format may name, with pictures a minute."""
        known = super().format_dict
        elapsed, done = known["elapsed"], known["n"] - known["initial"]
        rate = known["rate"] or (done / elapsed if elapsed else 0)
        known["per_minute"] = f"{60 * rate:.1f} pictures/min" if done else "? pictures/min"
        return known

    def look(self) -> None:
        """Shows how the time goes on, now and then."""
        if time.monotonic() - self._shown > self._every:
            self._shown = time.monotonic()
            self.refresh()

    def count(self, failed: bool) -> None:
        """One more row has ended."""
        if failed:
            self.failed += 1
            self.set_postfix_str(f"{self.failed} failed", refresh=False)
        self.update()
