"""What the converter refuses: a sentence, and no file at all."""

import os
import shutil

import pytest
import torch
from adapter_files import KEY, changed, flat, good_state, packed
from converting import refused
from safetensors.torch import load_file

from msdiffusion_nodes import convert as module
from msdiffusion_nodes.convert import main
from msdiffusion_nodes.files.checkpoint import read_flat

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


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
