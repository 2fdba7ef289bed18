"""What paints rows: a ComfyUI that runs already, or one that is started here."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Event
from typing import Any, Protocol

from comfy_server import ComfyServer
from console import SetupError

from .ends import ServerFault
from .server import Server
from .tasks import Prompt, Task

Contents = Mapping[str, Callable[[], bytes]]
PATIENCE = 60  # seconds in which a server that went away may come back


class Painter(Protocol):
    """Paints one row at a time, or several in as many threads."""

    name: str

    def open(self) -> None:
        """Gets ready. Raises ServerFault."""

    def object_info(self) -> dict[str, Any]:
        """The nodes that it has, with their inputs. Raises ServerFault."""

    def facts(self) -> dict[str, str]:
        """Versions and device, for the results. Raises ServerFault."""

    def paint(self, task: Task, timeout: float, stop: Event) -> bytes:
        """The picture's file. Raises RowFault, ServerFault or Stopped."""

    def revive(self, stop: Event) -> None:
        """Gets ready again after a fault. Raises ServerFault."""

    def close(self) -> None:
        """Ends what `open` has started."""


def contents(task: Task) -> Contents:
    """How to read each picture of a task, by its name in the prompt."""
    return {name: file.read for name, file in task.files.items()}


class RunningServer:
    """A ComfyUI that somebody else has started."""

    def __init__(self, address: str) -> None:
        self.name = address
        self.server = Server(address)

    def open(self) -> None:
        self.facts()

    def object_info(self) -> dict[str, Any]:
        return self.server.object_info()

    def facts(self) -> dict[str, str]:
        return self.server.facts()

    def paint(self, task: Task, timeout: float, stop: Event) -> bytes:
        return self.server.paint(task.prompt, task.output, contents(task), timeout, stop)[0]

    def revive(self, stop: Event) -> None:
        self.server.await_answer(PATIENCE, stop)

    def close(self) -> None:
        """It goes on."""


class OwnServer(RunningServer):
    """A ComfyUI that is started here, and again when it ends."""

    def __init__(self, process: ComfyServer, name: str = "own") -> None:
        self.process = process
        super().__init__(process.address)
        self.name = name
        self._last: Path | None = None

    def open(self) -> None:
        try:
            self.process.start()
        except SetupError as error:
            raise ServerFault(str(error)) from error

    def paint(self, task: Task, timeout: float, stop: Event) -> bytes:
        return self.paint_prompt(task.prompt, task.output, contents(task), timeout, stop)

    def paint_prompt(
        self, prompt: Prompt, output: str, files: Contents, timeout: float, stop: Event
    ) -> bytes:
        """As `paint`, of a prompt whose pictures come from anywhere."""
        try:
            picture, reference = self.server.paint(prompt, output, files, timeout, stop)
        except ServerFault as error:
            if self.process.running:
                raise
            raise ServerFault(f"ComfyUI has stopped. {self.process.last_lines()}") from error
        if reference["type"] == "temp":
            folder = self.process.base / "temp" / reference["subfolder"]
            self._keep_only(folder / reference["filename"])
        return picture

    def _keep_only(self, file: Path) -> None:
        """Takes the picture before this one away: thousands would fill the disk.

        The last one stays: a row that is the same gets it from ComfyUI's cache.
        """
        if self._last not in (None, file):
            self._last.unlink(missing_ok=True)
        self._last = file

    def revive(self, stop: Event) -> None:
        self.process.stop()
        self.open()

    def close(self) -> None:
        self.process.stop()


class InOwnFolder(OwnServer):
    """An own server whose base directory goes with it."""

    def __init__(self, process: ComfyServer, name: str, base: Path) -> None:
        super().__init__(process, name)
        self.base = base

    def close(self) -> None:
        super().close()
        shutil.rmtree(self.base, ignore_errors=True)
