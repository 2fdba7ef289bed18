"""Paints one picture for each row of a table, on one ComfyUI or on many.

    python tools/batch.py jobs.csv [--out FOLDER] [--server URL …] [--ray [ADDRESS]]

What is done is not done again: after an interruption run the same command. The columns of a table
are described in batching/columns.py.
"""

from __future__ import annotations

import sys

from batching.command import entered, options_of
from console import command_line


def main() -> int:
    arguments = options_of(sys.argv[1:])
    if not entered(ray=arguments.options.ray is not None):
        return 0
    from batching.run import run  # needs the packages

    outcome = run(arguments.table, arguments.out, arguments.options)
    return 1 if outcome.failed else 0


if __name__ == "__main__":
    command_line(main)
