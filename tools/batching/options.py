"""How a batch is painted."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Options:
    """What the command line says; the defaults are its defaults.

    Attributes:
        servers: addresses of running ComfyUI servers; none: one is started here.
        ray: the address of a Ray cluster, "auto" for the one of this machine; None: no Ray.
        actors: how many ComfyUI processes on the Ray cluster; 0: one for each GPU.
        cpus: CPUs for each process where the cluster has no GPU.
        toy: paint with the toy that knows emoji.
        checkpoint, clip_vision, adapter: files, as the servers list them. Empty: what the
            templates name; on a ComfyUI that is started here, what is found.
        workflow: a workflow of the user's in API form, in place of ours.
        mapping: with a workflow: which input each column sets, `{"seed": "12.seed"}`.
        output_node: with a workflow that shows several pictures: the node whose is taken.
        timeout: seconds without progress after which a row is taken from its server. 0: half an
            hour, or four hours on a ComfyUI that is started here and computes on the CPU.
        in_flight: rows that a server has at once.
        tries: servers on which a row may be begun before it counts as failed.
    """

    servers: tuple[str, ...] = ()
    ray: str | None = None
    actors: int = 0
    cpus: int = 4
    toy: bool = False
    checkpoint: str = ""
    clip_vision: str = ""
    adapter: str = ""
    workflow: Path | None = None
    mapping: dict[str, str] = field(default_factory=dict)
    output_node: str = ""
    timeout: float = 0
    in_flight: int = 1
    tries: int = 3
