"""What has been done: a line of JSON for each row that ended, written at that moment.

A line is whole or does not count. The last one of a row's id is what holds.
"""

from __future__ import annotations

import json
import os
from datetime import datetime, timezone
from pathlib import Path
from threading import Lock
from typing import Any

Record = dict[str, Any]
DONE, FAILED, LEFT = "done", "failed", "left"


class Log:
    """A file of JSON lines that only grows, whatever ends the program."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = Lock()

    def read(self) -> list[Record]:
        """All whole lines; what a kill left of another one is taken away."""
        if not self.path.exists():
            return []
        content = self.path.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        if len(whole) < len(content):
            os.truncate(self.path, len(whole))
        return [record for line in whole.splitlines() if (record := _parsed(line)) is not None]

    def add(self, record: Record) -> None:
        """Appends a line, and sees to it that it is on the disk."""
        line = json.dumps(record, ensure_ascii=False) + "\n"
        with self._lock, self.path.open("ab") as file:
            file.write(line.encode())
            file.flush()
            os.fsync(file.fileno())


class Records:
    """The records of rows, the last one by id."""

    def __init__(self, path: Path) -> None:
        self._log = Log(path)
        self.last: dict[str, Record] = {}
        for record in self._log.read():
            if isinstance(record.get("id"), str):
                self.last[record["id"]] = record

    def add(self, record: Record) -> None:
        self._log.add(record)
        self.last[record["id"]] = record


def now() -> str:
    """The time, for records: ISO 8601, UTC."""
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


def _parsed(line: bytes) -> Record | None:
    try:
        record = json.loads(line)
    except ValueError:  # a broken disk
        return None
    return record if isinstance(record, dict) else None
