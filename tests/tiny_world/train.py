"""Trains the tiny world: a small SDXL, its encoders and an MS-Diffusion adapter, on the CPU.

    COMFYUI_PATH=…/ComfyUI python tests/tiny_world/train.py [--folder FOLDER] [--sheet SHEET]

Run it with ComfyUI's Python. It may be stopped at any time and goes on where it was. The font is
Debian's fonts-noto-color-emoji.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

# not this folder, whose modules belong to the package
sys.path[0] = str(Path(__file__).resolve().parents[1])

from tiny_world.training.host import ROOT, load_pack, start_comfyui  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--folder", type=Path, default=ROOT / "training", help="state and sheets")
    parser.add_argument("--steps", type=int, nargs="+", help="of each phase")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=5, help="between two sample sheets")
    parser.add_argument("--sheet", type=Path, help="only paint a sheet with the weights in tests")
    arguments = parser.parse_args()
    start_comfyui()
    if arguments.sheet:
        from tiny_world.models import WEIGHTS
        from tiny_world.training.sheet import Painter

        Painter(load_pack()).sheet(WEIGHTS, arguments.sheet, 64, 64)
        return
    from tiny_world.training.loop import train

    train(arguments.folder, arguments.steps, arguments.seed, arguments.minutes)


if __name__ == "__main__":
    main()
