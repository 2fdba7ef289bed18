"""Reading adapter files: `ms_adapter.bin` or the same tensors as `.safetensors`."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from ..errors import InputError
from .contents import SOURCE, adapter_in, refuse_other_kinds
from .plain_reads import PlainReads
from .tensor_files import Misnamed, read_tensors

SUFFIXES = (".bin", ".safetensors", ".sft", ".pt", ".pth", ".ckpt")
GROUPS = ("image_proj", "ms_adapter")
IN_PART = "only a part of the adapter was saved"
KINDS = ("to_k_ip", "to_v_ip")
MOST_TENSORS = 1000  # an adapter has some 200
DTYPES = (
    torch.float32,
    torch.float16,
    torch.bfloat16,
    torch.float8_e4m3fn,
    torch.float8_e5m2,
)
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

    The tensors are in memory of their own: the file may be replaced while they live.

    Raises:
        InputError: the file is missing, broken, hostile or no MS-Diffusion adapter.
    """
    return to_checkpoint(read_flat(path, copied=True), Path(path).name)


def read_flat(path: str | Path, copied: bool = False) -> dict[str, Tensor]:
    """The tensors of an adapter file by the names that they have in a .safetensors file.

    These are `image_proj.` or `ms_adapter.` and the tensor's name in that part of a .bin file, such
    as `ms_adapter.1.to_k_ip.weight`; and `dummy_image_tokens`, if the file has it. For what they
    are called in other packagings see `packaging`.

    Args:
        copied: into memory of their own, one by one; otherwise they are mapped from the file, which
            takes no memory, and nobody may write into the file while they live.

    Raises:
        InputError: as `read_checkpoint`.
    """
    path = Path(path)
    before = _stamp(path)
    try:
        tensors = _mapped(path)
        _check_tensors(tensors, path)
        with PlainReads(path, tensors.values()) as reads:
            for key, tensor in tensors.items():
                tensors[key] = tensor = tensor.detach()
                if copied:
                    tensors[key] = torch.empty(tensor.shape, dtype=tensor.dtype)
                pieces = reads.pieces(tensor, tensors[key] if copied else None)
                if not all(map(is_finite, pieces)):
                    raise InputError(
                        f"{path.name}: {key!r:.80} is not finite (NaN or infinity); {SOURCE}"
                    )
        return tensors
    finally:
        if _stamp(path) != before:  # whatever else went wrong
            raise InputError(
                f"{path.name} was written to while it was read; run again when it is done"
            )


def _mapped(path: Path) -> dict[str, Tensor]:
    """The adapter in a file, by its official names."""
    refuse_other_kinds(path, torch_files=False)  # at once, though they have gigabytes
    try:
        contents = read_tensors(path)
    except Misnamed as error:
        refuse_other_kinds(path)
        raise InputError(f"{path.name} {error}") from error
    except InputError as error:
        refuse_other_kinds(path)
        raise InputError(f"{path.name} {error}; {SOURCE}") from error
    return adapter_in(contents, path.name)


def to_checkpoint(tensors: Mapping[str, Tensor], name: str) -> Checkpoint:
    """The adapter in what `read_flat` gave; `name` is the file's.

    Raises:
        InputError: the sites are not those of an adapter.
    """
    groups: dict[str, dict[str, Tensor]] = {group: {} for group in GROUPS}
    for key, tensor in tensors.items():
        group, _, rest = key.partition(".")
        if group in groups:
            groups[group][rest] = tensor
    return Checkpoint(groups["image_proj"], _sites(groups["ms_adapter"], name), name)


def _stamp(path: Path) -> tuple[int, int] | None:
    """What changes when somebody writes into a file."""
    try:
        state = path.stat()
    except OSError:
        return None
    return state.st_mtime_ns, state.st_size


