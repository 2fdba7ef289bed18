"""Measures on the toy how well boxes are obeyed, with Text Follows Layout and without.

    COMFYUI_PATH=…/ComfyUI python tests/tiny_world/obey.py [--folder FOLDER] [--trials 50]

Run it with ComfyUI's Python. Every trial is four pictures, eight boxes. What was measured is kept
in the folder as it comes: the command may be stopped at any time and goes on where it was.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

# not this folder, whose modules belong to the package
sys.path[0] = str(Path(__file__).resolve().parents[1])

from tiny_world.training.host import ROOT, load_pack, start_comfyui  # noqa: E402

WEIGHTS = (0.0, 0.2, 0.6)  # of the adapter; 0 is text alone
STRENGTHS = (0.0, 0.5, 1.0)
SELF_ATTENTION = (0.3,)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--folder", type=Path, default=ROOT / "obedience", help="of the records")
    parser.add_argument("--trials", type=int, default=50)
    parser.add_argument("--weights", type=float, nargs="+", default=WEIGHTS, help="of the adapter")
    parser.add_argument("--strengths", type=float, nargs="+", default=STRENGTHS)
    parser.add_argument("--self-attention", type=float, nargs="+", default=SELF_ATTENTION)
    parser.add_argument("--until", type=float, default=0.3)
    parser.add_argument("--alike", action="store_true", help="held-out pairs that look alike")
    parser.add_argument("--table", action="store_true", help="only show what is there")
    arguments = parser.parse_args()
    settings = dict(all_settings(arguments))
    if not arguments.table:
        start_comfyui()
        measure_all(settings, arguments.folder, arguments.trials, arguments.alike)
    for line in tables(settings, arguments.folder):
        print(line)


def all_settings(arguments: argparse.Namespace) -> Iterator[tuple[str, tuple]]:
    """Each by its name, which is also that of its file: weight, and settings of the node."""
    for weight in arguments.weights:
        for strength in arguments.strengths:
            if strength == 0:
                yield f"adapter {weight:g}, strength 0", (weight, {})
                continue
            for share in arguments.self_attention:
                name = f"adapter {weight:g}, strength {strength:g}, self-attention {share:g}"
                node = {"strength": strength, "self_attention": share, "until": arguments.until}
                yield f"{name}, until {arguments.until:g}", (weight, node)


def measure_all(settings: dict, folder: Path, trials: int, similar: bool) -> None:
    from tqdm import tqdm

    from tiny_world.obedience.painter import load_painter
    from tiny_world.obedience.records import add, read
    from tiny_world.obedience.trials import alike, trial

    folder.mkdir(parents=True, exist_ok=True)
    painter, make = load_painter(load_pack(), similar), alike if similar else trial
    for number in tqdm(range(trials), mininterval=5):
        for name, (weight, follow) in settings.items():
            path = folder / f"{name}.jsonl"
            if all(record["number"] != number for record in read(path)):
                add(path, painter.records(make(number), weight, follow))


def tables(settings: dict, folder: Path) -> list[str]:
    """All boxes, then each kind of layout."""
    from tiny_world.obedience.records import read, table

    found = {name: read(folder / f"{name}.jsonl") for name in settings}
    kinds = {record["kind"]: None for records in found.values() for record in records}
    lines = [*table(found)]
    for kind in kinds:
        own = {n: [one for one in records if one["kind"] == kind] for n, records in found.items()}
        lines += ["", f"{kind}:", "", *table(own)]
    twice = {n: [one for one in records if one["twice"]] for n, records in found.items()}
    return [*lines, "", "two of a kind:", "", *table(twice)]


if __name__ == "__main__":
    main()
