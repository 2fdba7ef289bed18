"""From a checkout to the table: painted by the toy on two servers, scored by tiny encoders."""

import csv
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
from batching.own import make_server
from packages import ROOT
from PIL import Image
from small_checkout import make_checkout
from tiny_world.emoji import find

EMOJI = {"fox": "raccoon", "owl": "mage", "robin": "rocket", "lamp": "beer mug"}
STEPS, SIDE = 1, 128  # of the toy
EVERY = 8  # of 22 pictures: three


@pytest.fixture(scope="module")
def servers():
    """Two addresses."""
    comfyui = os.environ.get("COMFYUI_PATH")
    if not comfyui:
        raise pytest.UsageError("set COMFYUI_PATH to a ComfyUI folder, or run tools/test.py")
    with ExitStack() as running, ThreadPoolExecutor() as both:
        made = [make_server(Path(sys.executable), Path(comfyui), True, name) for name in "ab"]
        for server in made:
            server.process.extra_args += ("--disable-api-nodes",)  # a quicker start
            running.callback(server.close)
        list(both.map(lambda server: server.process.start(), made))
        yield [server.process.address for server in made]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("painted")


@pytest.fixture(scope="module")
def painted(servers, folder, tmp_path_factory):
    """The results of a run, and of another after a picture was lost."""
    checkout = make_checkout(tmp_path_factory.mktemp("official"), emoji)
    given = ["--out", folder, "--every", EVERY, "--steps", STEPS, "--side", SIDE, "--toy"]
    given += [part for address in servers for part in ("--server", address)]
    msbench("run", checkout, *given)
    first = rows(folder)
    (folder / first[1]["file"]).unlink()
    msbench("run", checkout, *given)
    return first, rows(folder)


def emoji(name):
    pixels = (find(EMOJI.get(name, "beer mug")).on_black() * 255).round().byte().numpy()
    return Image.fromarray(pixels)


def msbench(*arguments):
    command = [sys.executable, "-m", "msbench", *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def rows(folder):
    with (folder / "results.csv").open(newline="", encoding="utf-8") as opened:
        return list(csv.DictReader(opened))


def test_every_picture_is_painted_and_each_server_paints_some(painted, servers, folder):
    first, _ = painted
    assert [row["status"] for row in first] == ["done"] * 3
    assert {row["server"] for row in first} == set(servers)
    for row in first:
        with Image.open(folder / row["file"]) as picture:
            assert picture.size == (SIDE, SIDE)


def test_run_goes_on_where_it_stopped(painted):
    first, second = painted
    again = [one["id"] for one, other in zip(first, second, strict=True) if one != other]
    assert again == [first[1]["id"]]
    assert {row["status"] for row in second} == {"done"}


def test_the_table_is_printed_with_what_was_not_official(painted, folder, models):
    said = msbench("score", folder, "--models", models, "--encoder", "dino-vits16")
    assert "only 3 of 4,488 pictures are scored; not the official width, height, steps" in said
    assert "| *paper* |  | 0.698 | 0.341 | 0.425 | 0.108 |" in said
    assert "| DINO ViT-S/16 | by layout box | – | – |" in said
