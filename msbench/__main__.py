"""The paper's benchmark, from a checkout of the authors' repository to a table beside theirs.

python -m msbench plan CHECKOUT [--seconds S]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT / "tools"))

from console import command_line  # noqa: E402

from .plan import plan  # noqa: E402


def main() -> int:
    arguments = read_arguments()
    for line in plan(arguments.checkout, arguments.seconds):
        print(line)
    return 0


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m msbench", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("plan", help="count what is to be painted")
    one.add_argument("checkout", type=Path, help="a checkout of MS-Diffusion/MS-Diffusion")
    one.add_argument("--seconds", type=_positive, help="what one picture takes on one GPU")
    return parser.parse_args()


def _positive(text: str) -> float:
    number = float(text)
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not a number of seconds above 0")
    return number


if __name__ == "__main__":
    command_line(main)
