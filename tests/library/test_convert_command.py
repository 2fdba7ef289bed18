"""The converter as people run it: what it says, and what an end in the middle leaves behind."""

import os
import pty
import resource
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import pytest
import torch
from adapter_files import good_state, packed
from converting import COMMAND, ROOT, Forked, refused, run, sentence

from msdiffusion_nodes.convert import main
from msdiffusion_nodes.files import checkpoint
from msdiffusion_nodes.files.checkpoint import read_flat

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
NOBODY = 65534


@pytest.fixture(scope="module")
def big_source(tmp_path_factory) -> Path:
    """An adapter of 128 MB, as sites of many rows."""
    path = tmp_path_factory.mktemp("big") / "big.bin"
    path.write_bytes(packed(good_state([250_000, 16])))
    yield path
    path.unlink()


def test_the_command_converts_and_says_so(source, target, folder):
    done = run(source, target)
    assert done.returncode == 0 and done.stderr == ""
    assert str(target) in done.stdout and "checked" in done.stdout and "\r" not in done.stdout
    assert os.listdir(folder) == [target.name]


def test_a_name_without_a_folder_is_in_this_folder(source, folder, monkeypatch):
    monkeypatch.chdir(folder)
    assert main([str(source), "a.safetensors"]) == 0
    assert os.listdir(folder) == ["a.safetensors"]


def test_a_terminal_shows_how_far_it_is(source, target):
    ours, theirs = pty.openpty()
    command = Forked(source, target, terminal=theirs)
    os.close(theirs)
    shown = b""
    try:
        while part := os.read(ours, 4096):
            shown += part
    except OSError:  # the terminal is closed
        pass
    os.close(ours)
    assert command.ended() == (0, "", "")
    count = len(read_flat(source))
    for stage in (b"writing", b"checking"):
        assert b"\r%s 100 %%, %d of %d tensors, " % (stage, count, count) in shown


def test_help_is_in_plain_words(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["--help"])
    assert caught.value.code == 0
    shown = capsys.readouterr().out
    assert "--fp16" in shown and "--force" in shown and "no new file is left" in shown


def test_another_python_gets_a_sentence(source, target):
    no_torch = "raise ModuleNotFoundError(\"No module named 'torch'\")"
    (source.parent / "torch.py").write_text(no_torch)
    done = run(source, target, env={**os.environ, "PYTHONPATH": str(source.parent)})
    assert done.returncode == 1
    assert "the Python that runs ComfyUI" in sentence(done.stderr)


def test_a_disk_that_fills_leaves_nothing(source, target, folder):
    limit = resource.RLIMIT_FSIZE, (100_000, 100_000)
    command = Forked(source, target, prepare=lambda: resource.setrlimit(*limit))
    code, _, errors = command.ended()
    assert code == 1 and "cannot be written (File too large)" in sentence(errors)
    assert os.listdir(folder) == []


def test_a_folder_that_may_not_be_written_is_refused(source, capsys):
    user = os.geteuid()
    with tempfile.TemporaryDirectory() as open_folder:  # pytest's are closed to other users
        os.chmod(open_folder, 0o755)
        copy = shutil.copy(source, open_folder)
        os.chmod(open_folder, 0o555)
        if user == 0:  # who may write everywhere
            os.seteuid(NOBODY)
        try:
            message = refused(capsys, copy, Path(open_folder) / "a.safetensors")
        finally:
            os.seteuid(user)
        assert "cannot be written (Permission denied)" in message
        assert os.listdir(open_folder) == [source.name]


INTERRUPTS = [
    (signal.SIGINT, "writing"),
    (signal.SIGINT, "checking"),
    (signal.SIGTERM, "writing"),
    (signal.SIGHUP, "checking"),
]


@pytest.fixture(autouse=True)
def interruptible():
    """Programs stop at Ctrl-C and hang-up, even when the tests run with nohup or behind `&`."""
    numbers = (signal.SIGINT, signal.SIGHUP)
    ignored = [number for number in numbers if signal.getsignal(number) == signal.SIG_IGN]
    for number in ignored:
        signal.signal(number, lambda *_: None)  # ours as before; a new program has the default
    yield
    for number in ignored:
        signal.signal(number, signal.SIG_IGN)


@pytest.mark.parametrize("number, stage", INTERRUPTS)
def test_an_interrupt_leaves_nothing(source, target, number, stage):
    def slowly():
        split = torch.Tensor.split
        torch.Tensor.split = lambda *given: time.sleep(0.02) or split(*given)

    interrupt(Forked(source, target, prepare=slowly), number, stage, target)


def interrupt(command, number, stage, target):
    """The command is stopped when a stage begins; it says so and leaves nothing."""
    assert any(line.startswith(stage) for line in command.out)
    assert os.listdir(target.parent) == [f"{target.name}.part"]
    os.kill(command.process, number)
    code, _, errors = command.ended()
    assert (code, errors.strip()) == (130, f"stopped: {target} was not written")
    assert os.listdir(target.parent) == []


def test_an_interrupt_that_a_library_turns_into_an_error_is_no_error(source, target):
    def losing():
        checkpoint.read_flat = read

    def read(path):
        if not str(path).endswith(".part"):
            return read_flat(path)
        try:
            time.sleep(60)
        except KeyboardInterrupt:
            raise ValueError("as safetensors tells it when torch is interrupted") from None

    interrupt(Forked(source, target, prepare=losing), signal.SIGINT, "checking", target)


def test_little_of_a_file_is_in_memory(big_source, target):
    """Besides what is mapped; 128 MB in the file, 4 MB in a piece."""
    most = {}
    for source, options in ((big_source, []), (big_source, ["--fp16", "--force"])):
        command = [*COMMAND, str(source), str(target), *options]
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        with subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, env=environment
        ) as process:
            process.stdout.readline()  # all is imported and read
            before = most[bool(options)] = own_memory(process.pid)
            while process.poll() is None:
                most[bool(options)] = max(most[bool(options)], own_memory(process.pid))
                time.sleep(0.002)
        assert process.returncode == 0
        assert most[bool(options)] - before < 64


def own_memory(process: int) -> int:
    """MiB of a process that are no files'; 0 when it has ended."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except ProcessLookupError:
        return 0
    lines = [line for line in status.splitlines() if line.startswith("RssAnon:")]
    return int(lines[0].split()[1]) // 1024 if lines else 0
