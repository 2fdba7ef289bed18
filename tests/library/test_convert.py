"""The converter: the same tensors in a .safetensors file, or a sentence and no file at all."""

import json
import os
import pty
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file
from test_checkpoint import FORMATS, KEY, changed, flat, good_state, packed, packed_as_before_2020

from msdiffusion_nodes import convert as module
from msdiffusion_nodes.adapter import Adapter
from msdiffusion_nodes.checkpoint import looks_like_adapter, read_checkpoint, read_flat
from msdiffusion_nodes.convert import convert, main

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-m", "msdiffusion_nodes.convert"]
DTYPES = [torch.float32, torch.float16, torch.bfloat16, torch.float8_e4m3fn, torch.float8_e5m2]
NOBODY = 65534


@pytest.fixture
def source(tmp_path) -> Path:
    path = tmp_path / "ms_adapter.bin"
    path.write_bytes(packed(good_state()))
    return path


@pytest.fixture
def target(tmp_path) -> Path:
    return tmp_path / "out" / "ms_adapter.safetensors"


@pytest.fixture(autouse=True)
def folder(target) -> Path:
    target.parent.mkdir()
    return target.parent


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


# --- what is written ----------------------------------------------------------------------------


@pytest.mark.parametrize("name, form", FORMATS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_every_tensor_is_there_to_the_bit(tmp_path, target, name, form, dtype):
    if form is not FORMATS[2][1] or dtype.itemsize > 1:  # old torch files have no float8
        state = good_state()
        for group in ("image_proj", "ms_adapter"):
            state[group] = {name: tensor.to(dtype) for name, tensor in state[group].items()}
        state["ms_adapter"][KEY[11:]][0, :2] = torch.tensor([-0.0, 1e-45]).to(dtype)
        (tmp_path / name).write_bytes(form(state))
        size = convert(tmp_path / name, target)
        assert size == target.stat().st_size
        expected = {
            f"{g}.{n}": t for g in ("image_proj", "ms_adapter") for n, t in state[g].items()
        }
        expected["dummy_image_tokens"] = state["dummy_image_tokens"]
        written = load_file(target)
        assert set(written) == set(expected) == set(read_flat(target))
        assert all(written[key].dtype == tensor.dtype for key, tensor in expected.items())
        assert all(same_bits(written[key], tensor) for key, tensor in expected.items())
        assert looks_like_adapter(target) and Adapter(read_checkpoint(target))


@pytest.mark.parametrize("name, form", FORMATS)
def test_fp16_rounds_to_the_nearest(tmp_path, target, name, form):
    tensor = torch.linspace(-3, 3, 16 * 64).view(16, 64)
    tensor[0, :5] = torch.tensor([65519.0, -65504.0, 1 + 2**-11, 6e-8, -1e-9])
    (tmp_path / name).write_bytes(form(changed({KEY: tensor})))
    convert(tmp_path / name, target, fp16=True)
    read = load_file(target)[KEY]
    expected = torch.tensor([65504, -65504, 1, 2**-24, -0.0], dtype=torch.float16)
    assert same_bits(read[0, :5], expected)
    assert all(tensor.dtype == torch.float16 for tensor in load_file(target).values())
    half = {key: tensor.half() for key, tensor in read_flat(tmp_path / name).items()}
    assert all(same_bits(tensor, half[key]) for key, tensor in load_file(target).items())


@pytest.mark.parametrize("number", [65520.0, -1e30])
def test_a_number_too_great_for_fp16_is_an_error_that_names_its_tensor(
    tmp_path, source, target, folder, capsys, number
):
    tensor = torch.zeros(16, 64)
    tensor[7, 7] = number
    source.write_bytes(packed(changed({KEY: tensor})))
    message = refused(capsys, source, target, "--fp16")
    assert KEY in message and f"{abs(number):g}" in message and "leave --fp16 out" in message
    assert os.listdir(folder) == []
    assert main([str(source), str(target)]) == 0


def test_tensors_of_several_pieces_and_dtypes_are_written_whole(monkeypatch, tmp_path, target):
    monkeypatch.setattr(module, "PIECE", 37)
    tensor = torch.randn(64, 16).t()  # not contiguous
    state = changed({KEY: tensor, "image_proj.norm_out.bias": torch.randn(64).bfloat16()})
    state["ms_adapter"]["3.to_k_ip.weight"] = torch.zeros(32, 64).to(torch.float8_e5m2)
    (tmp_path / "a.bin").write_bytes(packed(state))
    convert(tmp_path / "a.bin", target)
    written, read = load_file(target), read_flat(tmp_path / "a.bin")
    assert same_bits(written[KEY], tensor)
    assert all(same_bits(written[key], tensor) for key, tensor in read.items())
    data = target.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    for name, tensor in written.items():  # aligned, for those who map the file
        assert header[name]["data_offsets"][0] % tensor.itemsize == 0
    assert length % 8 == 0


def test_only_the_format_and_the_sources_name_are_told(tmp_path, target, capsys):
    name = os.fsdecode(b"k\xc3\xa4fer \xff \xf0\x9f\x90\xb6.bin")  # \xff is no UTF-8
    (tmp_path / name).write_bytes(packed_as_before_2020(good_state()))  # torch can map no such file
    assert main([str(tmp_path / name), str(target)]) == 0
    with safe_open(target, "pt") as file:
        assert file.metadata() == {"format": "pt", "source": "käfer ? 🐶.bin"}
    assert str(tmp_path).encode() not in target.read_bytes()


def test_a_converted_file_can_be_converted_again(source, target, folder):
    convert(source, target, fp16=True)
    convert(target, folder / "again.safetensors")
    again, first = load_file(folder / "again.safetensors"), load_file(target)
    assert all(same_bits(again[key], tensor) for key, tensor in first.items())


# --- what is refused ----------------------------------------------------------------------------


def test_a_file_that_is_there_stays_unless_force_is_given(source, target, capsys):
    target.write_bytes(b"mine")
    assert "--force" in refused(capsys, source, target)
    assert target.read_bytes() == b"mine"
    assert main([str(source), str(target), "--force"]) == 0
    assert len(load_file(target)) == len(read_flat(source))


def test_a_file_that_comes_meanwhile_stays(source, target, folder, capsys, monkeypatch):
    compare = module._compare
    monkeypatch.setattr(module, "_compare", lambda *a: (compare(*a), target.write_bytes(b"mine")))
    assert "is there" in refused(capsys, source, target)
    assert target.read_bytes() == b"mine" and os.listdir(folder) == [target.name]


@pytest.mark.parametrize("options", [[], ["--force"]])
def test_the_source_is_never_the_target(source, folder, capsys, options):
    path = folder / "a.safetensors"
    path.write_bytes(flat(good_state()))
    before = path.read_bytes()
    (folder / "soft.safetensors").symlink_to(path)
    os.link(path, folder / "hard.safetensors")
    for name in ("a.safetensors", "../out/a.safetensors", "soft.safetensors", "hard.safetensors"):
        assert "is the file to read" in refused(capsys, path, folder / name, *options)
    assert path.read_bytes() == before and len(os.listdir(folder)) == 3


def test_only_files_are_replaced(source, folder, capsys):
    (folder / "folder.safetensors").mkdir()
    os.mkfifo(folder / "pipe.safetensors")
    for name in ("folder.safetensors", "pipe.safetensors"):
        assert "no file" in refused(capsys, source, folder / name, "--force")
    (folder / "link.safetensors").symlink_to("/gone")
    assert "--force" in refused(capsys, source, folder / "link.safetensors")
    assert len(os.listdir(folder)) == 3


def test_names_and_folders_that_cannot_be_are_refused(source, folder, capsys):
    assert "end in .safetensors" in refused(capsys, source, folder / "a.bin")
    assert "no folder" in refused(capsys, source, folder / "gone" / "a.safetensors")
    assert "no folder" in refused(capsys, source, source / "a.safetensors")
    too_long = folder / ("x" * 240 + ".safetensors")
    assert "cannot be written (File name too long)" in refused(capsys, source, too_long)
    assert os.listdir(folder) == []


BAD_SOURCES = {
    "missing": (None, "is not there"),
    "empty": (b"", "0 bytes"),
    "a web page": (b"<html>404", "web page"),
    "cut short": (packed(good_state())[:-1000], "broken or cut short"),
    "another adapter": (packed({"ip_adapter": {}, "image_proj": {}}), "ip_adapter"),
    "not finite": (packed(changed({KEY: torch.full((16, 64), torch.nan)})), "not finite"),
    "a site missing": (packed(changed({KEY: None})), "1.to_k_ip.weight"),
    "a part missing": (packed(changed({"image_proj.norm_out.bias": None})), "norm_out.bias"),
}


@pytest.mark.parametrize("what", BAD_SOURCES)
def test_what_the_node_refuses_is_not_converted(source, target, folder, capsys, what):
    content, part = BAD_SOURCES[what]
    source.unlink()
    if content is not None:
        source.write_bytes(content)
    message = refused(capsys, source, target)
    assert source.name in message and part in message
    assert os.listdir(folder) == []


def test_a_part_of_another_run_is_left_alone(source, target, folder, capsys):
    part = folder / "ms_adapter.safetensors.part"
    part.write_bytes(b"another's")
    assert "another conversion is running" in refused(capsys, source, target, "--force")
    assert part.read_bytes() == b"another's" and os.listdir(folder) == [part.name]


def test_a_full_disk_is_seen_before(source, target, folder, capsys, monkeypatch):
    size = read_size = source.stat().st_size
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(size, size, 9))
    message = refused(capsys, source, target)
    assert "0.0 MB are free" in message and f"{read_size / 1e6:.1f} MB"[:2] in message
    assert os.listdir(folder) == []


