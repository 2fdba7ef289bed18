"""The table that is painted, and what was painted of it."""

import csv
import json

import pytest
from console import SetupError

from msbench.checkout import read_benchmark
from msbench.jobs import painted, read_jobs, unofficial, write_jobs
from msbench.work import tasks


@pytest.fixture
def work(checkout):
    return tasks(read_benchmark(checkout))


def rows(file):
    with file.open(newline="", encoding="utf-8") as opened:
        return {row["id"]: row for row in csv.DictReader(opened)}


def write_results(folder, work, **statuses):
    """A results.csv as a batch writes it; the pictures that it names are there."""
    with (folder / "results.csv").open("w", newline="") as opened:
        table = csv.writer(opened)
        table.writerow(["row", "id", "status", "file"])
        for number, task in enumerate(work, 1):
            status = statuses.get(task.name.replace("-", "_"), "done")
            file = f"pictures/{number}.png"
            table.writerow([number, task.name, status, file])
            (folder / file).parent.mkdir(exist_ok=True)
            (folder / file).touch()  # a row that failed may have had a picture before


def test_a_row_has_all_that_a_batch_needs(checkout, work, tmp_path):
    row = rows(write_jobs(work, tmp_path / "out", {}))["object_object_scene-lamp-mug-sea-0"]
    assert [row[f"phrase_{number}"] for number in (1, 2, 3)] == ["lamp", "mug", "sea"]
    assert row["picture_3"] == str(checkout / "msbench" / "scene" / "sea.png")
    assert json.loads(row["layout"]) == [[0, 0, 0.5, 1], [0.5, 0, 1, 1], [0, 0, 1, 1]]
    assert row["prompt"] == "lamp and mug before the sea"
    assert row["note_kind"] == "object_object_scene"


def test_a_row_has_the_settings_of_the_authors_script(work, tmp_path):
    row = rows(write_jobs(work, tmp_path, {}))["living_living-fox-owl-0"]
    assert (row["steps"], row["cfg"], row["width"], row["height"]) == ("30", "7.5", "1024", "1024")
    assert (row["sampler"], row["scheduler"], row["weight"]) == ("euler", "authors", "0.6")
    assert row["negative"] == "monochrome, lowres, bad anatomy, worst quality, low quality"
    assert row["picture_3"] == ""
    assert unofficial(tmp_path) == []


def test_other_settings_are_remembered(work, tmp_path):
    write_jobs(work, tmp_path, {"steps": 4, "width": 256})
    assert unofficial(tmp_path) == ["width", "steps"]


def test_what_is_written_is_read_again(work, tmp_path):
    write_jobs(work, tmp_path, {})
    assert read_jobs(tmp_path) == work


def test_every_picture_is_found(work, tmp_path):
    write_results(tmp_path, work)
    found = painted(work, tmp_path, False)
    assert list(found) == work
    assert found[work[0]] == tmp_path / "pictures" / "1.png"


def test_missing_pictures_are_counted_and_named(work, tmp_path):
    write_results(tmp_path, work, living_living_fox_owl_1="failed")
    (tmp_path / "pictures" / "7.png").unlink()
    with pytest.raises(SetupError, match="2 of 22 pictures .* first is living_living-fox-owl-1"):
        painted(work, tmp_path, False)
    assert list(painted(work, tmp_path, True)) == [
        one for number, one in enumerate(work) if number not in (1, 6)
    ]


def test_before_anything_is_painted_the_command_is_named(work, tmp_path):
    with pytest.raises(SetupError, match="python -m msbench run"):
        painted(work, tmp_path, True)
