"""Adapter files: good ones are read as they are, all others are refused with a way out."""

import io
import pickle
import random
import tracemalloc
import zipfile

import pytest
import torch
from adapter_files import (
    FAR_KEY,
    FAR_VALUE,
    FORMATS,
    KEY,
    NEXT_KEY,
    NEXT_VALUE,
    VALUE,
    WIDTHS,
    changed,
    good_state,
    packed,
    packed_as_before_2020,
    refusal,
)
from refusing import Hostile

from msdiffusion_nodes.files.checkpoint import read_checkpoint
from msdiffusion_nodes.files.listing import looks_like_adapter
from msdiffusion_nodes.method.adapter import Adapter

# torch has much to say about such files
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


def patched(data: bytes, signature: bytes, offset: int, value: int) -> bytes:
    """A zip with one byte after every such signature replaced."""
    bent, place = bytearray(data), -1
    while (place := bent.find(signature, place + 1)) >= 0:
        bent[place + offset] = value
    return bytes(bent)


@pytest.mark.parametrize("name, form", FORMATS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_a_good_file_is_read_as_it_is(tmp_path, name, form, dtype):
    state = good_state()
    for group in ("image_proj", "ms_adapter"):
        state[group] = {name: tensor.to(dtype) for name, tensor in state[group].items()}
    (tmp_path / name).write_bytes(form(state))
    assert looks_like_adapter(tmp_path / name)
    checkpoint = read_checkpoint(tmp_path / name)
    torch.testing.assert_close(checkpoint.image_proj, state["image_proj"], rtol=0, atol=0)
    names = [name.removeprefix("ms_adapter.") for name in (KEY, VALUE, NEXT_KEY, NEXT_VALUE)]
    for name, tensor in zip(names, sum(checkpoint.sites, ()), strict=True):
        assert torch.equal(tensor, state["ms_adapter"][name]) and tensor.dtype == dtype
    assert Adapter(checkpoint).site_widths == WIDTHS


def test_sites_are_ordered_by_their_numbers_and_not_by_their_names(tmp_path):
    widths = [8 * n for n in range(1, 13)]
    state = good_state(widths)
    state["ms_adapter"] = dict(sorted(state["ms_adapter"].items(), key=lambda item: item[0][::-1]))
    torch.save(state, tmp_path / "a.bin")
    assert Adapter(read_checkpoint(tmp_path / "a.bin")).site_widths == widths


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    for name in ("a.bin", "a.safetensors"):
        assert "is not there" in refusal(tmp_path / name)
        assert not looks_like_adapter(tmp_path / name)
        (tmp_path / name).mkdir()
        assert "not a file" in refusal(tmp_path / name)
        assert not looks_like_adapter(tmp_path / name)


@pytest.mark.parametrize("name, form", FORMATS)
@pytest.mark.parametrize("kept", [0, 1, 7, 8, 9, 100, 1000, 0.3, 0.5, 0.9, 0.99, -100, -1])
def test_a_file_that_was_cut_short_is_refused(tmp_path, name, form, kept):
    path, data = tmp_path / name, form(good_state())
    path.write_bytes(data[: int(kept * len(data)) if isinstance(kept, float) else kept])
    assert "0 bytes" in refusal(path) or kept
    looks_like_adapter(path)


zeros = torch.zeros
BAD_CHANGES = {
    "dicts among the tensors": {KEY: {"weight": zeros(2, 2)}},
    "a site missing": {KEY: None, VALUE: None},
    "values missing": {NEXT_VALUE: None},
    "a gap before a site": {FAR_KEY: zeros(16, 64), FAR_VALUE: zeros(16, 64)},
    "keys and values of different widths": {KEY: zeros(24, 64)},
    "sites for different tokens": {NEXT_KEY: zeros(32, 60), NEXT_VALUE: zeros(32, 60)},
    "sites that take narrower tokens than the resampler gives": {
        name: zeros(16, 32) for name in (KEY, VALUE, NEXT_KEY, NEXT_VALUE)
    },
    "empty matrices": {KEY: zeros(0, 64), VALUE: zeros(0, 64)},
    "integers": {KEY: zeros(16, 64, dtype=torch.int64)},
    "NaN": {KEY: torch.full((16, 64), torch.nan)},
    "infinity": {"image_proj.proj_in.bias": torch.full((48,), torch.inf)},
    "a tensor without data": {KEY: zeros(16, 64, device="meta")},
    "a sparse tensor": {KEY: torch.eye(16, 64).to_sparse()},
    "more than the file holds": {name: zeros(1).expand(10**9, 64) for name in (KEY, VALUE)},
    "a tensor that tells a size missing": {"image_proj.proj_in.weight": None},
    "another tensor missing": {"image_proj.norm_out.bias": None},
    "a tensor too many": {"image_proj.extra.weight": zeros(2, 2)},
    "a layer without a number": {"image_proj.layers.": zeros(2, 2)},
    "another number of dimensions": {"image_proj.proj_in.weight": zeros(48)},
    "half a head": {"image_proj.layers.0.0.to_q.weight": zeros(96, 48)},
    "no heads": {
        f"image_proj.layers.{layer}.0.{name}.weight": zeros(*shape)
        for layer in (0, 1)
        for name, shape in {"to_q": (0, 48), "to_kv": (0, 48), "to_out": (48, 0)}.items()
    },
    "no latents": {
        "image_proj.grounding_latents": zeros(1, 0, 48),
        "image_proj.latent_proj.2.weight": zeros(0, 176),
        "image_proj.latent_proj.2.bias": zeros(0),
    },
    "no room for a phrase": {"image_proj.latent_proj.0.weight": zeros(176, 64)},
    "two sets of latents": {"image_proj.grounding_latents": zeros(2, 4, 48)},
    # 6 MB that ask for a layer of 1 GB
    "sizes of more than the file holds": {"image_proj.grounding_latents": zeros(1, 30_000, 48)},
}
BAD_STATES = {what: changed(changes) for what, changes in BAD_CHANGES.items()} | {
    "an IP-Adapter": {"image_proj": {"a": zeros(2)}, "ip_adapter": {"1.to_k_ip.weight": zeros(2)}},
    "a bare state dict": {"conv.weight": zeros(2, 2)},
    "a list": [1, 2, 3],
    "a tensor": zeros(3),
    "an empty dict": {},
    "groups of None": {"image_proj": None, "ms_adapter": None},
    "numbers as names": good_state() | {"ms_adapter": {1: zeros(2, 2), 2: zeros(2, 2)}},
    "a number among the names": good_state()
    | {"image_proj": {1: zeros(2)} | good_state()["image_proj"]},
}


@pytest.mark.parametrize("what", BAD_STATES)
def test_tensors_that_are_no_adapter_are_refused(tmp_path, what):
    torch.save(BAD_STATES[what], tmp_path / "a.bin")
    refusal(tmp_path / "a.bin")
    if "IP-Adapter" in what:
        assert not looks_like_adapter(tmp_path / "a.bin")


def test_a_refusal_names_what_is_wrong(tmp_path):
    parts = {"an IP-Adapter": "ip_adapter", "integers": "int64", "a site missing": "1.to_k_ip"}
    parts["another tensor missing"] = "norm_out.bias"
    for what, part in parts.items():
        torch.save(BAD_STATES[what], tmp_path / "a.bin")
        assert part in refusal(tmp_path / "a.bin")


@pytest.mark.parametrize("name", ["a.bin", "a.safetensors"])
@pytest.mark.parametrize("form", [packed, packed_as_before_2020, pickle.dumps])
def test_nothing_in_a_file_is_executed(tmp_path, name, form):
    marker = tmp_path / "executed"
    (tmp_path / name).write_bytes(form({**good_state(), "extra": Hostile(marker)}))
    refusal(tmp_path / name)
    looks_like_adapter(tmp_path / name)
    assert not marker.exists()


GOOD = packed(good_state())
BAD_BYTES = {
    "text": b"<!DOCTYPE html><html>404 Not Found</html>",
    "a git LFS pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n",
    "a pickle of numbers": pickle.dumps([1, 2, 3]),
    "a pickle that takes from an empty stack": b"\x80\x02K\x01K\x02u(.",
    "a pickle that ends in a number": b"Gb\xec",
    "zeros": bytes(1000),
    "a header that claims terabytes": (2**43).to_bytes(8, "little") + b"{}",
    "a zip of an unknown compression": patched(patched(GOOD, b"PK\1\2", 10, 99), b"PK\3\4", 8, 99),
    "a zip that is encrypted": patched(GOOD, b"PK\1\2", 8, 1),
    "a zip whose directory is broken": patched(GOOD, b"PK\1\2", 2, 0),
    "a zip of another version": patched(GOOD, b"PK\1\2", 6, 125),
    "a zip behind something else": b"junk" + GOOD,
}


@pytest.mark.parametrize("name", ["a.bin", "a.safetensors"])
@pytest.mark.parametrize("what", BAD_BYTES)
def test_bytes_that_are_no_adapter_are_refused(tmp_path, name, what):
    (tmp_path / name).write_bytes(BAD_BYTES[what])
    refusal(tmp_path / name)
    assert looks_like_adapter(tmp_path / name) in (True, False)


@pytest.mark.parametrize("level", [0, 1, 9])
def test_a_compressed_zip_is_refused(tmp_path, level):
    # at level 0 no member is larger than its bytes in the file, and yet they are not the tensor's
    with zipfile.ZipFile(tmp_path / "a.bin", "w", zipfile.ZIP_DEFLATED, compresslevel=level) as new:
        with zipfile.ZipFile(io.BytesIO(GOOD)) as good:
            for name in good.namelist():
                new.writestr(name, good.read(name))
    assert "compressed" in refusal(tmp_path / "a.bin")


def test_a_zip_bomb_is_refused_without_unpacking_it(tmp_path):
    path = tmp_path / "a.bin"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        with archive.open("a/data.pkl", "w") as member:
            for _ in range(200):
                member.write(bytes(2**20))
    tracemalloc.start()
    try:
        assert "compressed" in refusal(path)
        assert not looks_like_adapter(path)
        assert tracemalloc.get_traced_memory()[1] < 50 * 2**20
    finally:
        tracemalloc.stop()


def test_damage_anywhere_in_a_file_is_refused(tmp_path):
    state = {"image_proj": {"proj_in.weight": zeros(1)}, "ms_adapter": {"1.to_k_ip": zeros(1)}}
    rng, path = random.Random(0), tmp_path / "a.bin"
    for good in (packed(state), packed_as_before_2020(state)):
        for _ in range(200):
            data = bytearray(good)
            for _ in range(rng.choice([1, 2, 5])):
                data[rng.randrange(len(data))] = rng.choice([rng.randrange(256), *b"\0.}]Rtbu"])
            path.write_bytes(data)
            refusal(path)
            assert looks_like_adapter(path) in (True, False)
