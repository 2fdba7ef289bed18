"""Measures speed and memory, on the CPU or a GPU, with random weights and no downloads.

    COMFYUI_PATH=…/ComfyUI python -m benchmarks [site] [paths] [words] [steps] [memory] [changes]

Run it from the checkout's root with ComfyUI's Python. Without a name all six parts run. Each
prints ratios from this one run: two things are timed in turns, and the median of the pairs' ratios
is printed with its quartiles. On two cores it takes some 12 minutes. The machine must be quiet:
many small calls on all cores wait for whatever else runs there (less so with `--threads 1`).
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .setup import Bench

PARTS = {
    "site": "one cross-attention of SDXL",
    "paths": "the same by the other ways that areas come",
    "words": "words in boxes, beside what people take instead",
    "steps": "all 70 sites beside a whole call of SDXL's UNet",
    "memory": "what the patched model keeps",
    "changes": "from a changed box to the first step",
}


def main() -> int:
    arguments = read_arguments()
    if find_spec("torch") is None:
        sys.exit("there is no torch here: run this with the Python that runs ComfyUI")
    if arguments.threads:
        # before torch is loaded, and also for the server of `changes`
        os.environ["OMP_NUM_THREADS"] = str(arguments.threads)
    from .setup import NotReady, headline, prepare

    with tempfile.TemporaryDirectory(prefix="msd-benchmarks-") as base:
        try:
            bench = prepare(arguments, base)
        except NotReady as error:
            sys.exit(str(error))
        for line in headline(bench):
            print(line)
        for part in arguments.parts or PARTS:
            print(f"\n## {part}: {PARTS[part]}", flush=True)
            run_part(part, bench)
    return 0


def run_part(part: str, bench: Bench) -> None:
    import torch

    begin = time.monotonic()
    with torch.inference_mode():  # as ComfyUI runs its nodes
        import_module(f".{part}", __package__).run(bench)
    print(f"\n({part} took {time.monotonic() - begin:.0f} seconds)", flush=True)


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("parts", nargs="*", metavar="part", help=" | ".join(PARTS))
    parser.add_argument("--device", choices=("cpu", "cuda"), help="cuda where there is a GPU")
    parser.add_argument("--pairs", type=_count, default=15, help="pairs of timings (%(default)s)")
    parser.add_argument("--threads", type=_count, help="of the CPU; torch's own choice if not set")
    parser.add_argument("--profile", action="store_true", help="site: torch.profiler's tables")
    parser.add_argument("--quick", action="store_true", help="tiny shapes: shows that it runs")
    arguments = parser.parse_args()
    if unknown := [part for part in arguments.parts if part not in PARTS]:
        parser.error(f"there is no part {unknown[0]}; the parts are {', '.join(PARTS)}")
    return arguments


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


if __name__ == "__main__":
    sys.exit(main())
