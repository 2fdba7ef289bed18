"""The converter for the tests: what it reads, where it writes, and how it is run."""

import os
import runpy
import subprocess
import sys
import traceback
from pathlib import Path

import torch

from msdiffusion_nodes.convert import main

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-m", "msdiffusion_nodes.convert"]


class Forked:
    """The command in a child of the tests' own process, which has loaded torch already.

    Args:
        prepare: called in the child before the command begins.
        terminal: a file number for all that it says; otherwise `out` and `errors` give it.
    """

    def __init__(self, *arguments, prepare=lambda: None, terminal=None) -> None:
        ours, theirs = zip(os.pipe(), os.pipe(), strict=True)
        self.process = os.fork()
        if not self.process:
            os.dup2(theirs[0] if terminal is None else terminal, 1)
            os.dup2(theirs[1] if terminal is None else terminal, 2)
            os._exit(_command(map(str, arguments), prepare))
        for number in theirs:
            os.close(number)
        self.out, self.errors = (os.fdopen(number) for number in ours)

    def wait(self) -> int:
        """The exit code."""
        _, status = os.waitpid(self.process, 0)
        return os.waitstatus_to_exitcode(status)

    def ended(self) -> tuple[int, str, str]:
        """The exit code and the rest of what it said, as output and as errors."""
        with self.out, self.errors:
            said = self.out.read(), self.errors.read()
        return self.wait(), *said


def _command(arguments, prepare) -> int:
    sys.stdout, sys.stderr = (open(number, "w") for number in (1, 2))
    sys.argv = [COMMAND[-1], *arguments]
    try:
        torch.set_num_threads(1)  # the other threads are not in the child
        prepare()
        sys.modules.pop(COMMAND[-1])
        runpy.run_module(COMMAND[-1], run_name="__main__")
    except SystemExit as ended:
        return ended.code
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return 99


def run(*arguments, **options) -> subprocess.CompletedProcess:
    command = [*COMMAND, *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, **options)


def sentence(errors: str) -> str:
    """What stands on the terminal after an error: one line, no traceback."""
    assert errors.startswith("error: ") and errors.count("\n") == 1, errors
    return errors


def refused(capsys, *arguments) -> str:
    assert main([str(argument) for argument in arguments]) == 1
    return sentence(capsys.readouterr().err)


def same_bits(one: torch.Tensor, other: torch.Tensor) -> bool:
    one, other = (tensor.contiguous().view(torch.uint8) for tensor in (one, other))
    return one.shape == other.shape and torch.equal(one, other)
