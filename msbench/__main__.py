"""The paper's benchmark, from a checkout of the authors' repository to a table beside theirs.

    python -m msbench plan CHECKOUT [--seconds S]
    python -m msbench run CHECKOUT [--out FOLDER] [--server URL …] [--ray [ADDRESS]] …
    python -m msbench score [FOLDER] [--models FOLDER] [--detections FILE]

The checkout is one of https://github.com/MS-Diffusion/MS-Diffusion; nothing of it is kept here.
`run` hands all that it does not know on to tools/batch.py, and goes on where it stopped. `score`
writes `layouts.json` for detectors besides: see msbench/layouts.py.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent / "tools"))

from console import become, command_line  # noqa: E402

from .arguments import read_arguments  # noqa: E402
from .entering import entered  # noqa: E402


def main() -> int:
    arguments, more = read_arguments()
    if arguments.command == "plan":
        from .plan import plan

        print("\n".join(plan(arguments.checkout, arguments.seconds)))
    elif arguments.command == "run":
        from .run import batch_command

        changed = {"steps": arguments.steps, "width": arguments.side, "height": arguments.side}
        changed = {name: value for name, value in changed.items() if value is not None}
        command = batch_command(arguments.checkout, arguments.out, arguments.every, changed, more)
        become([sys.executable, *command])
    elif entered(sys.argv[1:]):
        from .scoring import score

        given = arguments.encoder, arguments.models, arguments.detections, arguments.partly
        print("\n".join(score(arguments.folder, *given)))
    return 0


if __name__ == "__main__":
    command_line(main)
