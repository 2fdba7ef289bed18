"""What a file is instead of an adapter is said in words; what torch.save may write is read."""

import errno
import os
from collections import OrderedDict

import pytest
import torch
from adapter_files import KEY, changed, flat, good_state, packed, packed_as_before_2020, refusal
from safetensors.torch import save

from msdiffusion_nodes.files import listing
from msdiffusion_nodes.files.checkpoint import read_checkpoint, read_flat
from msdiffusion_nodes.files.listing import looks_like_adapter
from msdiffusion_nodes.method.adapter import Adapter

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
zeros = torch.zeros
FORMS = {"a.bin": packed, "a.pt": packed_as_before_2020, "a.safetensors": flat}
LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"
WRONG_CONTENTS = {
    "a Git LFS pointer": (LFS, ["Git LFS pointer", "git lfs pull"]),
    "a web page": (b"\n <!DOCTYPE html><html>404</html>", ["web page", "download"]),
    "a page in Chinese": (("<html>" + "狗" * 999).encode(), ["web page", "download"]),
    "an answer": (b"Entry not found", ["text", "Entry not found"]),
    "an answer in JSON": (b'{"err": {"code": 401}}', ["text", '{"err"']),
    "an answer in colours": (b"\x1b[31mno", ["neither a torch nor a .safetensors file"]),
    "an answer in Latin-1": (b"nicht verf\xfcgbar", ["text", "nicht verf"]),
    "a picture": (b"\x89PNG\r\n\x1a\n\0\0\0", ["neither a torch nor a .safetensors file"]),
    "a zip behind another": (b"PK\3\4" + packed(good_state()), ["behind something else"]),
}


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("what", WRONG_CONTENTS)
def test_what_a_file_is_instead_is_said(tmp_path, name, what):
    content, parts = WRONG_CONTENTS[what]
    (tmp_path / name).write_bytes(content)
    message = refusal(tmp_path / name)
    assert [part for part in parts if part not in message] == [], message
    assert message.isprintable() and not looks_like_adapter(tmp_path / name)


@pytest.mark.parametrize("name", FORMS)
def test_what_is_no_file_is_named(tmp_path, name):
    path = tmp_path / name
    path.symlink_to("/gone")
    assert "a link to what is not there" in refusal(path) and not looks_like_adapter(path)
    path.unlink()
    path.symlink_to(os.devnull)
    assert "a pipe or a device" in refusal(path) and not looks_like_adapter(path)


def test_a_file_that_may_not_be_read_is_said_to_be_there(tmp_path, monkeypatch):
    def refuse(path):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    (tmp_path / "a.bin").write_bytes(packed(good_state()))
    monkeypatch.setattr(listing, "_ShortReads", refuse)
    message = refusal(tmp_path / "a.bin")
    assert "may not be read (Permission denied)" in message and str(tmp_path) not in message


def test_a_torch_file_under_the_name_of_the_other_kind_is_to_be_renamed(tmp_path):
    for form in (packed, packed_as_before_2020):
        (tmp_path / "a.safetensors").write_bytes(form(good_state()))
        assert "rename it to .bin" in refusal(tmp_path / "a.safetensors")


@pytest.mark.parametrize("name", ["a.bin", "a.safetensors"])  # older torch files have none
@pytest.mark.parametrize("dtype", [torch.float8_e4m3fn, torch.float8_e5m2])
def test_float8_is_read_as_it_is(tmp_path, name, dtype):
    state = good_state()
    for group in ("image_proj", "ms_adapter"):
        state[group] = {name: tensor.to(dtype) for name, tensor in state[group].items()}
    (tmp_path / name).write_bytes(FORMS[name](state))
    read = read_flat(tmp_path / name)
    assert torch.equal(read[KEY].float(), state["ms_adapter"][KEY[11:]].float())
    assert read[KEY].dtype == dtype and Adapter(read_checkpoint(tmp_path / name))


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("dtype", ["float64", "int8", "uint8", "int64", "bool", "complex64"])
def test_other_numbers_are_refused_by_name(tmp_path, name, dtype):
    state = changed({KEY: zeros(16, 64, dtype=getattr(torch, dtype))})
    (tmp_path / name).write_bytes(FORMS[name](state))
    message = refusal(tmp_path / name)
    assert KEY in message and dtype in message and "float32, float16, bfloat16" in message


