"""Reading adapter files: `ms_adapter.bin` or the same tensors as `.safetensors`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from ..errors import InputError
from .tensor_files import list_of_tensors, read_tensors

SUFFIXES = (".bin", ".safetensors", ".sft", ".pt", ".pth", ".ckpt")
SOURCE = "get ms_adapter.bin from huggingface.co/doge1516/MS-Diffusion again"
GROUPS = ("image_proj", "ms_adapter")
DUMMY = "dummy_image_tokens"  # in the official file; cannot change a result
KINDS = ("to_k_ip", "to_v_ip")
MOST_TENSORS = 1000  # an adapter has some 200
DTYPES = (
    torch.float32,
    torch.float16,
    torch.bfloat16,
    torch.float8_e4m3fn,
    torch.float8_e5m2,
)
# numbers worked on in one go: more, and torch begins to share the work out among its threads, which
# on a busy machine wait for each other longer than the work takes
PIECE = 2**15
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
        InputError: the file is missing, broken, hostile or no MS-Diffusion adapter.
    """
    return to_checkpoint(read_flat(path), Path(path).name)


def read_flat(path: str | Path) -> dict[str, Tensor]:
    """The tensors of an adapter file by the names that they have in a .safetensors file.

    These are `image_proj.` or `ms_adapter.` and the tensor's name in that part of a .bin file, such
    as `ms_adapter.1.to_k_ip.weight`; and `dummy_image_tokens`, if the file has it.

    Raises:
        InputError: as `read_checkpoint`.
    """
    path = Path(path)
    try:
        contents = read_tensors(path)
    except InputError as error:
        raise InputError(f"{path.name} {error}; {SOURCE}") from error
    tensors = _flattened(contents, path.name)
    _check_tensors(tensors, path)
    return {key: tensor.detach() for key, tensor in tensors.items()}


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


def looks_like_adapter(path: str | Path) -> bool:
    """Whether a file names an adapter's tensors, read from its table of contents only."""
    try:
        contents = list_of_tensors(path)
    except Exception:  # whatever is wrong with it, it is no adapter to offer
        return False
    return b"to_k_ip" in contents and b"grounding_latents" in contents


def _flattened(contents: object, name: str) -> dict[str, Tensor]:
    """Flat names, from nested dicts (.bin) as well; what belongs to no adapter is left out."""
    if not isinstance(contents, Mapping):
        raise InputError(f"{name} holds a {type(contents).__name__}, not tensors by name; {SOURCE}")
    flat = {}
    for key, entry in contents.items():
        if isinstance(entry, Mapping):
            flat.update({f"{key}.{inner}": tensor for inner, tensor in entry.items()})
        else:
            flat[str(key)] = entry
    flat = {key: entry for key, entry in flat.items() if key.partition(".")[0] in (*GROUPS, DUMMY)}
    if not all(any(key.startswith(f"{group}.") for key in flat) for group in GROUPS):
        found = ", ".join(f"{key!a:.40}" for key in list(contents)[:4]) or "nothing"
        raise InputError(
            f"{name} is no MS-Diffusion adapter: expected image_proj and ms_adapter, found"
            f" {found}{', …' if len(contents) > 4 else ''}; choose ms_adapter.bin"
        )
    return flat


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
            raise InputError(f"{path.name}: {key!r:.80} is {came:.80}, expected {kinds}; {SOURCE}")
    claimed = sum(tensor.numel() * tensor.itemsize for tensor in tensors.values())
    if claimed > path.stat().st_size:
        raise InputError(f"{path.name} claims more weights than the file holds; {SOURCE}")
    for key, dimensions in SIZE_TENSORS.items():
        tensor = tensors.get(f"image_proj.{key}")
        if tensor is None or tensor.ndim != dimensions:
            state = "is missing" if tensor is None else f"has shape {list(tensor.shape)}"
            raise InputError(
                f"{path.name}: image_proj.{key} {state:.80}; expected {dimensions} dimensions."
                f" This is no grounding resampler, or the file is cut short; {SOURCE}"
            )
    for key, tensor in tensors.items():
        if not all(is_finite(piece) for piece in tensor.reshape(-1).split(PIECE)):
            raise InputError(f"{path.name}: {key!r:.80} is not finite (NaN or infinity); {SOURCE}")


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
    count = len(tensors) // 2
    expected = [f"{2 * site + 1}.{kind}.weight" for site in range(count) for kind in KINDS]
    if sorted(expected) != sorted(tensors):
        odd = sorted(set(tensors) ^ set(expected))[0]
        raise InputError(
            f"{name}: ms_adapter should hold 1.to_k_ip.weight, 1.to_v_ip.weight, 3.to_k_ip.weight"
            f" and so on without a gap, but {odd!r:.80} is missing or too many; {SOURCE}"
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
