"""What went wrong with a prompt: the server's JSON turned into an error that can be read."""

from __future__ import annotations

import json
import urllib.error
from typing import Any

from console import SetupError


class PromptError(SetupError):
    """The server refused a prompt, or a node failed.

    Attributes:
        details: the server's own JSON: the answer to POST /prompt or the node's exception.
    """

    def __init__(self, message: str, details: dict[str, Any]) -> None:
        super().__init__(message)
        self.details = details


def answer_of(error: urllib.error.HTTPError) -> dict[str, Any]:
    """The JSON of a refusal (`error`, `node_errors`), made up where the server sent none."""
    body = error.read()
    try:
        answer = json.loads(body)
    except ValueError:
        answer = {}
    if "error" in answer:
        return answer
    message = f"HTTP {error.code}"
    return {"error": {"message": message, "details": body.decode(errors="replace")[:500]}}


def refusal(answer: dict[str, Any], prompt: dict[str, Any]) -> PromptError:
    """The error for an answer to POST /prompt, with a line for each fault of each node."""
    error = answer.get("error", {})
    said = (error.get("message", "Not every output is valid."), error.get("details"))
    lines = [" ".join(filter(None, said))]
    for node, found in (answer.get("node_errors") or {}).items():
        kind = prompt.get(node, {}).get("class_type", "?")
        for one in found["errors"]:
            lines.append(f"    node {node} ({kind}): {one['message']}: {one.get('details', '')}")
    return PromptError("ComfyUI refused the prompt. " + "\n".join(lines), answer)


def failure(entry: dict[str, Any]) -> PromptError:
    """The error for an entry of the history whose status is `error`."""
    for kind, data in entry["status"]["messages"]:
        if kind == "execution_error":
            where = f"{data['node_type']} (node {data['node_id']})"
            return PromptError(f"{where} failed: {data['exception_message'].strip()}", data)
        if kind == "execution_interrupted":
            return PromptError("The prompt was interrupted.", data)
    return PromptError("The prompt failed without a message.", entry["status"])
