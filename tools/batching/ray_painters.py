"""Painters on a Ray cluster: an actor a GPU, each with a ComfyUI process of its own.

Ray decides on which node an actor lives, and brings one up elsewhere when a node is gone. Pictures
go both ways through its object store. What is ours is only the queue in `spreading`.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections import OrderedDict
from pathlib import Path
from threading import Event, Lock
from typing import Any

import ray
from console import SetupError, note
from packages import ROOT
from published import copy_published, tracked_files
from ray.exceptions import GetTimeoutError, RayError

from .ends import RowFault, ServerFault, Stopped
from .references import Reference
from .tasks import Task

START = 600  # seconds in which an actor must be placed and its ComfyUI must answer
HELD = 256  # references in the object store at once; others are put there again
SHIPPED = ("tools/", "tests/tiny_world/", "tests/small_sdxl.py")  # beside what is published


class Cluster:
    """A connection to a Ray cluster, with this version of the pack on every node."""

    def __init__(self, address: str, python: Path, comfyui: Path) -> None:
        """
        Args:
            address: as Ray takes it; `auto` is the cluster of this machine, or a new one.
            python, comfyui: what runs ComfyUI and where it is, on nodes that do not say it.

        Raises:
            SetupError: there is no cluster.
        """
        self.places = (python, comfyui)
        self._folder = Path(tempfile.mkdtemp(prefix="msdiffusion-"))
        self._held: OrderedDict[str, ray.ObjectRef] = OrderedDict()
        self._lock = Lock()
        copy_published(self._folder)
        for name in tracked_files():
            if name.startswith(SHIPPED):
                copy = self._folder / name
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(ROOT / name, copy)
        try:
            ray.init(
                address=None if address == "auto" else address,
                runtime_env={"working_dir": str(self._folder)},
                log_to_driver=False,
                logging_level="WARNING",
            )
        except (ConnectionError, RayError, ValueError) as error:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise SetupError(f"There is no Ray cluster at {address}: {error}") from error

    def painters(self, actors: int, cpus: int) -> list[RayPainter]:
        """A painter for each GPU, or for each `cpus` CPUs where the cluster has no GPU."""
        count = int(ray.cluster_resources().get("GPU", 0))
        needs = {"num_gpus": 1, "num_cpus": 1}
        places = [int(node["Resources"].get("CPU", 0)) for node in ray.nodes() if node["Alive"]]
        if not count:
            each = max(1, min(cpus, max(places)))
            needs = {"num_gpus": 0, "num_cpus": each}
            count = sum(place // each for place in places)
        count = actors or max(count, 1)
        note(f"{count} ComfyUI processes on {len(places)} nodes of Ray")
        return [RayPainter(self, f"ray-{number}", needs) for number in range(1, count + 1)]

    def hold(self, picture: Reference) -> ray.ObjectRef:
        """The picture's content in the object store."""
        with self._lock:
            if picture.name not in self._held:
                self._held[picture.name] = ray.put(picture.read())
                if len(self._held) > HELD:
                    self._held.popitem(last=False)
            self._held.move_to_end(picture.name)
            return self._held[picture.name]

    def close(self) -> None:
        ray.shutdown()
        shutil.rmtree(self._folder, ignore_errors=True)


class RayPainter:
    """A painter whose ComfyUI is in an actor."""

    def __init__(self, cluster: Cluster, name: str, needs: dict[str, float]) -> None:
        self.cluster = cluster
        self.name = name
        self.needs = needs
        self.actor: Any = None

    def open(self, stop: Event | None = None) -> None:
        # two threads: an actor is to end its ComfyUI while that paints
        options = {**self.needs, "scheduling_strategy": "SPREAD", "max_concurrency": 2}
        places, gpu = map(str, self.cluster.places), bool(self.needs["num_gpus"])
        self.actor = _actor_class().options(**options).remote(*places, gpu)
        self._result(self.actor.call.remote("facts"), START, stop or Event())

    def facts(self) -> dict[str, str]:
        return self._ask("facts", 60)

    def object_info(self) -> dict[str, Any]:
        return self._ask("object_info", 60)

    def paint(self, task: Task, timeout: float, stop: Event) -> bytes:
        try:
            # a list keeps Ray from handing over the content before the node asks for it
            files = {name: [self.cluster.hold(file)] for name, file in task.files.items()}
        except OSError as error:
            raise RowFault(str(error)) from error
        call = self.actor.call.remote("paint", task.prompt, task.output, files, timeout)
        kind, said = self._result(call, 3 * timeout, stop)
        if kind == "picture":
            return said
        raise RowFault(said) if kind == "row" else ServerFault(said)

    def revive(self, stop: Event) -> None:
        """Another actor, on whichever node Ray chooses."""
        ray.kill(self.actor)
        self.open(stop)

    def close(self) -> None:
        if self.actor is None:
            return
        try:
            self._ask("close", 10)
        except ServerFault:  # its ComfyUI ends with it, see `ComfyServer.guarded`
            pass
        ray.kill(self.actor)

    def _ask(self, method: str, timeout: float) -> Any:
        return self._result(self.actor.call.remote(method), timeout, Event())

    def _result(self, call: ray.ObjectRef, timeout: float, stop: Event) -> Any:
        end = time.monotonic() + timeout
        while not stop.is_set():
            try:
                return ray.get(call, timeout=0.5)
            except GetTimeoutError:
                if time.monotonic() > end:
                    raise ServerFault(f"no answer from Ray within {timeout:.0f} s") from None
            except RayError as error:
                said = str(error).strip().splitlines()[-1]  # of a traceback the error itself
                raise ServerFault(f"{type(error).__name__}: {said:.200}") from error
        raise Stopped


def _actor_class() -> Any:
    """The class of actors: local, so that Ray sends it whole; a node has no `batching` before."""

    @ray.remote
    class ComfyActor:
        def __init__(self, python: str, comfyui: str, gpu: bool) -> None:
            import os
            import sys

            sys.path.insert(0, os.path.join(os.getcwd(), "tools"))
            from batching.ray_node import Node

            self.node = Node(python, comfyui, gpu)

        def call(self, method: str, *arguments: Any) -> Any:
            return getattr(self.node, method)(*arguments)

    return ComfyActor
