"""Plain reads of a mapped file's tensors.

Whoever touches a map whose file was cut short is ended by the system (SIGBUS); a plain read only
comes back short.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import repeat
from pathlib import Path

import torch
from torch import Tensor

from ..errors import InputError, reason_of
from .listing import runs_of_numbers

# numbers worked on in one go, which fit into a processor's cache: more, and torch begins to share
# the work out among its threads, which on a busy machine wait for each other longer than the work
# takes
PIECE = 2**15


class PlainReads:
    """A file that was mapped, opened once more; closed at the end of a `with`."""

    def __init__(self, path: Path, mapped: Iterable[Tensor]) -> None:
        self._start = _start_of_map(runs_of_numbers(path), mapped)
        self._file = open(path, "rb")
        self._name = path.name

    def __enter__(self) -> PlainReads:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def pieces(self, tensor: Tensor, into: Tensor | None = None) -> Iterator[Tensor]:
        """A tensor's numbers in a row, `PIECE` at a time.

        They come from memory where a tensor is not mapped (in torch files of before 2020), or does
        not lie in the file in one run, in this order.

        Args:
            into: contiguous, takes them all; else each piece takes the place of the one before.

        Raises:
            InputError: the file has become too short, or the disk does not give it.
        """
        in_file = self._start is not None and tensor.is_contiguous()
        if in_file:
            self._file.seek(tensor.data_ptr() - self._start)
        if into is None:
            places = repeat(torch.empty(PIECE, dtype=tensor.dtype))
        else:
            places = iter(into.view(-1).split(PIECE))
        for piece in tensor.reshape(-1).split(PIECE):
            place = next(places)[: len(piece)]
            if in_file:
                self._read(place)
            else:
                place.copy_(piece)
            yield place

    def _read(self, place: Tensor) -> None:
        wanted = place.view(torch.uint8).numpy()
        try:
            length = self._file.readinto(wanted)
        except OSError as error:
            raise InputError(f"{self._name} cannot be read ({reason_of(error)})") from error
        if length < len(wanted):
            raise InputError(
                f"{self._name} has become shorter while it was read; run again when nobody writes"
                " into it"
            )


def _start_of_map(runs: dict[int, int], mapped: Iterable[Tensor]) -> int | None:
    """The address of the file's first byte; None if there is no such, or no telling which.

    It is the only address from which every tensor's memory is where the file has that many bytes.
    """
    storages = [tensor.untyped_storage() for tensor in mapped]
    lengths = {storage.data_ptr(): storage.nbytes() for storage in storages}
    first = min(lengths)
    starts = [
        first - run
        for run in runs
        if all(runs.get(place - first + run) == length for place, length in lengths.items())
    ]
    return starts[0] if len(starts) == 1 else None
