"""One row on one ComfyUI server, over HTTP."""

from __future__ import annotations

import http.client
import json
import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import PurePosixPath
from threading import Event
from typing import Any

from comfy_client import ComfyClient
from prompt_errors import PromptError

from .ends import RowFault, ServerFault, Stopped, ended, server_faults, the_picture
from .tasks import Prompt

PAUSE, LOOK = 0.25, 2.0  # seconds between questions for the picture, and for the queue
SILENCE = 120.0  # seconds without any answer: loading a model may keep a server that busy


class Server(ComfyClient):
    """A running ComfyUI that paints rows."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self._uploaded: dict[str, str] = {}  # the server's names by ours

    def facts(self) -> dict[str, str]:
        """Versions and device."""
        with server_faults():
            stats = self.get("/system_stats")
            system, devices = stats["system"], stats["devices"]
            return {
                "comfyui": str(system["comfyui_version"]),
                "pytorch": str(system["pytorch_version"]),
                "device": ", ".join(str(one["name"]) for one in devices),
            }

    def object_info(self) -> dict[str, Any]:
        """The nodes that it has."""
        with server_faults():
            return self.get("/object_info")

    def paint(
        self,
        prompt: Prompt,
        output: str,
        files: Mapping[str, Callable[[], bytes]],
        timeout: float,
        stop: Event,
    ) -> tuple[bytes, dict[str, str]]:
        """Sends a prompt and waits for its picture.

        Args:
            output: the node whose picture is taken; empty: the only one that gives any.
            files: how to read the pictures of the prompt, by the names that they have in it.
            timeout: seconds without progress.

        Returns:
            The picture's file and where the server has it.

        Raises:
            RowFault, ServerFault, Stopped: nothing goes on on the server, if it can be reached.
        """
        self.answer = min(timeout, SILENCE)
        number = str(uuid.uuid4())
        try:
            self._send(prompt, number, files)
            with server_faults():
                entry = self._wait(number, timeout, stop)
        except BaseException:
            with suppress(OSError, ValueError, http.client.HTTPException):
                hurried = ComfyClient(self.address)
                hurried.answer = PAUSE * 8  # it may no longer answer at all
                hurried.post("/queue", {"delete": [number]})
                hurried.post("/interrupt", {"prompt_id": number})
            raise
        reference = the_picture(entry["outputs"], output)
        with server_faults():
            picture = self.image(reference)
        with suppress(OSError, ValueError, http.client.HTTPException):
            self.post("/history", {"delete": [number]})  # the page would list thousands
        return picture, reference

    def await_answer(self, patience: float, stop: Event) -> None:
        """Waits until the server answers again.

        Raises:
            ServerFault: it does not in that many seconds.
        """
        self._uploaded.clear()
        self.answer = min(patience, 10)
        end = time.monotonic() + patience
        while True:
            try:
                self.facts()
                return
            except ServerFault:
                if time.monotonic() > end:
                    raise
            if stop.wait(1):
                raise Stopped

    def _send(self, prompt: Prompt, number: str, files: Mapping[str, Callable[[], bytes]]) -> None:
        for again in (False, True):
            with server_faults():
                names = {name: self._upload(name, read) for name, read in files.items()}
            try:
                with server_faults():
                    # without a client ComfyUI tells nothing of a picture that it has in its cache
                    self.queue(_renamed(prompt, names), client_id=number, prompt_id=number)
                return
            except PromptError as error:
                # its input folder may have been emptied
                if again or not files:
                    raise RowFault(str(error)) from error
                self._uploaded.clear()

    def _upload(self, name: str, read: Callable[[], bytes]) -> str:
        """Puts a picture into the input folder; returns its name there."""
        if name in self._uploaded:
            return self._uploaded[name]
        try:
            content = read()
        except OSError as error:
            raise RowFault(str(error)) from error
        path = PurePosixPath(name)
        body, kind = _form({"subfolder": str(path.parent), "type": "input"}, path.name, content)
        # a name follows from the content; the server itself compares a file that is there
        answer = json.loads(self._call("/upload/image", body, {"Content-Type": kind}))
        self._uploaded[name] = str(PurePosixPath(answer["subfolder"], answer["name"]))
        return self._uploaded[name]

    def _wait(self, number: str, timeout: float, stop: Event) -> dict[str, Any]:
        """The prompt's entry in the history, once it is there."""
        place: Any = None
        answered = moved = looked = time.monotonic()
        while not stop.wait(PAUSE):
            now = time.monotonic()
            try:
                entry = self.get(f"/history/{number}").get(number)
                if entry is None and now - looked > LOOK:
                    looked, before, place = now, place, self._place(number)
                    moved = now if place != before else moved
                    if place is None:  # it may have come to its end just now
                        entry = self.get(f"/history/{number}").get(number)
                        if entry is None:
                            raise ServerFault("it has forgotten the row: it was restarted")
                answered = time.monotonic()
            except OSError as error:
                ended_now = isinstance(getattr(error, "reason", error), ConnectionRefusedError)
                if ended_now or time.monotonic() - answered > min(timeout, SILENCE):
                    raise
                continue
            if entry is not None:
                return ended(entry)
            if now - moved > timeout:
                raise ServerFault(f"the row took longer than {timeout:.0f} s")
        raise Stopped

    def _place(self, number: str) -> Any:
        """Where a prompt stands: 0 if it runs, else 1, 2, … in the queue; None if in neither."""
        queue = self.get("/queue")
        if any(one[1] == number for one in queue["queue_running"]):
            return 0
        waiting = sorted(one[:2] for one in queue["queue_pending"])
        places = (place for place, one in enumerate(waiting, 1) if one[1] == number)
        return next(places, None)


def _renamed(prompt: Prompt, names: Mapping[str, str]) -> Prompt:
    """The prompt with the server's names of pictures."""

    def rename(value: Any) -> Any:
        return names.get(value, value) if isinstance(value, str) else value

    return {
        node: {**one, "inputs": {key: rename(value) for key, value in one["inputs"].items()}}
        for node, one in prompt.items()
    }


def _form(fields: Mapping[str, str], file_name: str, content: bytes) -> tuple[bytes, str]:
    """A multipart form with a file, and its content type."""
    boundary = uuid.uuid4().hex
    start = f"--{boundary}\r\nContent-Disposition: form-data; name="
    parts = [f'{start}"{name}"\r\n\r\n{value}\r\n'.encode() for name, value in fields.items()]
    file = f'{start}"image"; filename="{file_name}"\r\nContent-Type: image/*\r\n\r\n'
    body = b"".join([*parts, file.encode(), content, f"\r\n--{boundary}--\r\n".encode()])
    return body, f"multipart/form-data; boundary={boundary}"
