"""What the patched model keeps over the plain one, for how long, and what stays of the adapter."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from . import real_shapes
from .layer import HEAD_WIDTH
from .scenes import TOKENS, applied_subjects, side_by_side, site_patches
from .setup import Bench
from .steps import random_tokens
from .tables import Table, judged, megabytes
from .tiny_runs import TinyScene, after_each_step, tiny_scene, tiny_sdxl

GOAL = 0.35  # MB a token in float16
SUBJECTS = (1, 2, 4, 8)
GRIDS = {640: 64, 1280: 32}  # by the site's width, at 1024²
STEPS, RUNS = 12, 5
QUICK_STEPS, QUICK_RUNS = 3, 3


def run(bench: Bench) -> None:
    torch.manual_seed(0)
    _kept(bench)
    _flat(bench)
    _adapter(bench)


def _kept(bench: Bench) -> None:
    print(
        "\nTensors that hang on the patches of the 70 sites at SDXL's widths, each memory counted"
        "\nonce, in float16 (areas in their own dtype), after a step at 1024². Beside them the"
        "\nprojections that made them, which need not stay."
    )
    weights = 2 * sum(real_shapes.SITE_WIDTHS) * real_shapes.UNET["context_dim"]
    head = ("subjects", "tokens", "keys and values", "areas", "together", "MB a token")
    table = Table((*head, "goal", "projections"), (8, 6, 15, 9, 9, 10, 12, 11))
    for count in (2,) if bench.quick else SUBJECTS:
        kept = reachable(_patches(bench, count), bench.pack.package)
        floats, areas = _sizes(tensor for tensor in kept if tensor.device == bench.device)
        tokens = count * TOKENS
        per_token = (floats + areas) / tokens / 1e6
        sizes = (megabytes(floats), megabytes(areas), megabytes(floats + areas))
        goal = judged(per_token, GOAL)
        table.row(count, tokens, *sizes, f"{per_token:.4f}", goal, megabytes(2 * weights))


def _patches(bench: Bench, subjects: int) -> list[Any]:
    """The patches of SDXL's sites, made by the pack, each called once as in a step."""
    pack = bench.pack
    model, _ = tiny_sdxl(bench.dtype)  # it has SDXL's sites, only narrower
    sites = [
        replace(site, width=width, heads=width // HEAD_WIDTH)
        for site, width in zip(pack.sites.find_sites(model), real_shapes.SITE_WIDTHS, strict=True)
    ]
    layout = side_by_side(subjects, 0.5).layout(pack)
    tokens = [random_tokens(bench, site.heads, site.width, subjects) for site in sites]
    applied = applied_subjects(pack, layout, tokens, subjects)
    patches = site_patches(pack, pack.applying.patch_model(model, sites, applied))
    for site in sites:
        side = GRIDS[site.width] // (8 if bench.quick else 1)
        query = torch.zeros(2, side * side, site.width, device=bench.device, dtype=bench.dtype)
        text = query[:, :77]
        options = {
            "n_heads": site.heads,
            "activations_shape": [2, site.width, side, side],
            "cond_or_uncond": [1, 0],
        }
        patches[site.key](query, text, text, options)
    return list(patches.values())


def _sizes(tensors: Iterable[Tensor]) -> tuple[int, int]:
    """Bytes of the unique storages: keys and values (of three dimensions) as float16; areas."""
    storages = {tensor.untyped_storage().data_ptr(): tensor for tensor in tensors}
    floats = areas = 0
    for tensor in storages.values():
        size = tensor.untyped_storage().nbytes()
        if tensor.is_floating_point() and tensor.ndim > 2:
            floats += size // tensor.itemsize * 2
        else:
            areas += size
    return floats, areas


def reachable(root: Any, package: str) -> list[Tensor]:
    """All tensors that hang on an object: in containers, and in objects of the package."""
    found, seen, waiting = [], set(), [root]
    while waiting:
        thing = waiting.pop()
        if id(thing) in seen:
            continue
        seen.add(id(thing))
        if isinstance(thing, Tensor):
            found.append(thing)
        elif isinstance(thing, Mapping):
            waiting += [*thing.keys(), *thing.values()]
        elif isinstance(thing, Iterable) and not isinstance(thing, (str, bytes)):
            waiting += list(thing)
        elif type(thing).__module__.startswith(package):
            waiting += list(vars(thing).values())
    return found


def _flat(bench: Bench) -> None:
    steps, runs = (QUICK_STEPS, QUICK_RUNS) if bench.quick else (STEPS, RUNS)
    print(
        f"\nTensors alive in the process after each of {steps} steps and each of {runs} runs of the"
        "\ntiny model, and bytes that hang on the patches after each run. The first step and the"
        "\nfirst run make the areas of their grids; from then on nothing may grow over the runs."
        "\nWith areas from the text a step keeps one tensor, for ShowAreas, until the next run."
    )
    head = ("areas from", "tensors, steps 2 to last", "tensors, runs 2 to last")
    table = Table((*head, "bytes, runs 2 to last", "over the runs"), (10, 24, 24, 24, 13))
    for name, auto_layout in (("boxes", False), ("the text", True)):
        within, *over_runs = _over_time(bench, tiny_scene(bench, auto_layout), steps, runs)
        grows = any(max(values[1:]) > values[1] for values in over_runs)
        ends = [f"{values[1]} to {values[-1]}" for values in (within, *over_runs)]
        table.row(name, *ends, "GROWS" if grows else "flat")


def _over_time(
    bench: Bench, scene: TinyScene, steps: int, runs: int
) -> tuple[list[int], list[int], list[int]]:
    """Tensors alive at each step of the last run, and after each run; bytes after each run."""
    patches = list(site_patches(bench.pack, scene.patched).values())
    within: list[int] = []
    after: list[int] = []
    sizes: list[int] = []

    def note() -> None:
        if len(after) == runs - 1:
            within.append(_alive())

    noting = after_each_step(scene.patched, note)
    for _ in range(runs):
        scene.sample(noting, steps)
        after.append(_alive())
        sizes.append(sum(_sizes(reachable(patches, bench.pack.package))))
    return within, after, sizes


def _alive() -> int:
    gc.collect()
    return sum(1 for thing in gc.get_objects() if issubclass(type(thing), Tensor))


def _adapter(bench: Bench) -> None:
    print("\nThe adapter when ApplyMSDiffusion is done, in ComfyUI's own accounts:")
    if not real_shapes.fits(bench):
        print("Left out: the adapter of the released size needs more memory than is free.")
        return
    model, adapter = real_shapes.sdxl(bench), real_shapes.adapter(bench)
    before = _allocated(bench)
    patched = real_shapes.apply_node(bench, model, adapter)
    after = _allocated(bench)
    places = {str(weight.device) for weight in adapter.adapter.parameters()}
    head = ("weights", "counted as loaded", "where they are", "models to load with the UNet")
    table = Table((*head, "allocated on the GPU by the node"), (11, 17, 14, 28, 32))
    needed = [
        each for patch in site_patches(bench.pack, patched).values() for each in patch.models()
    ]
    table.row(
        megabytes(adapter.patcher.model_size()),
        megabytes(adapter.patcher.loaded_size()),
        ", ".join(sorted(places)),
        len(needed),
        "no GPU" if before is None else megabytes(after - before),
    )
    if adapter.patcher.loaded_size():
        raise RuntimeError("weights of the adapter stay loaded after the node")


def _allocated(bench: Bench) -> int | None:
    if bench.device.type != "cuda":
        return None
    gc.collect()
    return torch.cuda.memory_allocated(bench.device)
