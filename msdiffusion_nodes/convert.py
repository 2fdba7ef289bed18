"""Write an adapter file as .safetensors, checked, whole or not at all.

    python -m msdiffusion_nodes.convert ms_adapter.bin ms_adapter.safetensors [--fp16] [--force]

The tensors get the names that `read_flat` gives them.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import sys
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from .errors import InputError

try:
    import torch
    from torch import Tensor

    from .files.checkpoint import is_finite, read_flat, to_checkpoint
    from .files.plain_reads import PlainReads
    from .files.progress import Progress, readable
    from .method.adapter import Adapter
except ImportError as error:
    if __name__ != "__main__":
        raise
    raise SystemExit(
        f"error: {error}; run python -m msdiffusion_nodes.convert in the pack's folder, with the"
        " Python that runs ComfyUI"
    ) from error

SUFFIXES = (".safetensors", ".sft")
ALIGNMENT = 8  # bytes; where the weights start
interrupts: list[int] = []  # signals that came; reading a file may turn them into other errors
NAMES = {  # of dtypes in a .safetensors file
    torch.float32: "F32",
    torch.float16: "F16",
    torch.bfloat16: "BF16",
    torch.float8_e4m3fn: "F8_E4M3",
    torch.float8_e5m2: "F8_E5M2",
}


@dataclass(frozen=True)
class Weights:
    """Tensors of a file by name, as they are or rounded to float16."""

    tensors: dict[str, Tensor]
    reads: PlainReads
    fp16: bool = False

    def dtype(self, name: str) -> torch.dtype:
        return torch.float16 if self.fp16 else self.tensors[name].dtype

    def size(self, name: str) -> int:
        """Bytes."""
        return self.tensors[name].numel() * self.dtype(name).itemsize

    @property
    def amount(self) -> tuple[int, int]:
        """Tensors and bytes."""
        return len(self.tensors), sum(map(self.size, self.tensors))

    def pieces(self, name: str) -> Iterator[Tensor]:
        """A tensor's bytes, some at a time; each lasts until the next are asked for.

        Raises:
            InputError: a number is too great for float16, or the file cannot be read any more.
        """
        for piece in self.reads.pieces(self.tensors[name]):
            rounded = piece.to(self.dtype(name))
            if self.fp16 and not is_finite(rounded):
                raise InputError(
                    f"{name} holds {piece.float().abs().max():g}, and float16 ends at 65504; leave"
                    " --fp16 out"
                )
            yield rounded.view(torch.uint8)

    def header(self, source: str) -> bytes:
        """What stands before the weights: its length, then each tensor's dtype, shape and place."""
        source = source.encode("utf-8", "replace").decode()
        header: dict[str, dict] = {"__metadata__": {"format": "pt", "source": source}}
        place = 0
        for name, tensor in self.tensors.items():
            end = place + self.size(name)
            dtype, shape = NAMES[self.dtype(name)], list(tensor.shape)
            header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [place, end]}
            place = end
        encoded = json.dumps(header, separators=(",", ":")).encode()
        encoded += b" " * (-len(encoded) % ALIGNMENT)
        return len(encoded).to_bytes(8, "little") + encoded


def convert(source: Path, target: Path, fp16: bool = False, force: bool = False) -> int:
    """Write the adapter in `source` to `target` as .safetensors; returns the new file's bytes.

    The new file gets its name, first with `.part` behind it, when it has been read and compared.

    Args:
        fp16: round all numbers to float16; otherwise they stay what they are.
        force: replace a file that is there.

    Raises:
        InputError: `source` is no adapter, a number is too great for float16, or `target` is there,
            has another suffix or cannot be written.
    """
    _check_target(source, target, force)
    tensors = read_flat(source)
    Adapter(to_checkpoint(tensors, source.name))
    # the widest numbers first, so that all are aligned
    names = sorted(tensors, key=lambda name: (-tensors[name].itemsize, name))
    tensors = {name: tensors[name] for name in names}
    with PlainReads(source, tensors.values()) as reads:
        return _save(Weights(tensors, reads, fp16), source.name, target, force)


