"""A ComfyUI server as a child process."""

from __future__ import annotations

import atexit
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from comfy_client import ComfyClient
from console import SetupError
from packages import COMPILED, STATE, make_state
from prompt_errors import PromptError, failure

__all__ = ["ComfyServer", "PromptError"]

# reads until its end, which comes when we are gone, in whatever way
_GUARD = """
import os, signal, sys
sys.stdin.read()
os.kill(int(sys.argv[1]), getattr(signal, "SIGKILL", signal.SIGTERM))
"""
_PROXIES = {"http_proxy", "https_proxy", "all_proxy"}


class ComfyServer(ComfyClient):
    """Runs ComfyUI's main.py until the `with` block ends.

    Args:
        python: the interpreter to run it with.
        comfyui: the folder of its main.py.
        base: its `--base-directory`, see `setup_env.prepare_base`.
        port: 0 picks a free one.
        extra_args: more arguments for main.py.
        cpu: keep everything on the CPU.
        guarded: end it even when this process is killed.
    """

    def __init__(
        self,
        python: Path,
        comfyui: Path,
        base: Path,
        port: int = 0,
        extra_args: Sequence[str] = (),
        cpu: bool = True,
        guarded: bool = False,
    ) -> None:
        self.python = python
        self.comfyui = comfyui
        self.base = base
        self.port = port or _free_port()
        super().__init__(f"http://127.0.0.1:{self.port}")
        self.extra_args = tuple(extra_args)
        self.cpu = cpu
        self.guarded = guarded
        self.log = STATE / f"server-{self.port}.log"
        self.process: subprocess.Popen[bytes] | None = None
        self._guard: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> ComfyServer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self, timeout: float = 300) -> None:
        """Starts the server and waits until it answers.

        Raises:
            SetupError: with the last lines of the log, when it dies or does not answer in time.
        """
        make_state()
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                self._command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self._environment(),
                cwd=self.base,
            )
        atexit.register(self.stop)
        if self.guarded:
            command = [sys.executable, "-c", _GUARD, str(self.process.pid)]
            self._guard = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)
        end = time.monotonic() + timeout
        try:
            while not self._answers():
                if not self.running:
                    code = self.process.returncode
                    raise SetupError(f"ComfyUI stopped with code {code}. {self.last_lines()}")
                if time.monotonic() > end:
                    raise SetupError(
                        f"ComfyUI did not answer within {timeout:.0f} seconds. {self.last_lines()}"
                    )
                time.sleep(0.25)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Ends the server; does nothing when it has ended."""
        atexit.unregister(self.stop)
        if self._guard is not None:  # before the number of the process belongs to another one
            self._guard.kill()
            self._guard.communicate()
            self._guard = None
        if not self.running:
            return
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def last_lines(self, count: int = 20) -> str:
        """The end of the log, indented, with the name of the file."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-count:]
        return "\n".join([f"The end of {self.log}:", *(f"    {line}" for line in lines)])

    def wait(
        self, prompt_id: str, timeout: float = 600, look: Callable[[], None] = lambda: None
    ) -> dict[str, Any]:
        """Waits for a prompt and returns its entry in the history (`outputs`, `status`).

        Args:
            look: is called several times a second.

        Raises:
            PromptError: when a node failed; its `details` are the node's exception.
            SetupError: when the server died or the time is over.
        """
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            look()
            try:
                entry = self.get(f"/history/{prompt_id}").get(prompt_id)
            except OSError as error:
                if self.running:  # only busy
                    continue
                raise SetupError(f"ComfyUI has stopped. {self.last_lines()}") from error
            if entry and entry["status"]["status_str"] == "error":
                raise failure(entry)
            if entry:
                return entry
            time.sleep(0.2)
        raise SetupError(f"The prompt took more than {timeout:.0f} seconds. {self.last_lines()}")

    def _answers(self) -> bool:
        try:
            self.get("/system_stats")
        except (OSError, ValueError):
            return False
        return self.running  # another program may have taken the port

    def _command(self) -> list[str]:
        command = [str(self.python), str(self.comfyui / "main.py")]
        command += ["--base-directory", str(self.base), "--listen", "127.0.0.1"]
        command += ["--port", str(self.port), "--disable-auto-launch"]
        command += ["--database-url", "sqlite:///:memory:"]
        if self.cpu:
            command.append("--cpu")
        models = self.base / "extra_model_paths.yaml"
        if models.exists():
            command += ["--extra-model-paths-config", str(models)]
        return command + list(self.extra_args)

    def _environment(self) -> dict[str, str]:
        kept = {key: value for key, value in os.environ.items() if key.lower() not in _PROXIES}
        offline = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
        output = {"PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"}
        if not self.comfyui.is_relative_to(STATE):
            output["PYTHONPYCACHEPREFIX"] = str(COMPILED)  # leave the user's ComfyUI as it is
        return {**kept, **offline, **output}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