def _check_tensors(tensors: dict[str, Tensor], path: Path) -> None:
    if len(tensors) > MOST_TENSORS:
        raise InputError(f"{path.name} holds {len(tensors)} tensors; an adapter some 200; {SOURCE}")
    for key, tensor in tensors.items():
        if not (key.isascii() and key.isprintable()):
            raise InputError(f"{path.name}: {key!a:.80} is no tensor's name; {SOURCE}")
        if not _holds_weights(tensor):
            came = type(tensor).__name__
            if isinstance(tensor, Tensor):
                came = f"{tensor.dtype} of shape {list(tensor.shape)} on {tensor.device}"
            kinds = ", ".join(str(dtype).removeprefix("torch.") for dtype in DTYPES)
            raise InputError(
                f"{path.name}: {key!r:.80} is {came:.80}; expected {kinds}: save it so, or {SOURCE}"
            )
    claimed = sum(tensor.numel() * tensor.itemsize for tensor in tensors.values())
    if claimed > path.stat().st_size:
        raise InputError(f"{path.name} claims more weights than the file holds; {SOURCE}")
    for key, dimensions in SIZE_TENSORS.items():
        tensor = tensors.get(f"image_proj.{key}")
        if tensor is None or tensor.ndim != dimensions:
            if tensor is None:
                raise InputError(f"{path.name}: image_proj.{key} is missing: {IN_PART}; {SOURCE}")
            raise InputError(
                f"{path.name}: image_proj.{key} has shape {list(tensor.shape)!s:.80}; expected"
                f" {dimensions} dimensions. This is no grounding resampler; {SOURCE}"
            )


def is_finite(piece: Tensor) -> bool:
    """`piece.isfinite().all()`, twenty times faster."""
    if piece.itemsize > 1:
        least, greatest = piece.float().aminmax()  # NaN is both
        return math.isfinite(least.item()) and math.isfinite(greatest.item())
    # float8: above the bits of the greatest number, without the sign, are infinity and NaN
    greatest = torch.tensor(torch.finfo(piece.dtype).max).to(piece.dtype)
    return bool((piece.view(torch.uint8) & 0x7F).max() <= greatest.view(torch.uint8))


def _holds_weights(entry: object) -> bool:
    """Whether this is a tensor with numbers in it; sparse ones and those without data are not."""
    return (
        isinstance(entry, Tensor)
        and entry.dtype in DTYPES
        and entry.numel() > 0
        and entry.layout is torch.strided
        and not entry.is_meta
    )


def _sites(tensors: dict[str, Tensor], name: str) -> tuple[tuple[Tensor, Tensor], ...]:
    # every attention of the UNet has a number; text cross-attentions have the odd ones
    numbers = [int(found[0]) for key in tensors if (found := re.match(r"[0-9]{1,6}(?=\.)", key))]
    last = min(max(numbers, default=0), 2 * MOST_TENSORS)
    count = max(len(tensors), last + 1) // 2
    expected = [f"{2 * site + 1}.{kind}.weight" for site in range(count) for kind in KINDS]
    if missing := [key for key in expected if key not in tensors]:
        raise InputError(
            f"{name}: ms_adapter.{missing[0]} is missing, {len(missing)} of {len(expected)} tensors"
            f" of the sites are; {IN_PART}; {SOURCE}"
        )
    if odd := sorted(set(tensors) - set(expected)):
        raise InputError(
            f"{name}: {odd[0]!r:.80} is too many; ms_adapter should hold 1.to_k_ip.weight,"
            f" 1.to_v_ip.weight, 3.to_k_ip.weight and so on: {SOURCE}"
        )
    sites = tuple(
        (tensors[expected[2 * site]], tensors[expected[2 * site + 1]]) for site in range(count)
    )
    for site, (key, value) in enumerate(sites):
        if key.ndim != 2 or key.shape != value.shape or key.shape[1] != sites[0][0].shape[1]:
            raise InputError(
                f"{name}: ms_adapter.{2 * site + 1} has keys of shape {list(key.shape)} and values"
                f" of shape {list(value.shape)}; expected two equal matrices; {SOURCE}"
            )
    return sites