NOT_FINITE = {  # bits that are no number
    torch.float32: [0x7F800000, -0x800000, 0x7FC00000, 0x7F800001],
    torch.float16: [0x7C00, -0x400, 0x7E00, 0x7C01],
    torch.bfloat16: [0x7F80, -0x80, 0x7FC0, 0x7F81],
    torch.float8_e4m3fn: [0x7F, -1],
    torch.float8_e5m2: [0x7C, -4, 0x7D, -1],
}
BITS = {1: torch.int8, 2: torch.int16, 4: torch.int32}


@pytest.mark.parametrize("name", ["a.bin", "a.safetensors"])
@pytest.mark.parametrize("dtype", NOT_FINITE)
def test_one_number_that_is_none_is_found_and_its_tensor_named(tmp_path, name, dtype):
    for bits in NOT_FINITE[dtype]:
        tensor = torch.full((16, 64), torch.finfo(dtype).max).to(dtype)
        tensor[-1] = -torch.finfo(dtype).max
        (tmp_path / name).write_bytes(FORMS[name](changed({KEY: tensor})))
        read_flat(tmp_path / name)  # the greatest numbers are numbers
        tensor.view(BITS[dtype.itemsize])[11, 13] = bits
        (tmp_path / name).write_bytes(FORMS[name](changed({KEY: tensor})))
        message = refusal(tmp_path / name)
        assert f"{KEY!r} is not finite" in message


NAMES = ["x" * 5000, "two\nlines", "\x1b[31mred\0", "\u202eback", "\ud800half"]


@pytest.mark.parametrize("name", NAMES)
def test_no_name_in_a_file_spoils_the_message(tmp_path, name):
    states = [
        changed({f"image_proj.{name}": zeros(1, dtype=torch.int64)}),
        changed({f"ms_adapter.{name}": zeros(1)}),
        changed({f"image_proj.{name}": zeros(1)}),
        {name: zeros(1)},
    ]
    for state in states:
        (tmp_path / "a.bin").write_bytes(packed(state))
        assert refusal(tmp_path / "a.bin").isprintable()
    if "\ud800" not in name:
        (tmp_path / "a.safetensors").write_bytes(save({name: zeros(1)}))
        assert refusal(tmp_path / "a.safetensors").isprintable()


def test_more_tensors_than_any_adapter_are_refused(tmp_path):
    state = good_state([8] * 600)
    (tmp_path / "a.bin").write_bytes(packed(state))
    assert "tensors; an adapter some 200" in refusal(tmp_path / "a.bin")


@pytest.mark.parametrize("form", [packed, packed_as_before_2020])
def test_what_training_code_saves_is_read(tmp_path, form):
    plain, state = good_state(), good_state()
    state["image_proj"] = OrderedDict(
        (name, torch.nn.Parameter(tensor)) for name, tensor in state["image_proj"].items()
    )
    state["image_proj"]._metadata = OrderedDict({"": {"version": 1}, "layers": {"version": 1}})
    flat_buffer = torch.cat([tensor.flatten() for tensor in state["ms_adapter"].values()])
    place = 0
    for name, tensor in state["ms_adapter"].items():  # views of one storage, and a transposed one
        view = flat_buffer[place : place + tensor.numel()].view(tensor.shape)
        state["ms_adapter"][name] = tensor.t().contiguous().t() if place == 0 else view
        place += tensor.numel()
    state |= {"step": 10**12, "rate": 1e-5, "note": "x", "config": {"sizes": [1, 2], "on": True}}
    (tmp_path / "a.bin").write_bytes(form(state))
    read = read_flat(tmp_path / "a.bin")
    expected = {f"{g}.{n}": t for g in ("image_proj", "ms_adapter") for n, t in plain[g].items()}
    assert set(read) == {*expected, "dummy_image_tokens"}
    assert all(torch.equal(read[name], tensor) for name, tensor in expected.items())
    assert not any(tensor.requires_grad for tensor in read.values())
