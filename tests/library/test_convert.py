"""What the converter writes: the same tensors in a .safetensors file."""

import json
import os

import pytest
import torch
from adapter_files import FORMATS, KEY, changed, good_state, packed, packed_as_before_2020
from converting import refused, same_bits
from safetensors import safe_open
from safetensors.torch import load_file

from msdiffusion_nodes.convert import convert, main
from msdiffusion_nodes.files import plain_reads
from msdiffusion_nodes.files.checkpoint import read_checkpoint, read_flat
from msdiffusion_nodes.files.listing import looks_like_adapter
from msdiffusion_nodes.method.adapter import Adapter

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
DTYPES = [torch.float32, torch.float16, torch.bfloat16, torch.float8_e4m3fn, torch.float8_e5m2]


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
    monkeypatch.setattr(plain_reads, "PIECE", 37)
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
