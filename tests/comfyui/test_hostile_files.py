"""What other files there may be in the folders of models, and adapters that were converted."""

import os
import time
import zipfile

import folder_paths
import pytest
import torch
from safetensors.torch import save_file

pytestmark = pytest.mark.usefixtures("next_run_works")
OFFERED_AT_ONCE = 1  # second
EMPTY = b"\x80\x02}"


@pytest.fixture
def models(adapter_folder):
    """The folder of ComfyUI's models; what a test adds below it goes again."""
    root = adapter_folder.parent
    folders = [root / name for name in ("msdiffusion", "ipadapter", "photomaker")]
    before = {folder: set(folder.iterdir()) if folder.is_dir() else set() for folder in folders}
    for folder in folders:
        folder.mkdir(exist_ok=True)
    yield root
    for folder in folders:
        for path in set(folder.iterdir()) - before[folder]:
            path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
    folder_paths.filename_list_cache.clear()


def save_pickle(pickled, path):
    """A torch file with this pickle in it."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/data.pkl", EMPTY + pickled + b".")
        archive.writestr("a/version", b"3\n")


def tensors_of(dtype):
    from tiny_models.adapter import tiny_adapter

    return {
        group: {name: tensor.to(dtype) for name, tensor in entry.items()}
        for group, entry in tiny_adapter().items()
        if isinstance(entry, dict)
    }


BYTEARRAY = b"c__builtin__\nbytearray\n(J\xff\xff\xff\x7ftR"  # of 2 GB


ODD_FILES = {
    "folder.bin": lambda path: path.mkdir(),
    "link.bin": lambda path: path.symlink_to("/gone"),
    "pipe.bin": os.mkfifo,
    "device.bin": lambda path: path.symlink_to(os.devnull),
}


@pytest.mark.parametrize("name", ODD_FILES)
@pytest.mark.parametrize("folder", ["msdiffusion", "ipadapter"])
def test_what_is_no_file_is_not_offered_and_hangs_nothing(
    name, folder, models, pack, refused, msd_model
):
    path = models / folder / name
    ODD_FILES[name](path)
    folder_paths.filename_list_cache.clear()
    offered = pack.nodes["LoadMSDModel"].INPUT_TYPES()["required"]["model_name"][0]
    assert "tiny_ms_adapter.bin" in offered and name not in offered
    assert name in pack.nodes["LoadMSDModel"].VALIDATE_INPUTS(name)
    refused("LoadMSDModel", "model_name", name, "choose", model_name=name)
    with pytest.raises(ValueError, match=f"{name} is "):  # it took a file's place meanwhile
        pack.loading.load_adapter(str(path))


def test_a_bomb_in_another_packs_folder_does_not_hold_up_the_page(models, pack, msd_model):
    with open(models / "ipadapter" / "directory.bin", "wb") as file:
        entry = b"PK\1\2" + bytes(24) + b"\x0a\0" + bytes(16) + b"a/data.pkl"
        file.write(b"PK\3\4" + bytes(22) + b"\x0a\0\0\0a/data.pkl")
        place = file.tell()
        file.write(entry * 400_000)
        sizes = (len(entry) * 400_000).to_bytes(4, "little") + place.to_bytes(4, "little")
        file.write(b"PK\5\6\0\0\0\0\xff\xff\xff\xff" + sizes + b"\0\0")
    save_pickle(BYTEARRAY, models / "ipadapter" / "memory.bin")
    os.mkfifo(models / "photomaker" / "pipe.bin")
    folder_paths.filename_list_cache.clear()
    began = time.process_time()
    offered = pack.nodes["LoadMSDModel"].INPUT_TYPES()["required"]["model_name"][0]
    assert time.process_time() - began < OFFERED_AT_ONCE
    assert {"directory.bin", "memory.bin", "pipe.bin"}.isdisjoint(offered)


def test_a_file_that_goes_while_they_are_listed_does_not_hide_the_node(
    models, pack, msd_model, monkeypatch
):
    listed = pack.loading._model_files
    gone = [("gone.bin", str(models / "ipadapter" / "gone.bin"))]
    monkeypatch.setattr(
        pack.loading, "_model_files", lambda folder: listed(folder) + gone * (folder == "ipadapter")
    )
    offered = pack.nodes["LoadMSDModel"].INPUT_TYPES()["required"]["model_name"][0]
    assert "tiny_ms_adapter.bin" in offered


def test_a_folder_that_may_not_be_read_does_not_hide_the_node(models, pack, msd_model, monkeypatch):
    closed = str(models / "ipadapter")
    listdir, scandir = os.listdir, os.scandir

    def guard(function):
        def call(path="."):
            if str(path) == closed:
                raise PermissionError(13, "Permission denied", closed)
            return function(path)

        return call

    monkeypatch.setattr(os, "listdir", guard(listdir))
    monkeypatch.setattr(os, "scandir", guard(scandir))
    folder_paths.filename_list_cache.clear()
    offered = pack.nodes["LoadMSDModel"].INPUT_TYPES()["required"]["model_name"][0]
    assert "tiny_ms_adapter.bin" in offered


# --- converted files ----------------------------------------------------------------------------


@pytest.fixture
def convert(pack):
    return pack.convert.convert


@pytest.mark.parametrize("fp16", [False, True])
def test_a_converted_file_loads_as_the_same_adapter(
    fp16, convert, models, run, msd_model, adapter_folder, patch
):
    convert(adapter_folder / "tiny_ms_adapter.bin", adapter_folder / "new.safetensors", fp16)
    folder_paths.filename_list_cache.clear()
    loaded = run("LoadMSDModel", model_name="new.safetensors")[0]
    expected, state = msd_model.adapter.state_dict(), loaded.adapter.state_dict()
    assert state.keys() == expected.keys()
    for name, tensor in expected.items():
        wanted = tensor.half() if fp16 else tensor
        assert state[name].dtype == wanted.dtype and torch.equal(state[name], wanted)
    assert patch(msd_model=loaded)


@pytest.mark.parametrize("dtype", ["bfloat16", "float8_e4m3fn", "float8_e5m2"])
def test_other_dtypes_are_computed_with(dtype, models, run, patch, adapter_folder):
    groups = tensors_of(getattr(torch, dtype))
    flat = {f"{group}.{name}": groups[group][name] for group in groups for name in groups[group]}
    save_file(flat, adapter_folder / "small.safetensors")
    folder_paths.filename_list_cache.clear()
    loaded = run("LoadMSDModel", model_name="small.safetensors")[0]
    assert {str(tensor.dtype) for tensor in loaded.adapter.state_dict().values()} == {
        f"torch.{dtype}"
    }
    assert patch(msd_model=loaded)
