"""Painted pictures become tables in their folder, with tiny encoders of random weights."""

import csv
import json

import pytest
from console import SetupError
from PIL import Image
from test_jobs import write_results

from msbench.checkout import read_benchmark
from msbench.jobs import write_jobs
from msbench.scoring import score
from msbench.work import tasks

ROWS = 4 * 2  # encoders, ways to compare


@pytest.fixture
def folder(checkout, tmp_path):
    """What a batch leaves of every eighth picture: each is the first subject's, doubled."""
    work = tasks(read_benchmark(checkout))[::8]
    out = tmp_path / "out"
    write_jobs(work, out, {})
    write_results(out, work)
    for number, task in enumerate(work, 1):
        with Image.open(task.subjects[0].picture) as picture:
            picture.resize((64, 64)).save(out / "pictures" / f"{number}.png")
    return out


def cells(line):
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_the_table_stands_beside_the_papers(folder, models):
    lines = score(folder, [], models, None, False)
    assert "only 3 of 4,488 pictures are scored" in lines[0]
    assert len(lines) == 2 + 3 + ROWS  # a remark; head, rule and paper
    assert (folder / "scores.md").read_text(encoding="utf-8").splitlines() == lines
    for encoder, _, *numbers in map(cells, lines[-ROWS:]):
        clip = encoder.startswith("CLIP")
        assert [number == "–" for number in numbers[2:]] == [clip, clip]
        assert all(-1 <= float(number) <= 1 for number in numbers if number != "–")


def test_each_pictures_numbers_are_kept(folder, models):
    score(folder, ["dinov2-base"], models, None, False)
    with (folder / "scores.csv").open(newline="", encoding="utf-8") as opened:
        rows = list(csv.DictReader(opened))
    assert len(rows) == 3 * 2
    assert rows[0]["picture"] == "living_living-fox-owl-0"
    # the picture is the first subject's, so the whole of it is as like as can be
    assert float(rows[0]["subjects"].split()[0]) == pytest.approx(1, abs=1e-3)


def test_detectors_get_layouts_and_their_boxes_are_scored(folder, models, tmp_path):
    assert "mIoU" not in "".join(score(folder, ["none"], None, None, False))
    layouts = json.loads((folder / "layouts.json").read_text())
    assert [image["file_name"] for image in layouts["images"]] == [
        "pictures/1.png",
        "pictures/2.png",
        "pictures/3.png",
    ]
    names = ("image_id", "category_id", "bbox")
    found = [{name: box[name] for name in names} | {"score": 1.0} for box in layouts["annotations"]]
    (tmp_path / "found.json").write_text(json.dumps(found))
    lines = score(folder, ["none"], None, tmp_path / "found.json", False)
    assert cells(lines[-1]) == ["1.000", "1.000", "1.000"]
    assert (folder / "layout_scores.md").read_text().splitlines() == lines[-3:]
    assert not (folder / "scores.md").exists()


def test_faults_are_said_before_anything_is_measured(folder, models, tmp_path):
    (tmp_path / "found.json").write_text("[]")
    with pytest.raises(SetupError, match="found.json has to be"):
        score(folder, [], models, tmp_path / "found.json", False)
    (folder / "pictures" / "2.png").unlink()
    with pytest.raises(SetupError, match="1 of 3 pictures are not in"):
        score(folder, [], models, None, False)
    assert not (folder / "scores.md").exists()


def test_a_part_can_be_scored(folder, models):
    (folder / "pictures" / "2.png").unlink()
    assert "only 2 of 4,488" in score(folder, ["dinov2-base"], models, None, True)[0]
