"""Reading adapter files: `ms_adapter.bin` or the same tensors as `.safetensors`."""

from __future__ import annotations

import pickle
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

LONGEST_CONTENTS = 10_000_000  # bytes; an adapter's table of contents has some thousands
SUFFIXES = (".bin", ".safetensors", ".sft", ".pt", ".pth", ".ckpt")
SOURCE = "get ms_adapter.bin from huggingface.co/doge1516/MS-Diffusion again"
GROUPS = ("image_proj", "ms_adapter")
KINDS = ("to_k_ip", "to_v_ip")
# the tensors that tell the resampler's sizes, with their number of dimensions
SIZE_TENSORS = {
    "grounding_latents": 3,
    "latent_proj.0.weight": 2,
    "proj_in.weight": 2,
    "proj_out.weight": 2,
    "layers.0.0.to_q.weight": 2,
    "layers.0.1.1.weight": 2,
}


@dataclass(frozen=True)
class Checkpoint:
    """The tensors of an adapter file.

    Attributes:
        image_proj: the resampler's tensors by name.
        sites: (`to_k_ip`, `to_v_ip`) weights, each (site width, token width), in the file's order:
            down blocks, up blocks, middle block.
        name: the file's, for messages.
    """

    image_proj: dict[str, Tensor]
    sites: tuple[tuple[Tensor, Tensor], ...]
    name: str = "the adapter"


def read_checkpoint(path: str | Path) -> Checkpoint:
    """Read an adapter file. Only tensors are read; nothing in the file is executed.

    Raises:
        ValueError: the file is missing, broken, hostile or no MS-Diffusion adapter.
    """
    path = Path(path)
    if not path.is_file():
        raise ValueError(f"{path.name} is not there or not a file; {SOURCE}")
    if path.stat().st_size == 0:
        raise ValueError(f"{path.name} is empty (0 bytes); {SOURCE}")
    groups = _grouped(_read_tensors(path), path.name)
    _check_tensors(groups, path)
    sites = _sites(groups["ms_adapter"], path.name)
    return Checkpoint(groups["image_proj"], sites, path.name)


def looks_like_adapter(path: str | Path) -> bool:
    """Whether a file names an adapter's tensors, read from its table of contents only."""
    try:
        with open(path, "rb") as file:
            if zipfile.is_zipfile(file):
                with zipfile.ZipFile(file) as archive:
                    names = [name for name in archive.namelist() if name.endswith("/data.pkl")]
                    with archive.open(names[0]) as member:
                        contents = member.read(LONGEST_CONTENTS)
            else:
                file.seek(0)
                length = int.from_bytes(file.read(8), "little")
                contents = file.read(min(length, LONGEST_CONTENTS))
    except Exception:  # whatever is wrong with it, it is no adapter to offer
        return False
    return b"to_k_ip" in contents and b"grounding_latents" in contents


def _read_tensors(path: Path) -> Mapping:
    try:
        if path.suffix.lower() in (".safetensors", ".sft"):
            return load_file(path)
        is_zip = zipfile.is_zipfile(path)
        if is_zip:
            _refuse_compression(path)
        return torch.load(path, map_location="cpu", weights_only=True, mmap=is_zip)
    except pickle.UnpicklingError as error:
        raise ValueError(
            f"{path.name} is refused: it is broken or holds code besides tensors, and nothing in"
            f" it was executed; {SOURCE}"
        ) from error
    except Exception as error:  # a broken file makes the parsers fail in any way
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ValueError(f"{path.name} is broken or cut short ({reason}); {SOURCE}") from error


def _refuse_compression(path: Path) -> None:
    # torch.save never compresses: a compressed member may be a zip bomb
    with zipfile.ZipFile(path) as archive:
        if any(member.compress_type != zipfile.ZIP_STORED for member in archive.infolist()):
            raise ValueError("it is compressed, which torch.save never does")


