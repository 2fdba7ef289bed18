"""The command line, and the Python that has the tool's packages."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from console import SetupError, become, count
from packages import ensure_venv, group_for_batch

from .options import Options

NEEDED = ("filelock", "PIL", "pyarrow", "tqdm")


@dataclass(frozen=True)
class Arguments:
    """What the command line says."""

    table: Path
    out: Path
    options: Options


def options_of(arguments: Sequence[str]) -> Arguments:
    """Reads the command line.

    Raises:
        SetupError: options that do not go together.
    """
    given = _parser().parse_args(arguments)
    if given.server and given.ray is not None:
        raise SetupError("--server and --ray exclude each other: leave one out.")
    for address in given.server:
        if not address.startswith(("http://", "https://")):
            raise SetupError(f"--server {address}: expected http://… or https://….")
    if not given.workflow and (given.map or given.output_node):
        raise SetupError("--map and --output-node belong to --workflow.")
    if given.workflow and (given.toy or given.checkpoint or given.clip_vision or given.adapter):
        raise SetupError("A workflow names its own models: leave out --toy and the files.")
    options = Options(
        servers=tuple(dict.fromkeys(address.rstrip("/") for address in given.server)),
        ray=given.ray,
        actors=given.actors,
        cpus=given.cpus,
        toy=given.toy,
        checkpoint=given.checkpoint,
        clip_vision=given.clip_vision,
        adapter=given.adapter,
        workflow=given.workflow,
        mapping=_mapping(given.map),
        output_node=given.output_node,
        timeout=given.timeout,
        in_flight=given.in_flight,
        tries=given.tries,
    )
    out = given.out or given.table.with_name(f"{given.table.stem}_pictures")
    return Arguments(given.table, out, options)


def entered(ray: bool = False) -> bool:
    """Whether this Python has the packages; if not, the command runs once more in `.venv`.

    The first time they are installed there.
    """
    needed = (*NEEDED, "ray") if ray else NEEDED
    if all(find_spec(name) for name in needed):
        return True
    become([str(ensure_venv(*group_for_batch(ray))), *sys.argv])
    return False


def _mapping(pairs: Sequence[str]) -> dict[str, str]:
    mapping: dict[str, str] = {}
    for pair in pairs:
        column, _, place = pair.partition("=")
        if not column or not place:
            raise SetupError(f"--map {pair}: expected COLUMN=NODE.INPUT.")
        if column in mapping:
            raise SetupError(f"--map {column} is there twice.")
        mapping[column] = place
    return mapping


def _parser() -> argparse.ArgumentParser:
    defaults = Options()
    parser = argparse.ArgumentParser(description="Paint one picture for each row of a table.")
    add = parser.add_argument
    add("table", type=Path, help="a .csv, .jsonl or .parquet file, a row a picture")
    add("--out", type=Path, help="folder of the results; default: beside the table")
    where = parser.add_argument_group("where")
    add = where.add_argument
    add(
        "--server",
        action="append",
        default=[],
        metavar="URL",
        help="a running ComfyUI; may come again",
    )
    add(
        "--ray",
        nargs="?",
        const="auto",
        metavar="ADDRESS",
        help="a Ray cluster; auto: this machine's",
    )
    add("--actors", type=count, default=0, help="ComfyUI processes on it; default: one a GPU")
    add("--cpus", type=count, default=defaults.cpus, help="CPUs of each where there is no GPU")
    add("--in-flight", type=count, default=1, help="rows that a server has at once")
    add(
        "--timeout",
        type=_seconds,
        default=defaults.timeout,
        help="seconds without progress; default: 1800",
    )
    add("--tries", type=count, default=defaults.tries, help="servers on which a row is tried")
    what = parser.add_argument_group("what paints")
    add = what.add_argument
    add("--toy", action="store_true", help="the toy that knows emoji")
    add("--checkpoint", default="", help="an SDXL file, as ComfyUI lists it")
    add("--clip-vision", default="", help="a CLIP-ViT-bigG file")
    add("--adapter", default="", help="an MS-Diffusion file")
    add("--workflow", type=Path, help="a workflow of your own in API form, in place of ours")
    add(
        "--map", action="append", default=[], metavar="COLUMN=NODE.INPUT", help="what a column sets"
    )
    add("--output-node", default="", metavar="NODE", help="whose picture is taken")
    return parser


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0
    if not 1 <= seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} came, expected seconds from 1")
    return seconds
