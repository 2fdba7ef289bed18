"""From a change to the first step: over a real server, and what ApplyMSDiffusion itself costs."""

from __future__ import annotations

import itertools
import json
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch

from . import real_shapes
from .scenes import applied_subjects
from .server_runs import ADAPTERS, Run, inputs_of, run_prompt, tiny_prompt, tiny_server
from .setup import Bench
from .tables import Table
from .timing import Spread

NUMBERS = itertools.count(1)
MUST_NOT_RUN = {"TinySDXL", "TinyCLIPVision", "LoadMSDModel", "EncodeSubjects", "CLIPTextEncode"}
SUBJECTS = 2
MOVED = "\nLoading moves the weights to the GPU and back."


def run(bench: Bench) -> None:
    torch.manual_seed(0)
    _over_http(bench)
    _in_process(bench)


def _over_http(bench: Bench) -> None:
    times = 1 if bench.quick else max(bench.pairs // 3, 3)
    print(
        f"\nOver the HTTP API of a server with tiny models, each change {times} times: seconds"
        "\nsince the prompt was queued."
    )
    with tempfile.TemporaryDirectory(prefix="msd-benchmarks-server-") as base:
        with tiny_server(bench, Path(base) / "base") as server:
            prompt = tiny_prompt(server)
            ours = {
                kind
                for kind, about in server.get("/object_info").items()
                if about["category"] == "MS-Diffusion"
            }
            run_prompt(server, prompt)  # the very first run also imports and allocates
            changes: dict[str, Callable[[dict[str, Any]], None]] = {
                "everything": _everything,
                "a box": _box,
                "the seed": _seed,
                "nothing": lambda prompt: None,
            }
            runs = {name: [] for name in changes}
            for _ in range(times):
                for name, change in changes.items():
                    change(prompt)
                    runs[name].append(run_prompt(server, prompt))
    _check(runs, ours)
    _table_of_changes(runs, ours)
    _table_of_nodes(runs["a box"])


def _everything(prompt: dict[str, Any]) -> None:
    """Have the models built, the pictures encoded and the adapter's file read again."""
    for kind in ("TinySDXL", "TinyCLIPVision"):
        inputs_of(prompt, kind)["salt"] = next(NUMBERS)
    loader = inputs_of(prompt, "LoadMSDModel")
    loader["model_name"] = next(name for name in ADAPTERS if name != loader["model_name"])


def _box(prompt: dict[str, Any]) -> None:
    left = 0.001 * next(NUMBERS)
    boxes = [[left, 0.25, 0.5, 0.95], [0.55, 0.45, 0.95, 0.95]]
    inputs_of(prompt, "LayoutBoxes")["boxes"] = json.dumps(boxes)


def _seed(prompt: dict[str, Any]) -> None:
    inputs_of(prompt, "KSampler")["seed"] = next(NUMBERS)


def _check(runs: dict[str, list[Run]], ours: set[str]) -> None:
    """Only what has to run did run.

    Raises:
        RuntimeError: it did not, and the times would be of something else.
    """
    forbidden = {"a box": MUST_NOT_RUN, "the seed": ours, "nothing": ours | {"KSampler"}}
    for name, nodes in forbidden.items():
        for each in runs[name]:
            if ran := nodes & set(each.seconds):
                raise RuntimeError(f"{name} was changed, and {', '.join(sorted(ran))} ran")


def _table_of_changes(runs: dict[str, list[Run]], ours: set[str]) -> None:
    head = ("changed", "the sampler begins", "its first step is done", "÷ everything")
    head += ("the prompt is done", "nodes that ran", "of these ours")
    table = Table(head, (10, 24, 24, 22, 24, 14, 13))
    for name, several in runs.items():
        samples = all(each.first_step is not None for each in several)
        begins = Spread.of([each.began["KSampler"] for each in several]) if samples else None
        steps = Spread.of([each.first_step for each in several]) if samples else None
        ratios = [
            each.first_step / other.first_step
            for each, other in zip(several, runs["everything"], strict=True)
            if samples
        ]
        table.row(
            name,
            begins.text() if begins else "it does not run",
            steps.text() if steps else "",
            Spread.of(ratios).text() if samples and name != "everything" else "",
            Spread.of([each.ended for each in several]).text(),
            len(several[-1].seconds),
            ", ".join(sorted(ours & set(several[-1].seconds))) or "none",
        )


def _table_of_nodes(several: list[Run]) -> None:
    print("\nAfter a changed box, node by node:")
    table = Table(("node", "milliseconds"), (18, 26))
    for node in several[-1].seconds:
        seconds = [each.seconds[node] for each in several if node in each.seconds]
        table.row(node, Spread.of(seconds).text(1, 1e3))
    first = [each.first_step - each.began["KSampler"] for each in several]
    table.row("KSampler, first step", Spread.of(first).text(1, 1e3))


def _in_process(bench: Bench) -> None:
    if not real_shapes.fits(bench):
        print("\nApplyMSDiffusion at real widths is left out: it needs more memory than is free.")
        return
    model, adapter = real_shapes.sdxl(bench), real_shapes.adapter(bench)
    count = sum(weight.numel() for weight in adapter.adapter.parameters())
    print(
        f"\nApplyMSDiffusion in this process, {SUBJECTS} subjects, {len(real_shapes.SITE_WIDTHS)}"
        f" sites and an adapter of {count / 1e6:.0f} M\nrandom weights in float32; its parts beside"
        f" the whole node.{'' if bench.device.type == 'cpu' else MOVED}"
    )
    times = 1 if bench.quick else max(bench.pairs // 3, 3)
    whole = partial(real_shapes.apply_node, bench, model, adapter, SUBJECTS)
    table = Table(("part", "milliseconds", "÷ ApplyMSDiffusion"), (22, 30, 24))
    wholes: list[float] = []
    for name, part in _parts_of_the_node(bench, model, adapter).items():
        pairs = bench.clock.pairs(whole, part, times)
        wholes += pairs.first
        table.row(name, Spread.of(pairs.second).text(1, 1e3), pairs.ratio().text())
    table.row("ApplyMSDiffusion", Spread.of(wholes).text(1, 1e3), "1")


def _parts_of_the_node(bench: Bench, model: Any, adapter: Any) -> dict[str, Callable[[], object]]:
    """The same work as in the node, on the device where ComfyUI computes it."""
    from comfy.model_management import load_models_gpu

    device, modules = adapter.patcher.load_device, adapter.adapter
    subjects = real_shapes.subjects(bench, SUBJECTS)
    boxes = torch.rand(1, SUBJECTS, 4, device=device)
    load_models_gpu([adapter.patcher])
    tokens = modules.tokens(subjects, boxes)[0]
    weights = torch.full(tokens.shape[:1], 0.6, device=device)
    sites = bench.pack.sites.find_sites(model)
    heads = [site.heads for site in sites]
    projected = modules.project(tokens, weights, heads)
    layout = bench.pack.layout.Layout((), 1024, 1024)
    applied = applied_subjects(bench.pack, layout, projected, 0)

    def loaded(work: Callable[[], object]) -> object:
        load_models_gpu([adapter.patcher])
        try:
            return work()
        finally:
            adapter.patcher.detach()

    return {
        "loading and unloading": partial(loaded, lambda: None),
        "loading + resampler": partial(loaded, lambda: modules.tokens(subjects, boxes)),
        "loading + projections": partial(loaded, lambda: modules.project(tokens, weights, heads)),
        "patching the model": lambda: bench.pack.applying.patch_model(model, sites, applied),
    }