def _grouped(tensors: object, name: str) -> dict[str, dict[str, Tensor]]:
    """`image_proj` and `ms_adapter`, from nested dicts (.bin) or from flat keys (.safetensors)."""
    if not isinstance(tensors, Mapping):
        raise ValueError(f"{name} holds a {type(tensors).__name__}, not tensors by name; {SOURCE}")
    groups: dict[str, dict[str, Tensor]] = {group: {} for group in GROUPS}
    for key, entry in tensors.items():
        group, _, rest = str(key).partition(".")
        if group in groups and isinstance(entry, Mapping):
            groups[group].update(entry)
        elif group in groups and rest:
            groups[group][rest] = entry
    if not all(groups.values()):
        found = ", ".join(str(key) for key in list(tensors)[:4]) or "nothing"
        raise ValueError(
            f"{name} is no MS-Diffusion adapter: expected image_proj and ms_adapter, found"
            f" {found}{', …' if len(tensors) > 4 else ''}; choose ms_adapter.bin"
        )
    return groups


def _check_tensors(groups: dict[str, dict[str, Tensor]], path: Path) -> None:
    for group, tensors in groups.items():
        for key, tensor in tensors.items():
            if not isinstance(key, str) or not _holds_floats(tensor):
                kind = type(tensor).__name__
                if isinstance(tensor, Tensor):
                    kind = f"{tensor.dtype} of shape {list(tensor.shape)} on {tensor.device}"
                raise ValueError(f"{path.name}: {group}.{key} is {kind}, expected floats; {SOURCE}")
    every_tensor = [tensor for tensors in groups.values() for tensor in tensors.values()]
    if sum(tensor.numel() * tensor.itemsize for tensor in every_tensor) > path.stat().st_size:
        raise ValueError(f"{path.name} claims more weights than the file holds; {SOURCE}")
    if not all(tensor.float().isfinite().all() for tensor in every_tensor):
        raise ValueError(f"{path.name} holds weights that are not finite (NaN); {SOURCE}")
    for key, dimensions in SIZE_TENSORS.items():
        tensor = groups["image_proj"].get(key)
        if tensor is None or tensor.ndim != dimensions:
            state = "is missing" if tensor is None else f"has shape {list(tensor.shape)}"
            raise ValueError(
                f"{path.name}: image_proj.{key} {state}; expected {dimensions} dimensions."
                f" This is no grounding resampler, or the file is cut short; {SOURCE}"
            )


def _holds_floats(entry: object) -> bool:
    """Whether this is a tensor with numbers in it; sparse ones and those without data are not."""
    return (
        isinstance(entry, Tensor)
        and entry.is_floating_point()
        and entry.numel() > 0
        and entry.layout is torch.strided
        and not entry.is_meta
    )


def _sites(tensors: dict[str, Tensor], name: str) -> tuple[tuple[Tensor, Tensor], ...]:
    # every attention of the UNet has a number; text cross-attentions have the odd ones
    count = len(tensors) // 2
    expected = [f"{2 * site + 1}.{kind}.weight" for site in range(count) for kind in KINDS]
    if sorted(expected) != sorted(tensors):
        odd = sorted(set(tensors) ^ set(expected))[0]
        raise ValueError(
            f"{name}: ms_adapter should hold 1.to_k_ip.weight, 1.to_v_ip.weight, 3.to_k_ip.weight"
            f" and so on without a gap, but {odd} is missing or too many; {SOURCE}"
        )
    sites = tuple(
        (tensors[expected[2 * site]], tensors[expected[2 * site + 1]]) for site in range(count)
    )
    for site, (key, value) in enumerate(sites):
        if key.ndim != 2 or key.shape != value.shape or key.shape[1] != sites[0][0].shape[1]:
            raise ValueError(
                f"{name}: ms_adapter.{2 * site + 1} has keys of shape {list(key.shape)} and values"
                f" of shape {list(value.shape)}; expected two equal matrices; {SOURCE}"
            )
    return sites
