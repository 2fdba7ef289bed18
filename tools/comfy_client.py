"""The few calls of ComfyUI's HTTP API that we need."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

from prompt_errors import answer_of, refusal

LOCAL = ("127.0.0.1", "localhost", "::1")
ANSWER = 60  # seconds for one call


class ComfyClient:
    """Talks to a running ComfyUI.

    Args:
        address: such as `http://127.0.0.1:8188`.
    """

    def __init__(self, address: str) -> None:
        self.address = address.rstrip("/")
        self.answer = ANSWER
        host = urllib.parse.urlsplit(self.address).hostname
        # a proxy must not see calls to this machine
        no_proxy = (urllib.request.ProxyHandler({}),) if host in LOCAL else ()
        self._http = urllib.request.build_opener(*no_proxy)

    def get(self, path: str) -> Any:
        """GET a path such as `/object_info`; returns the JSON."""
        return _json(self._call(path))

    def text(self, path: str) -> str:
        """GET a path whose answer is text, such as a node's help page."""
        return self._call(path).decode()

    def post(self, path: str, data: Any) -> Any:
        """POST data as JSON; returns the JSON of the answer, None when it is empty."""
        body = json.dumps(data).encode()
        return _json(self._call(path, body, {"Content-Type": "application/json"}))

    def queue(
        self, prompt: dict[str, Any], client_id: str | None = None, prompt_id: str | None = None
    ) -> str:
        """Queues a prompt (API form) and returns its id.

        Args:
            prompt_id: an own id (a UUID); the server makes one otherwise.

        Raises:
            PromptError: when the server refuses the prompt or any of its output nodes.
        """
        ids = {"client_id": client_id, "prompt_id": prompt_id}
        data = {"prompt": prompt, **{name: one for name, one in ids.items() if one}}
        try:
            answer = self.post("/prompt", data)
        except urllib.error.HTTPError as error:
            answer = answer_of(error)
        # with two outputs, one of them bad, the answer is a 200 that carries the errors
        if "error" in answer or answer.get("node_errors"):
            raise refusal(answer, prompt)
        return answer["prompt_id"]

    def image(self, ref: dict[str, str]) -> bytes:
        """A picture that a node saved; `ref` is `{filename, subfolder, type}` of its output."""
        return self._call(f"/view?{urllib.parse.urlencode(ref)}")

    def _call(
        self, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> bytes:
        request = urllib.request.Request(self.address + path, body, headers or {})
        with self._http.open(request, timeout=self.answer) as answer:
            return answer.read()


def _json(body: bytes) -> Any:
    return json.loads(body) if body.strip() else None
