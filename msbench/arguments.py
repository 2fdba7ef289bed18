"""The command line."""

from __future__ import annotations

import argparse
from pathlib import Path

from console import count

from .encoder_files import ENCODERS, NONE

FOLDER = Path("msbench_output")


def read_arguments() -> tuple[argparse.Namespace, list[str]]:
    """What is told, and what `run` hands on."""
    parser = argparse.ArgumentParser(prog="python -m msbench", allow_abbrev=False)
    commands = parser.add_subparsers(dest="command", required=True)

    plan = commands.add_parser("plan", help="count what is to be painted")
    _add_checkout(plan)
    plan.add_argument("--seconds", type=_seconds, help="what one picture takes on one GPU")

    run = commands.add_parser(
        "run",
        help="paint it as a batch, or go on with it",
        epilog="All else goes to tools/batch.py, as --server, --ray, --toy: see its --help.",
        allow_abbrev=False,
    )
    _add_checkout(run)
    run.add_argument("--out", type=Path, default=FOLDER, help=f"default: {FOLDER}")
    run.add_argument("--every", type=count, default=1, help="only the first picture of so many")
    for name in ("steps", "side"):
        run.add_argument(f"--{name}", type=count, help="in place of the official one, to try it")

    score = commands.add_parser("score", help="write the table beside the paper's")
    score.add_argument("folder", type=Path, nargs="?", default=FOLDER, help=f"default: {FOLDER}")
    names = ", ".join(one.name for one in ENCODERS)
    score.add_argument(
        "--encoder", action="append", default=[], help=f"may come again; of {names}, or {NONE}"
    )
    score.add_argument("--models", type=Path, help="a folder with a folder for each encoder")
    score.add_argument("--detections", type=Path, help="COCO results for FOLDER/layouts.json")
    score.add_argument("--partly", action="store_true", help="though some pictures are missing")

    arguments, more = parser.parse_known_args()
    if more and arguments.command != "run":
        parser.error(f"unrecognized arguments: {' '.join(more)}")
    return arguments, more


def _add_checkout(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("checkout", type=Path, help="of github.com/MS-Diffusion/MS-Diffusion")


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} came, expected seconds above 0")
    return seconds
