"""The benchmarks run and print ratios; what the numbers are is not for a test to say."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
RATIO = r"\d+\.\d+ \((?:\d+\.\d+ to \d+\.\d+|once)\)"


def benchmarks(*arguments, **changes):
    """The finished program, run from the checkout's root as the README says."""
    env = {key: value for key, value in (os.environ | changes).items() if value}
    return subprocess.run(
        [sys.executable, "-m", "benchmarks", *arguments],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )


@pytest.fixture(scope="module")
def printed():
    """What all parts print with tiny shapes, by part; the machine under ""."""
    # one thread: on a busy machine two wait for each other in each of many small calls
    done = benchmarks("--quick", "--pairs", "1", "--threads", "1", "--profile", "--device", "cpu")
    assert done.returncode == 0, done.stdout + done.stderr
    machine, *parts = re.split(r"^## (\w+): .*$", done.stdout, flags=re.MULTILINE)
    return {"": machine, **dict(zip(parts[::2], parts[1::2], strict=True))}


def rows(text, first):
    """The cells of the tables' rows that begin with this cell."""
    cells = ([cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines())
    return [row for row in cells if row and row[0] == first]


def test_the_machine_and_the_command_are_named(printed):
    for part in ("CPU: ", "1 thread,", "torch ", "ComfyUI ", "float32", "--quick", "QUICK"):
        assert part in printed[""]


def test_site_prints_both_ratios(printed):
    two_subjects = rows(printed["site"], "2")
    assert len(two_subjects) == 4, "side by side and overlapping, at two widths"
    for row in two_subjects:
        assert re.fullmatch(RATIO, row[3]) and re.fullmatch(RATIO, row[4])
    assert "Self CPU" in printed["site"]


def test_paths_prints_each_way_at_two_widths(printed):
    for way in ("boxes", "soft masks", "auto layout, after", "two masked adapters"):
        ways = rows(printed["paths"], way)
        assert len(ways) == 2 and all(re.fullmatch(RATIO, row[1]) for row in ways)


def test_steps_prints_the_share_of_a_whole_call(printed):
    sites = rows(printed["steps"], "10") + rows(printed["steps"], "60")
    assert len(sites) == 2 and all("ms" in cell for row in sites for cell in row[2:])
    (whole,) = [line for line in printed["steps"].splitlines() if " s (once)" in line]
    assert re.search(r"\| \d+\.\d{4} ", whole)


def test_memory_meets_its_goal_and_is_flat(printed):
    (kept,) = rows(printed["memory"], "2")
    assert kept[1] == "32" and kept[2] == "10.65 MB" and kept[6] == "≤ 0.35 met"
    for name in ("boxes", "the text"):
        (row,) = rows(printed["memory"], name)
        assert row[-1] == "flat"


def test_changes_prints_what_ran(printed):
    everything, box, seed, nothing = (
        rows(printed["changes"], name)[0] for name in ("everything", "a box", "the seed", "nothing")
    )
    assert "LoadMSDModel" in everything[-1] and "EncodeSubjects" in everything[-1]
    assert re.fullmatch(RATIO, box[3]) and box[-1] == "ApplyMSDiffusion, LayoutBoxes"
    assert re.fullmatch(RATIO, seed[3]) and seed[-1] == "none"
    assert nothing[-2:] == ["0", "none"]
    assert rows(printed["changes"], "ApplyMSDiffusion")


@pytest.mark.parametrize(
    "arguments, changes, expected",
    [
        ((), {"COMFYUI_PATH": ""}, "set COMFYUI_PATH"),
        ((), {"COMFYUI_PATH": str(ROOT)}, "no ComfyUI"),
        (("speed",), {}, "no part speed"),
        (("--pairs", "0"), {}, "--pairs"),
    ],
)
def test_what_is_missing_is_said(arguments, changes, expected):
    done = benchmarks(*arguments, **changes)
    assert done.returncode != 0
    assert expected in done.stderr and "Traceback" not in done.stderr
