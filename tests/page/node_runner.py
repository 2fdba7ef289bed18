"""Node, which Playwright's Python package brings along, and what it says of a file of tests."""

import re
import subprocess
from pathlib import Path

from playwright._impl._driver import compute_driver_executable

COUNTS = re.compile(r"^# (tests|pass) (\d+)$", re.MULTILINE)


def run_node(*arguments):
    """Runs node to its end; its process with all that it wrote, as text."""
    node, _ = compute_driver_executable()
    command = [node, *map(str, arguments)]
    return subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", timeout=60
    )


def run_tests(path: Path):
    """Runs a file of tests; returns how many there were, all of which passed.

    Raises:
        AssertionError: with node's output, when one failed or was left out, or there is none.
    """
    process = run_node("--test-reporter=tap", path)
    counts = {name: int(number) for name, number in COUNTS.findall(process.stdout)}
    passed = process.returncode == 0 and 0 < counts.get("tests", 0) == counts["pass"]
    assert passed, f"{path.name}:\n{process.stdout}"
    return counts["tests"]
