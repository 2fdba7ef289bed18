"""The areas of the last runs, for ShowAreas: found by the latent that a run has made."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Sequence

import torch
from torch import Tensor

MOST_RUNS = 8
_runs: OrderedDict[str, Sequence[Tensor]] = OrderedDict()


def remember(samples: Tensor, steps: Sequence[Tensor]) -> None:
    """Keep a run's areas, a set for each step: bool (pictures, subjects, h, w) on the CPU."""
    if not steps:
        return
    name = _name_of(samples)
    _runs.pop(name, None)
    _runs[name] = tuple(steps)
    while len(_runs) > MOST_RUNS:
        _runs.popitem(last=False)


def areas_of(samples: Tensor) -> Sequence[Tensor]:
    """The areas of the run that made a latent; none if it was not among the last ones."""
    plain = samples.layout is torch.strided and not samples.is_meta  # as a sampler makes them
    return _runs.get(_name_of(samples), ()) if plain else ()


def _name_of(samples: Tensor) -> str:
    values = samples.detach().to("cpu", torch.float16).contiguous()
    return hashlib.sha256(values.numpy().tobytes()).hexdigest()