class Wrong(module.Weights):
    """Gives one bit less than it was given, once."""

    wrong = 0

    def pieces(self, name):
        for piece in super().pieces(name):
            Wrong.wrong += 1
            yield piece ^ 1 if Wrong.wrong == 3 else piece


def test_a_file_that_is_not_what_was_written_is_removed(
    source, target, folder, capsys, monkeypatch
):
    target.write_bytes(b"mine")
    monkeypatch.setattr(module, "Weights", Wrong)
    assert "is not in the file as it was written" in refused(capsys, source, target, "--force")
    assert target.read_bytes() == b"mine" and os.listdir(folder) == [target.name]


# --- as people run it ---------------------------------------------------------------------------


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
    again = run(source, target)
    assert again.returncode == 1 and "--force" in sentence(again.stderr)


def test_a_name_without_a_folder_is_in_this_folder(source, folder, monkeypatch):
    monkeypatch.chdir(folder)
    assert main([str(source), "a.safetensors"]) == 0
    assert os.listdir(folder) == ["a.safetensors"]


def test_a_terminal_shows_how_far_it_is(source, target):
    ours, theirs = pty.openpty()
    run_it = [*COMMAND, str(source), str(target)]
    with subprocess.Popen(run_it, cwd=ROOT, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        shown = b""
        try:
            while part := os.read(ours, 4096):
                shown += part
        except OSError:  # the terminal is closed
            pass
    os.close(ours)
    assert process.returncode == 0
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
    done = run(source, target, preexec_fn=lambda: resource.setrlimit(*limit))
    assert done.returncode == 1
    assert "cannot be written (File too large)" in sentence(done.stderr)
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
SLOWLY = """
import runpy, time, torch
split = torch.Tensor.split
torch.Tensor.split = lambda *given: time.sleep(0.05) or split(*given)
runpy.run_module("msdiffusion_nodes.convert", run_name="__main__")
"""


@pytest.mark.parametrize("number, stage", INTERRUPTS)
def test_an_interrupt_leaves_nothing(source, target, folder, number, stage):
    command = [sys.executable, "-c", SLOWLY, str(source), str(target)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, cwd=ROOT, text=True, **pipes) as process:
        for line in process.stdout:
            if line.startswith(stage):
                break
        assert os.listdir(folder) == [f"{target.name}.part"]
        process.send_signal(number)
        errors = process.stderr.read()
    assert process.returncode == 130
    assert errors.strip() == f"stopped: {target} was not written"
    assert os.listdir(folder) == []


def test_little_of_a_file_is_in_memory(big_source, target):
    """Besides what is mapped; 128 MB in the file, 16 MB in a piece."""
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
