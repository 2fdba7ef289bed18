"""Real ComfyUI servers that know the toy, and what may happen to them."""

import json
import os
import signal
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import pytest
from batching.own import make_server

QUICK_START = ("--disable-api-nodes",)


def comfyui():
    path = os.environ.get("COMFYUI_PATH")
    if not path:
        raise pytest.UsageError("set COMFYUI_PATH to a ComfyUI folder, or run tools/test.py")
    return Path(path)


def toy_server(name):
    """A server that is not started yet."""
    server = make_server(Path(sys.executable), comfyui(), True, name)
    server.process.extra_args += QUICK_START
    return server


def send(server, number):
    os.kill(server.process.process.pid, number)


@contextmanager
def beside(act, over):
    """Does something in a thread until the event is set, here at the end."""
    thread = Thread(target=act)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@contextmanager
def slow(server, awake=0.1, asleep=0.4):
    """The server gets a fifth of the time."""
    over = Event()

    def brake():
        while not over.wait(awake):
            send(server, signal.SIGSTOP)
            over.wait(asleep)
            send(server, signal.SIGCONT)

    with beside(brake, over):
        yield


@contextmanager
def when_painted(out, act, by=""):
    """Does something once a row is recorded, of the server that is named."""
    over = Event()

    def look():
        while not over.wait(0.02):
            if any(by in one["server"] for one in lines(out / "records.jsonl")):
                act()
                return

    with beside(look, over):
        yield


def lines(path):
    """The JSON lines of a file that are whole."""
    content = path.read_text("utf-8") if path.exists() else ""
    return [json.loads(line) for line in content.splitlines(keepends=True) if line.endswith("\n")]


def wait_for(condition, seconds=120):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)
