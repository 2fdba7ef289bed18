"""How a row may end on a server, and whose fault it is."""

from __future__ import annotations

import http.client
import urllib.error
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from prompt_errors import failure

SERVERS_OWN = ("OutOfMemory", "MemoryError", "AcceleratorError", "CUDA error")  # not the row's


class RowFault(Exception):
    """The row cannot be painted, on any server. The text is ComfyUI's reason."""


class ServerFault(Exception):
    """This server cannot paint now; another one may."""


class Stopped(Exception):
    """The batch was interrupted."""


@contextmanager
def server_faults() -> Iterator[None]:
    """What goes wrong on the way to a server is the server's fault."""
    try:
        yield
    except urllib.error.HTTPError as error:
        raise ServerFault(f"it answered HTTP {error.code} {error.reason}") from error
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError) as error:
        reason = getattr(error, "reason", error)
        if isinstance(reason, TimeoutError):
            raise ServerFault("it hangs: it does not answer in time") from error
        if isinstance(reason, ConnectionRefusedError):
            raise ServerFault("it has ended: it refuses connections") from error
        raise ServerFault(f"no proper answer: {reason or type(error).__name__}") from error


def the_picture(outputs: Mapping[str, Any], wanted: str) -> dict[str, str]:
    """The one picture that a prompt gave.

    Raises:
        RowFault: there is none, or there are several.
    """
    found = {
        node: one["images"]
        for node, one in outputs.items()
        if one.get("images") and (node == wanted or not wanted)
    }
    saved = {node: some for node, some in found.items() if some[0].get("type") == "output"}
    found = saved or found
    if not found:
        raise RowFault(f"No picture came from {f'node {wanted}' if wanted else 'any node'}.")
    if len(found) > 1:
        raise RowFault(f"Pictures came from nodes {', '.join(found)}: name one by --output-node.")
    ((node, pictures),) = found.items()
    if len(pictures) > 1:
        raise RowFault(f"Node {node} gave {len(pictures)} pictures; a row is one picture.")
    return pictures[0]


def ended(entry: dict[str, Any]) -> dict[str, Any]:
    """An entry of the history, if the prompt ended well.

    Raises:
        RowFault, ServerFault: whose fault it is that it did not.
    """
    if entry["status"]["status_str"] != "error":
        return entry
    error = failure(entry)
    kind = str(error.details.get("exception_type", ""))
    said = f"{kind} {error}"
    # somebody pressed the button, or this machine is too small
    if "exception_type" not in error.details or any(one in said for one in SERVERS_OWN):
        raise ServerFault(str(error))
    raise RowFault(str(error))
