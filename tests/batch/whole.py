"""Whether the folder of a batch is right: nothing lost, nothing twice, each picture its row's."""

import json

import pyarrow.parquet
from PIL import Image


def results_of(out):
    return pyarrow.parquet.read_table(out / "results.parquet").to_pylist()


def check(out, rows, failed=()):
    """Every row is painted once, but those that failed; returns the results.

    A picture carries its prompt: it must be the one of its row.
    """
    found = results_of(out)
    assert [row["row"] for row in found] == list(range(1, len(rows) + 1))
    assert [row["row"] for row in found if row["status"] == "failed"] == list(failed)
    painted = [row for row in found if row["status"] == "done"]
    assert len(painted) == len(rows) - len(failed)
    assert len({row["file"] for row in painted}) == len(painted)
    for row in painted:
        with Image.open(out / row["file"]) as picture:
            prompt = json.loads(picture.text["prompt"])
            size = picture.size
        asked = rows[row["row"] - 1]
        assert prompt["sampled"]["inputs"]["seed"] == row["seed"] == asked["seed"]
        assert prompt["positive"]["inputs"]["text"] == asked["prompt"]
        assert size == (asked["width"], asked["height"])
        assert row["server"] and row["comfyui"] and row["seconds"] > 0
    names = {path.name for path in (out / "pictures").iterdir()}
    assert {row["file"].split("/")[1] for row in painted} <= names
    assert not [name for name in names if name.endswith(".part")]
    return found