def _save(weights: Weights, source: str, target: Path, force: bool) -> int:
    """Returns the new file's bytes."""
    header = weights.header(source)
    size = len(header) + weights.amount[1]
    free = shutil.disk_usage(target.parent).free
    if free < size:
        raise InputError(
            f"{target} takes {readable(size)}, and {readable(free)} are free there; free some"
            " space, or choose another folder"
        )
    part = target.with_name(f"{target.name}.part")
    try:
        _write(part, target, weights, header, force)
    except FileExistsError as error:
        raise InputError(
            f"{part} is there: another conversion is running, or one was killed; wait for it, or"
            " delete that file"
        ) from error
    except OSError as error:
        raise InputError(
            f"{target} cannot be written ({error.strerror}); free some space, close what uses the"
            " file, or choose another folder"
        ) from error
    return size


def _check_target(source: Path, target: Path, force: bool) -> None:
    if target.suffix.lower() not in SUFFIXES:
        raise InputError(f"{target} does not end in .safetensors; give the new file such a name")
    if not target.parent.is_dir():
        raise InputError(f"{target.parent} is no folder; make it, or choose another one")
    if os.path.exists(source) and os.path.exists(target) and os.path.samefile(source, target):
        raise InputError(f"{target} is the file to read; choose another name for the new one")
    if os.path.exists(target) and not os.path.isfile(target):
        raise InputError(f"{target} is there, and no file; choose another name")
    if os.path.lexists(target) and not force:
        raise InputError(f"{target} is there; choose another name, or replace it with --force")


def _write(part: Path, target: Path, weights: Weights, header: bytes, force: bool) -> None:
    """Make the file `part` and then call it `target`; on any error there is neither."""
    file = open(part, "xb")
    try:
        progress = Progress("writing", *weights.amount)
        with file:
            file.write(header)
            for name in weights.tensors:
                for piece in weights.pieces(name):
                    file.write(piece.numpy())
                    progress.add(more_bytes=len(piece))
                progress.add(more_tensors=1)
            file.flush()
            os.fsync(file.fileno())
        _compare(part, weights)
        _check_target(part, target, force)  # it may have come meanwhile
        os.replace(part, target)
    except BaseException as error:
        traceback.clear_frames(error.__traceback__)  # Windows keeps a file while it is mapped
        part.unlink(missing_ok=True)
        raise


def _compare(part: Path, weights: Weights) -> None:
    """Read the new file as the node does; every tensor must be there to the bit.

    Raises:
        InputError: names the tensor.
    """
    progress = Progress("checking", *weights.amount)
    tensors = read_flat(part)
    with PlainReads(part, tensors.values()) as reads:
        written = Weights(tensors, reads)
        for name, tensor in weights.tensors.items():
            same = name in tensors and tensors[name].shape == tensor.shape
            same = same and written.dtype(name) == weights.dtype(name)
            pairs = zip(weights.pieces(name), written.pieces(name), strict=True) if same else ()
            for piece, written_piece in pairs:
                same = same and bool((piece.numpy() == written_piece.numpy()).all())
                progress.add(more_bytes=len(piece))
            if not same:
                raise InputError(f"{name} is not in the file as it was written; check the disk")
            progress.add(more_tensors=1)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m msdiffusion_nodes.convert",
        description="Writes an MS-Diffusion adapter as a .safetensors file, which cannot hold code"
        " and opens at once. Run this in the pack's folder, with the Python that runs ComfyUI.",
        epilog="The new file is read again and compared before it gets its name. If anything goes"
        " wrong, no new file is left.",
    )
    parser.add_argument("source", type=Path, help="the adapter that you have: ms_adapter.bin")
    parser.add_argument("target", type=Path, help="the new file: ms_adapter.safetensors")
    parser.add_argument("--fp16", action="store_true", help="round to float16, half of float32")
    parser.add_argument("--force", action="store_true", help="replace the new file if it is there")
    given = parser.parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):  # names of files may have letters that it cannot show
        stream.reconfigure(errors="backslashreplace")
    try:
        size = convert(given.source, given.target, given.fp16, given.force)
    except (KeyboardInterrupt, ValueError, OSError, MemoryError) as error:
        if interrupts or isinstance(error, KeyboardInterrupt):
            print(f"\nstopped: {given.target} was not written", file=sys.stderr)
            return 130
        print(f"error: {str(error) or 'there is not enough memory'}", file=sys.stderr)
        return 1
    print(f"{given.target} is written and checked: {readable(size)}")
    return 0


def _interrupt(number: int, frame: FrameType | None) -> None:
    interrupts.append(number)
    signal.default_int_handler(number, frame)


if __name__ == "__main__":
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"):  # a closed terminal cleans up as well
        number = getattr(signal, name, None)
        if number and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interrupt)
    sys.exit(main())
